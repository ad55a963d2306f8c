"""An order in another currency than its agreement's: each amount stands in its own, and none are added."""

from datetime import date
from decimal import Decimal

from partner_network.attribution import jobs as attribution
from partner_network.commissions.actions import accrue, load_rates
from partner_network.commissions.rules.rate_files import Published
from partner_network.kernel import ids
from tests.conversions.cast import on, order
from tests.receipts.stage import Stage

PAGE = {"accept": "text/html"}


async def sold_in_euros(last_click: Stage) -> str:
    click = ids.shown("clk", last_click.clicks["radio"])
    answer = await last_click.shop.report(order(77, on(9), currency="EUR", net_minor=80_00, click_id=click))
    async with last_click.network.as_worker():
        rate = Published(date(2026, 3, 6), "EUR", "USD", Decimal("1.25"))
        await load_rates.load_rates([rate], source="ecb.csv", now=on(31))
        await attribution.decide()
        await accrue.accrue_pending(on(31))
    return f"/conversions/{answer.conversions[0].id}"


async def test_the_order_stands_in_its_currency_and_the_commission_in_the_agreements(
    last_click: Stage,
) -> None:
    path = await sold_in_euros(last_click)
    for viewer in (None, last_click.radio):
        browser = await last_click.seen_by(viewer, "owner")
        told = (await browser.get(f"/api/v1{path}/receipt")).json()
        assert (told["currency"], told["net_minor"]) == ("EUR", 80_00)
        assert [(one["currency"], one["amount_minor"]) for one in told["commissions"]] == [("USD", 500)]
        for page in (path, "/conversions"):
            shown = (await browser.get(page, headers=PAGE)).text
            assert "€80.00" in shown
            assert "$5.00" in shown
        assert "$85.00" not in (await browser.get("/", headers=PAGE)).text


async def test_the_file_of_conversions_has_each_currency_by_its_name(last_click: Stage) -> None:
    await sold_in_euros(last_click)
    owner = await last_click.seen_by(None, "owner")
    head, first, *_ = (await owner.get("/conversions?format=csv")).text.splitlines()
    assert head.endswith(",currency,net_minor,outcome,credited,commission_USD_minor")
    assert ",EUR,8000,attributed,radio-riviera,500" in first
