"""Every worked table of docs/algorithms is computed again."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec import Struct

from partner_network.agreements import terms_reading
from partner_network.attribution import facts_file
from partner_network.commissions.rules import computing
from partner_network.commissions.rules.computing import Computed
from partner_network.kernel import periods
from partner_network.kernel.periods import Lock

PAGES = Path(__file__).parents[2] / "docs" / "algorithms"
BLOCK = re.compile(
    r"^```(?P<language>\w+)\n(?P<text>.*?)^```$|^(?P<table>(?:\|[^\n]*\n)+)", re.MULTILINE | re.DOTALL
)
Rows = list[tuple[str, ...]]


class Worked(Struct):
    """A table with the terms and facts that stand before it on its page."""

    page: str
    header: tuple[str, ...]
    rows: Rows
    terms: str
    facts: str


def worked_tables() -> Iterator[Worked]:
    for page in sorted(PAGES.glob("*.md")):
        if page.name == "README.md":
            continue
        text = {"toml": "", "json": ""}
        for block in BLOCK.finditer(page.read_text()):
            if block["language"]:
                text[block["language"]] = block["text"]
                continue
            lines = [
                tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
                for line in block["table"].splitlines()
            ]
            yield Worked(page.name, lines[0], lines[2:], text["toml"], text["json"])


ALL = list(worked_tables())


def computed(worked: Worked) -> Computed:
    versions = computing.versions_of([terms_reading.read_terms(worked.terms)])
    return computing.compute(facts_file.read_facts(worked.facts), versions)


def commissions(worked: Worked) -> Rows:
    return [
        (row.conversion, partner, row.component, row.period, str(row.minor))
        for partner, row in computed(worked).commissions
    ]


def bonuses(worked: Worked) -> Rows:
    return [(partner, paid.bonus, paid.period, str(paid.minor)) for partner, paid in computed(worked).bonuses]


def candidates(worked: Worked) -> Rows:
    found: Rows = []
    for one in computed(worked).decisions:
        weights = {credit.touch: str(credit.weight) for credit in one.credits}
        for candidate in one.decision.candidates if one.decision else ():
            weight = weights.get(candidate.touch, "")
            found.append((one.row.id, candidate.touch, candidate.verdict, weight, candidate.reason))
    return found


def instants(worked: Worked) -> Rows:
    berlin = ZoneInfo("Europe/Berlin")
    found: Rows = []
    for occurred, hold_days, months, days, *_ in worked.rows:
        at, lock = datetime.fromisoformat(occurred), Lock(int(months), int(days))
        locks, matures = (
            periods.lock_at(at, lock, berlin),
            periods.matures_at(at, int(hold_days), lock, berlin),
        )
        found.append((occurred, hold_days, months, days, shown(locks), shown(matures)))
    return found


def shown(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


COMPUTE: dict[tuple[str, ...], Callable[[Worked], Rows]] = {
    ("conversion", "partner", "component", "period", "minor"): commissions,
    ("partner", "bonus", "period", "minor"): bonuses,
    ("conversion", "touch", "verdict", "weight", "reason"): candidates,
    ("occurred at", "hold days", "lock months", "lock days", "locks at", "matures at"): instants,
}


@pytest.mark.parametrize("worked", ALL, ids=lambda worked: worked.page)
def test_a_worked_table_is_what_the_engine_computes(worked: Worked) -> None:
    assert sorted(COMPUTE[worked.header](worked)) == sorted(worked.rows)


def test_every_page_has_a_worked_table_and_a_line_in_the_index() -> None:
    pages = {page.name for page in PAGES.glob("*.md")} - {"README.md"}
    assert {worked.page for worked in ALL} == pages
    assert set(re.findall(r"\((\w+\.md)\)", (PAGES / "README.md").read_text())) == pages
