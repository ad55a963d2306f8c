from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from partner_network.gateways import clock
from partner_network.identity.web import pages
from partner_network.languages import formats
from tests.doors import Network

HTML = {"accept": "text/html"}
EVENING_IN_NEW_YORK = datetime(2026, 6, 30, 22, 15, tzinfo=timezone(timedelta(hours=-4)))


def test_days_and_instants_are_written_as_people_read_them() -> None:
    assert formats.day(date(2026, 7, 1)) == "1 July 2026"
    assert formats.short_day(date(2026, 7, 1)) == "1 Jul 2026"
    assert formats.day(EVENING_IN_NEW_YORK) == "1 July 2026"
    assert formats.instant(EVENING_IN_NEW_YORK) == "1 July 2026, 02:15 UTC"


def test_a_month_has_its_name_and_longer_periods_stay_as_they_are() -> None:
    assert [formats.month(one) for one in ("2026-03", "2026-Q1", "2026", "lifetime")] == [
        "March 2026",
        "2026-Q1",
        "2026",
        "lifetime",
    ]


def test_an_asset_has_its_hashed_address_and_its_plain_one_where_nothing_was_built(tmp_path: Path) -> None:
    assert pages.asset_address(pages.asset_names(tmp_path), "css/app.css") == "/assets/css/app.css"
    (tmp_path / "manifest.json").write_text('{"css/app.css": "css/app.123.css"}')
    assert pages.asset_address(pages.asset_names(tmp_path), "css/app.css") == "/assets/css/app.123.css"


async def test_a_page_stands_even_where_its_frame_cannot_be_read(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await network.browser()
    today = f'Today is <time datetime="{datetime.now(UTC).date()}"'
    assert today in (await browser.get("/sign-in", headers=HTML)).text

    async def broken() -> datetime:
        raise OSError("no database")

    monkeypatch.setattr(clock, "now", broken)
    page = await browser.get("/sign-in", headers=HTML)
    assert page.status_code == 200
    assert "Today is" not in page.text
    assert "Sign in" in page.text


async def test_the_frame_says_for_which_company_one_looks_and_offers_the_others(network: Network) -> None:
    one, other = await network.brand("needle"), await network.brand("groove")
    await network.person("pat@needle.test", one, ["marketer", "developer"])
    browser = await network.signed_in("pat@needle.test")
    page = (await browser.get("/no/such/page", headers=HTML)).text
    assert "Seen by Pat, developer, marketer of Needle." in page
    assert 'href="/brand-choice"' not in page
    await network.person("pat@needle.test", other, ["viewer"])
    assert 'href="/brand-choice"' in (await browser.get("/no/such/page", headers=HTML)).text


async def test_an_address_of_nobody_s_is_not_found_by_any_method(network: Network) -> None:
    browser = await network.browser()
    for method in ("GET", "POST", "PUT", "DELETE"):
        answer = await browser.client.request(method, "/no/such/page")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
