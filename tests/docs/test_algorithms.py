"""Every worked table of docs/algorithms is computed again."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from msgspec import Struct

from partner_network.agreements import ending, terms_reading
from partner_network.agreements.quality_terms import Quality, QualityStep
from partner_network.agreements.terms import Settlement, Windows
from partner_network.attribution import clauses, deciding, facts_file, receipt
from partner_network.attribution.deciding import TermsOf
from partner_network.commissions import booking
from partner_network.commissions.booking import Change
from partner_network.commissions.rules import computing, quality
from partner_network.commissions.rules.computing import Computed
from partner_network.commissions.rules.quality import Customer
from partner_network.kernel import periods
from partner_network.kernel.periods import Lock
from partner_network.ledger.accounts import Pair
from partner_network.receipts import explaining
from partner_network.receipts.explaining import Explained
from partner_network.statements import rules as statement_rules
from partner_network.statements.rules import DueClawback
from tests.docs import closes, ledgers, rewards

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


def donations(worked: Worked) -> Rows:
    return [
        (row.conversion, partner, row.component, row.charity, row.period, str(row.minor))
        for partner, row in computed(worked).donations or ()
    ]


def explained(worked: Worked) -> list[Explained]:
    facts = facts_file.read_facts(worked.facts)
    return explaining.explain(facts, [terms_reading.read_terms(worked.terms)], clauses.newest()).decisions


def candidates(worked: Worked) -> Rows:
    found: Rows = []
    for one in explained(worked):
        weights = {credit.touch: credit.weight for credit in one.credits}
        for candidate in one.candidates:
            weight = weights.get(candidate.touch, "")
            found.append((one.conversion, candidate.touch, candidate.verdict, weight, candidate.reason))
    return found


def amounts(worked: Worked) -> Rows:
    return [
        (one.conversion, credit.partner, credit.touch or "", credit.weight, str(credit.amount_minor))
        for one in explained(worked)
        for credit in one.credits
    ]


def leaves(worked: Worked) -> Rows:
    terms = terms_reading.read_terms(worked.terms)
    terms_of = TermsOf(lambda _: terms, clauses=clauses.newest())
    found: Rows = []
    for one in deciding.decide_all(facts_file.read_facts(worked.facts), terms_of):
        facts = explaining.facts_of(one, 1)
        assert facts is not None
        decision, salt = receipt.decide_again(facts), explaining.salt_of(one.row.id)
        for number, leaf in enumerate(receipt.leaves_of(facts, decision, salt), start=1):
            found.append((str(number), leaf.partner or "", leaf.salt.hex(), leaf.hash.hex()))
        found.append(("root", "", "", receipt.root_of(facts, decision, salt).hex()))
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


def ends(worked: Worked) -> Rows:
    found: Rows = []
    for given, notice_days, run_off_days, *_ in worked.rows:
        settlement = Settlement(currency="EUR", time_zone="Europe/Berlin", notice_days=int(notice_days))
        at = ending.notice_ends_at(settlement, datetime.fromisoformat(given), for_good_cause=False)
        until = ending.runs_off_until(at, Windows(run_off_days=int(run_off_days)))
        found.append((given, notice_days, run_off_days, shown(at), shown(until)))
    return found


def cohorts(worked: Worked) -> Rows:
    found: Rows = []
    for day, cohort_months, within_months, *_ in worked.rows:
        cohort = quality.cohort_of(
            _rule(int(within_months), int(cohort_months)), date.fromisoformat(day), ZoneInfo("Europe/Berlin")
        )
        found.append((day, cohort_months, within_months, shown(cohort.starts_at), shown(cohort.ends_at)))
    return found


def stayed(worked: Worked) -> Rows:
    found: Rows = []
    for first, again, within_months, _ in worked.rows:
        customer = Customer(datetime.fromisoformat(first), datetime.fromisoformat(again) if again else None)
        measure = quality.measure(
            _rule(int(within_months)), date(2030, 1, 1), ZoneInfo("Europe/Berlin"), [customer]
        )
        found.append((first, again, within_months, "yes" if measure.retained else "no"))
    return found


def _rule(within_months: int, cohort_months: int = 1) -> Quality:
    return Quality("stayed", "sales", "month", cohort_months, within_months, 1, (QualityStep(0, 0),))


def shown(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _of_rows(compute: Callable[[Rows], Rows]) -> Callable[[Worked], Rows]:
    return lambda worked: compute(worked.rows)


def taken_from(worked: Worked) -> Rows:
    owed = Pair(UUID(int=1), UUID(int=2), "EUR")
    found: Rows = []
    for row in worked.rows:
        pending, held, disputed, in_pay, less = (int(cell) for cell in row[1:6])
        previous = pending + held + disputed + in_pay
        change = Change(
            1,
            UUID(int=3),
            2,
            previous,
            previous - less,
            has_matured=row[0] == "yes",
            clause="x",
            held_minor=held,
            disputed_minor=disputed,
        )
        assert change.pending_minor == pending
        entry, _ = booking.entry_for(change, owed, datetime.now(UTC))
        legs = [f"{leg.debit.kind}/{leg.credit.kind} {leg.amount_minor}" for leg in entry.legs]
        found.append((*row[:6], ", ".join(legs)))
    return found


def recovered(worked: Worked) -> Rows:
    found: Rows = []
    for credited, share, due, *_ in worked.rows:
        still = [int(one) for one in due.split(", ")]
        taken = dict(
            statement_rules.recoveries(
                [DueClawback(n, minor, int(share)) for n, minor in enumerate(still)],
                positive_earnings_minor=int(credited),
                available_minor=int(credited),
            )
        )
        each = [taken.get(n, 0) for n in range(len(still))]
        after = [minor - part for minor, part in zip(still, each, strict=True)]
        found.append(
            (credited, share, due, ", ".join(str(one) for one in each), ", ".join(str(one) for one in after))
        )
    return found


COMPUTE: dict[tuple[str, ...], Callable[[Worked], Rows]] = {
    ("conversion", "partner", "component", "period", "minor"): commissions,
    ("partner", "bonus", "period", "minor"): bonuses,
    ("conversion", "partner", "donation", "charity", "period", "minor"): donations,
    ("conversion", "touch", "verdict", "weight", "reason"): candidates,
    ("conversion", "partner", "touch", "weight", "minor"): amounts,
    ("leaf", "partner", "salt", "hash"): leaves,
    ("matured already", "pending", "held", "disputed", "in pay", "too much", "booked"): taken_from,
    ("newly credited", "share ppm", "due", "recovered", "due after"): recovered,
    ("measured on", "cohort months", "within months", "first sale from", "first sale until"): cohorts,
    ("first sale", "bought again", "within months", "stayed"): stayed,
    ("refunded", "refunded after days", "share", "later sales", "welcome", "back"): lambda worked: (
        rewards.faces(worked.terms, worked.rows)
    ),
    ("at", "move", "amount", "change", "left"): lambda worked: rewards.lives(worked.terms, worked.rows),
    ("occurred at", "net", "refunded", "grants from", "until"): lambda worked: rewards.granted(
        worked.terms, worked.rows
    ),
    ("notice given at", "notice days", "run-off days", "ends at", "orders earn before"): ends,
    ("occurred at", "hold days", "lock months", "lock days", "locks at", "matures at"): instants,
    **{header: _of_rows(compute) for header, compute in closes.COMPUTE.items()},
    **{header: _of_rows(compute) for header, compute in ledgers.COMPUTE.items()},
}


@pytest.mark.parametrize("worked", ALL, ids=lambda worked: worked.page)
def test_a_worked_table_is_what_the_engine_computes(worked: Worked) -> None:
    assert sorted(COMPUTE[worked.header](worked)) == sorted(worked.rows)


def test_what_a_partner_runs_to_check_its_receipt_prints_the_root_of_the_table(
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = (PAGES / "receipts.md").read_text()
    program = next(block["text"] for block in BLOCK.finditer(page) if block["language"] == "python")
    exec(program, {})  # noqa: S102 - our own page, and what it tells readers to run
    (root,) = [
        row[3] for worked in ALL if worked.page == "receipts.md" for row in worked.rows if row[0] == "root"
    ]
    assert capsys.readouterr().out == f"{root}\n"


def test_every_page_has_a_worked_table_and_a_line_in_the_index() -> None:
    pages = {page.name for page in PAGES.glob("*.md")} - {"README.md"}
    assert {worked.page for worked in ALL} == pages
    assert set(re.findall(r"\(([\w-]+\.md)\)", (PAGES / "README.md").read_text())) == pages
