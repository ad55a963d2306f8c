"""Amounts beyond what a floating point number holds come back as they were sent, wherever they are read."""

import json
from typing import Any

import pytest

from partner_network.attribution import jobs as attribution
from partner_network.commissions.actions import accrue
from partner_network.kernel import ids
from partner_network.receipts.trials import computing
from tests.conversions import cast
from tests.conversions.cast import on, order
from tests.conversions.test_web import with_key
from tests.receipts.stage import Stage

ODD, MOST = 2**53 + 1, 2**62
PAGE = {"accept": "text/html"}


async def reported(last_click: Stage, **fields: object) -> str:
    """Send an order with a click of Radio's through the API's door, have it booked, and return its path."""
    click = await last_click.radio.click(last_click.network.owner, on(9, 9))
    sent = order(77, on(9), click_id=ids.shown("clk", click), **fields)
    client = await with_key(last_click.network, last_click.shop, "conversions:write")
    answer = await client.post("/api/v1/conversions", content=json.dumps({"conversions": [sent]}))
    assert answer.status_code == 201, answer.text
    async with last_click.network.as_worker():
        await attribution.decide()
        await accrue.accrue_pending(on(31))
    return f"/conversions/{answer.json()['conversions'][0]['id']}"


@pytest.mark.parametrize("net_minor", [ODD, MOST])
async def test_an_order_comes_back_to_the_last_digit(last_click: Stage, net_minor: int) -> None:
    lines = [{"id": "a", "net_minor": 1}, {"id": "b", "net_minor": net_minor - 1}]
    path = await reported(last_click, net_minor=net_minor, lines=lines)
    paid = (net_minor * 5 + 50) // 100
    owner = await last_click.seen_by(None, "owner")
    for answer in (
        await owner.get(f"/api/v1{path}"),
        await owner.get("/api/v1/conversions"),
        await owner.get(f"/api/v1{path}/receipt"),
    ):
        assert f'"net_minor":{net_minor}' in answer.text, answer.text
    receipt = (await owner.get(f"/api/v1{path}/receipt")).json()
    assert [one["amount_minor"] for one in receipt["commissions"]] == [paid]
    page = (await owner.get(path, headers=PAGE)).text
    assert dollars(net_minor) in page
    assert dollars(paid) in page
    assert dollars(net_minor) in (await owner.get("/conversions", headers=PAGE)).text
    listed = (await owner.get("/conversions?format=csv")).text
    assert f",USD,{net_minor},attributed,radio-riviera,{paid}" in listed


async def test_an_order_above_the_most_is_refused_by_the_field(last_click: Stage) -> None:
    client = await with_key(last_click.network, last_click.shop, "conversions:write")
    sent = order(77, on(9), net_minor=MOST + 1)
    answer = await client.post("/api/v1/conversions", content=json.dumps({"conversions": [sent]}))
    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == ["conversions[0].net_minor"]


async def test_sums_of_many_such_orders_are_told_exactly_and_break_no_page(last_click: Stage) -> None:
    await last_click.shop.report(
        *(
            order(n, on(9, n - 60), net_minor=MOST, click_id=ids.shown("clk", last_click.clicks["radio"]))
            for n in (70, 71, 72)
        )
    )
    async with last_click.network.as_worker():
        await attribution.decide()
        await accrue.accrue_pending(on(31))
    paid = dollars((3 * MOST + 5_000 + 10) // 20)
    owner, partner = (
        await last_click.seen_by(None, "owner"),
        await last_click.seen_by(last_click.radio, "owner"),
    )
    for browser in (owner, partner, await last_click.seen_by_operator("finance")):
        for path in (
            "/",
            "/conversions",
            "/statements",
            "/earnings",
            "/partners",
            "/admin/",
            "/admin/finance",
        ):
            answer = await browser.get(path, headers=PAGE)
            assert answer.status_code in {200, 303, 307, 403, 404}, (path, answer.status_code)
    assert paid in (await partner.get("/", headers=PAGE)).text
    side = (await tried(last_click))["result"]["before"]
    assert side["net_minor"] == {"USD": 3 * MOST + 5_000}, side
    assert side["commission_minor"] == {"USD": (3 * MOST + 5_000 + 10) // 20}


async def test_what_no_balance_can_hold_stops_its_stream_and_is_refused_in_a_sentence(
    last_click: Stage,
) -> None:
    click = ids.shown("clk", last_click.clicks["radio"])
    orders = [order(n, on(9), net_minor=MOST, click_id=click) for n in range(100, 141)]
    await last_click.shop.report(*orders)
    async with last_click.network.as_worker():
        await attribution.decide()
        await accrue.accrue_pending(on(31))
    [stopped] = await last_click.network.owner.fetch("SELECT sentence FROM stopped_streams")
    assert "out of range" in stopped["sentence"] or "cannot be counted" in stopped["sentence"]
    for browser in (
        await last_click.seen_by(None, "owner"),
        await last_click.seen_by(last_click.radio, "owner"),
    ):
        for path in ("/", "/conversions"):
            assert (await browser.get(path, headers=PAGE)).status_code == 200
    side = (await tried(last_click))["result"]["before"]
    assert side["net_minor"] == {"USD": 41 * MOST + 5_000}
    assert side["commission_minor"] == {"USD": (41 * MOST + 5_000 + 10) // 20}


async def tried(last_click: Stage) -> dict[str, Any]:
    """Ask what the orders would come to under other terms, through the API's door."""
    owner = await last_click.seen_by(None, "owner")
    asked = {
        "program": ids.shown("prg", last_click.shop.program_id),
        "from": "2026-03-01",
        "to": "2026-04-01",
        "terms": cast.TERMS.format(click_days=30),
    }
    trial = await owner.accepted("/api/v1/trials", asked)
    async with last_click.network.as_worker():
        await computing.compute_trial(ids.parse("try", trial["id"]))
    return (await owner.get(f"/api/v1/trials/{trial['id']}")).json()


def dollars(minor: int) -> str:
    return f"${minor // 100:,}.{minor % 100:02}"
