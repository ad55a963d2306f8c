"""Every amount on its way stands at one station, with its day, its clause and who must act."""

from datetime import date

import pytest

from tests import builders
from tests.builders import RADIO, SHOP, SMALL, WEEKLY, at
from tests.dashboards.portal.test_pages import owner_of, page, words
from tests.doors import Network


async def test_an_approved_amount_is_due_ten_days_after_the_approval(portal: Network) -> None:
    # Needle Drop's 11.00 of March were approved on the first of May; clause 9.1 gives ten days to fund them.
    browser = await portal.signed_in(owner_of(SMALL))
    items = (await browser.get("/api/v1/promises")).json()["items"]
    waiting = [one for one in items if one["stage"] != "paid"]
    (one,) = waiting
    assert (one["stage"], one["amount_minor"], one["actor"]) == ("approved", 1_100, "advertiser")
    assert date.fromisoformat(one["due_at"][:10]) == date(2026, 5, 11)
    assert (one["clause"], one["days_late"]) == ("9.1", 0)


@pytest.mark.parametrize("slug", [SHOP, WEEKLY, RADIO, SMALL])
async def test_what_is_promised_is_what_the_ledger_holds(portal: Network, slug: str) -> None:
    browser = await portal.signed_in(owner_of(slug))
    items = (await browser.get("/api/v1/promises")).json()["items"]
    waiting = sum(one["amount_minor"] for one in items if one["stage"] != "paid")
    held = await portal.owner.fetchval(
        """SELECT sum(b.credits_posted_minor - b.debits_posted_minor)::bigint
           FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
           JOIN brands s ON s.slug = $1 AND s.id IN (a.holder_id, a.counterparty_id)
           WHERE a.kind IN ('pay_pending', 'pay_held', 'pay_disputed', 'pay', 'pay_funded')""",
        slug,
    )
    assert waiting == held
    steps = (await browser.get("/api/v1/promise-steps")).json()["items"]
    assert sum(one["on_time_minor"] + one["late_minor"] for one in steps) == sum(
        one["amount_minor"] for one in items
    )


async def test_what_is_late_says_by_how_much_and_who_must_act(portal: Network) -> None:
    await builders.set_clock(at(6, 20))
    browser = await portal.signed_in(owner_of(SMALL))
    html = words(await page(browser, "/promises"))
    # The first of May and ten days, up to the twentieth of June.
    assert "One amount is late." in html
    assert "41 days late" in html
    assert "the advertiser" in html
    finance = words(await page(await portal.signed_in("pia@network.test"), "/admin/promises"))
    assert "How late, by pair" in finance


async def test_the_stations_are_drawn_and_called_as_the_page_calls_them(portal: Network) -> None:
    browser = await portal.signed_in(owner_of(SMALL))
    finance = await portal.signed_in("pia@network.test")
    german = await browser.get("/api/v1/promise-steps", headers={"accept-language": "de"})

    for html in (await page(browser, "/promises"), await page(finance, "/admin/promises")):
        assert '<rect class="bar-part" width="1000"' in html
    assert "Freigegeben, noch nicht eingezahlt" in [one["label"] for one in german.json()["items"]]
