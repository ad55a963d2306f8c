"""What is taken back is contested where it is listed: by a partner, and by a charity that sees no order."""

import re
from collections.abc import AsyncIterator

import pytest

from partner_network.attribution import jobs as attribution
from partner_network.commissions.actions import accrue, mature
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.kernel import ids
from tests.commissions import givers
from tests.commissions.test_donations import BY_MAY
from tests.conftest import FreshDatabase
from tests.conversions import cast
from tests.conversions.cast import on, order, refund
from tests.doors import Browser, Network, network
from tests.receipts.test_commission_pages import send

__all__ = ["network"]


@pytest.fixture
async def taken(database: FreshDatabase) -> AsyncIterator[None]:
    """An order of 5,000.00 matured and was refunded by 1,000.00: from Blog 50.00, from Trees 12.35."""
    assert database.name
    clock.use_simulated_time(sandbox=True)
    await cast.set_clock(on(27))
    async with connections.transaction() as connection:
        shop = await cast.tune_house(connection)
        trees = await givers.charity(connection, "trees", shop.member_id)
        blog = await givers.giver(connection, shop, "blog", [trees])
        click = await blog.click(connection, on(3, 11))
    await shop.report(order(1, on(3), net_minor=500_000, click_id=ids.shown("clk", click)))
    await attribution.decide()
    await accrue.accrue_pending(on(27))
    await cast.set_clock(BY_MAY)
    await mature.mature_due(BY_MAY)
    await shop.refund(refund(1, 1, on(20, month=4), net_minor=100_000))
    await accrue.accrue_pending(BY_MAY)
    yield
    clock.use_simulated_time(sandbox=False)


@pytest.fixture
async def doors(taken: None, network: Network) -> Network:
    assert taken is None
    clock.use_simulated_time(sandbox=True)  # the app started with the wall's
    return network


async def member(network: Network, slug: str, role: str = "finance") -> Browser:
    brand_id = await network.owner.fetchval("SELECT id FROM brands WHERE slug = $1", slug)
    await network.person(f"{role}@{slug}.example", brand_id, [role])
    return await network.signed_in(f"{role}@{slug}.example")


@pytest.mark.parametrize(
    ("slug", "amount", "is_led_to_the_order"), [("blog", "$50.00", True), ("trees", "$12.35", False)]
)
async def test_whoever_it_is_taken_from_contests_it_where_it_is_listed(
    doors: Network, slug: str, amount: str, *, is_led_to_the_order: bool
) -> None:
    payee = await member(doors, slug)
    page = (await payee.get("/held")).text
    (action,) = re.findall(r'action="(/held/\d+/contest)"', page)
    links = re.findall(r'href="(/conversions/[^"]+)"', page)

    empty = await send(payee, "/held", action, reason=" ")
    contested = await send(payee, "/held", action, reason="She kept it")

    assert amount in page
    assert bool(links) is is_led_to_the_order
    assert [(await payee.get(link)).status_code for link in links] == [200] * len(links)
    assert empty.status_code == 422
    assert "Say in up to 2000 characters why" in empty.text
    assert (contested.status_code, contested.headers["location"]) == (303, "/held")
    read = (await payee.get("/held")).text
    assert "contested" in read
    assert action not in read
    assert (
        await doors.owner.fetchval("SELECT string_agg(reason, ',') FROM clawback_contests") == "She kept it"
    )


async def test_a_contest_that_comes_too_late_says_so(doors: Network) -> None:
    payee = await member(doors, "trees")
    (action,) = re.findall(r'action="(/held/\d+/contest)"', (await payee.get("/held")).text)
    await doors.owner.execute("UPDATE simulated_clock SET simulated_at = simulated_at + interval '20 days'")
    late = await payee.client.post(action, data={"reason": "She kept that"})
    assert late.status_code == 409
    assert "The time to contest this clawback is over" in late.text


async def test_the_advertiser_and_other_payees_find_no_form_and_no_clawback(doors: Network) -> None:
    trees = await doors.owner.fetchval(
        """SELECT k.transfer_id FROM clawbacks k JOIN commissions c ON c.id = k.commission_id
           WHERE c.charity_id IS NOT NULL"""
    )
    for slug in ("tune-house", "blog"):
        other = await member(doors, slug)
        assert f"/held/{trees}/contest" not in (await other.get("/held")).text
        answer = await other.client.post(f"/held/{trees}/contest", data={"reason": "She kept it"})
        assert answer.status_code == 404
    assert await doors.owner.fetchval("SELECT count(*) FROM clawback_contests") == 0
