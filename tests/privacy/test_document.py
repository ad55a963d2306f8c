"""docs/privacy.md holds the register; run this module as a program to print its tables anew."""

import re
from typing import cast

import pytest
from litestar.handlers import HTTPRouteHandler

from partner_network.clicks import rules as clicks
from partner_network.clicks import web as redirect
from partner_network.identity.web import languages
from partner_network.identity.web.requests import SessionCookie
from partner_network.privacy.rules import holdings, periods, register
from partner_network.privacy.rules.periods import Period
from partner_network.privacy.web.routes import ROUTES
from tests.shipping.image import ROOT

DOCUMENT = ROOT / "docs" / "privacy.md"
HEAD = """| table | about | what it holds | ground | how long | when erased |
|---|---|---|---|---|---|
"""
PERIODS_HEAD = """| what goes | after | why |
|---|---|---|
"""


def row_of(period: Period) -> str:
    what = f"`{period.emptied}`" if period.emptied else "rows"
    days = f"{period.after.days} day{'s' * (period.after.days != 1)}"
    return f"| {what} of `{period.table}` | {days} | {period.why} |"


def tables() -> dict[str, str]:
    """What the document says between its marks, by mark."""
    return {
        "holdings": HEAD + "\n".join(holdings.written(one) for one in register.HOLDINGS.values()),
        "periods": PERIODS_HEAD
        + "\n".join(map(row_of, periods.PERIODS))
        + f"\n| network, country and notes of `clicks` | {periods.CLICK_ORIGINS_AFTER_MONTHS} months "
        "| a year and the month in which it is looked back upon |",
        "without": holdings.written_without(register.WITHOUT_PEOPLE),
    }


def marked(text: str, mark: str) -> str:
    found = re.search(rf"<!-- {mark} -->\n(.*?)<!-- end -->", text, flags=re.DOTALL)
    assert found is not None, f"docs/privacy.md has lost its mark {mark}"
    return found[1].rstrip("\n")


@pytest.mark.parametrize("mark", ["holdings", "periods", "without"])
def test_the_document_says_what_the_register_says(mark: str) -> None:
    assert marked(DOCUMENT.read_text(), mark) == tables()[mark]


def test_the_document_names_every_cookie_and_every_door() -> None:
    text = DOCUMENT.read_text()

    spoken = languages.remembered("de", is_secure=True).key
    for cookie in (SessionCookie(is_secure=True).name, spoken, redirect.COOKIE, clicks.OPT_OUT_COOKIE):
        assert f"`{cookie}`" in text
    for handler in ROUTES:
        for path in cast("HTTPRouteHandler", handler).paths:
            assert path.replace("{person:str}", "{id}") in text or path == "/privacy/closed"


if __name__ == "__main__":
    said = DOCUMENT.read_text()
    for name, table in tables().items():
        before, _, rest = said.partition(f"<!-- {name} -->\n")
        said = f"{before}<!-- {name} -->\n{table}\n<!-- end -->{rest.partition('<!-- end -->')[2]}"
    DOCUMENT.write_text(said)
