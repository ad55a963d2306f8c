"""A partner's orders give to a charity, which is owed, paid and proved as a partner is."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest
from msgspec import Struct

from partner_network.attribution import jobs as attribution
from partner_network.commissions.actions import accrue, mature
from partner_network.dashboards.verification import proof
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.kernel import ids
from partner_network.statements.actions import close
from tests.commissions import givers
from tests.conftest import FreshDatabase
from tests.conversions import cast
from tests.conversions.cast import Cast, Partner, on, order, refund

BY_MAY = datetime(2026, 5, 1, 5, tzinfo=UTC)
"""New York's April is over, and with it the lock of what was sold in March."""


class Grove(Struct):
    shop: Cast
    blog: Partner

    async def sells(self, number: int, day: int, net_minor: int) -> None:
        async with connections.transaction() as connection:
            click = await self.blog.click(connection, on(day, 11))
        told = order(number, on(day), net_minor=net_minor, click_id=ids.shown("clk", click))
        await self.shop.report(told)
        await attribution.decide()


@pytest.fixture
async def grove(database: FreshDatabase) -> AsyncIterator[Grove]:
    assert database.name
    clock.use_simulated_time(sandbox=True)
    await cast.set_clock(on(27))
    async with connections.transaction() as connection:
        shop = await cast.tune_house(connection)
        trees = await givers.charity(connection, "trees", shop.member_id)
        blog = await givers.giver(connection, shop, "blog", [trees])
    yield Grove(shop, blog)
    clock.use_simulated_time(sandbox=False)


async def fetch(sql: str) -> list[asyncpg.Record]:
    async with connections.transaction() as connection:
        return await connection.fetch(sql)


async def differences() -> list[str]:
    """What the proof finds, but for how agreements read: this cast signs no paper."""
    return [
        str(one.difference)
        async for one in proof.verify(None)
        if one.difference is not None and one.name != "agreements"
    ]


async def test_what_orders_give_is_owed_to_the_charity_beside_the_partners_commission(grove: Grove) -> None:
    await grove.sells(1, 3, 5_000)
    await grove.sells(2, 4, 3_333)
    await accrue.accrue_pending(on(27))
    # 1.2345 % of 50.00 is 61.725 cents; of 83.33 it is 102.870885: 62, then 103 less 62.
    assert await givers.balances() == {
        ("recv", "tune-house", "blog"): 417,
        ("pay_pending", "blog", "tune-house"): 417,
        ("recv", "tune-house", "trees"): 103,
        ("pay_pending", "trees", "tune-house"): 103,
    }
    rows = await fetch(
        """SELECT c.kind, c.component, r.target_minor, r.clause FROM commissions c
           JOIN current_targets r ON r.commission_id = c.id ORDER BY c.kind, c.earned_at"""
    )
    assert [tuple(row) for row in rows][2:] == [
        ("donation", "trees", 62, "donations[0]"),
        ("donation", "trees", 41, "donations[0]"),
    ]


async def test_a_refund_takes_back_of_the_charity_what_it_takes_back_of_the_net(grove: Grove) -> None:
    await grove.sells(1, 3, 5_000)
    await grove.sells(2, 4, 3_333)
    await accrue.accrue_pending(on(27))
    await grove.shop.refund(refund(1, 1, on(20)))
    await accrue.accrue_pending(on(27))
    # 40.00 give 49.38, that is 49; 73.33 give 90.525885, that is 91.
    held = await givers.balances()
    assert held["pay_pending", "trees", "tune-house"] == 91
    assert held["pay_pending", "blog", "tune-house"] == 367


async def test_donations_mature_and_close_into_the_charitys_own_statement_which_is_proved(
    grove: Grove,
) -> None:
    await grove.sells(1, 3, 500_000)
    await grove.sells(2, 4, 333_300)
    await grove.shop.refund(refund(1, 1, on(20), net_minor=100_000))
    await accrue.accrue_pending(on(27))
    await cast.set_clock(BY_MAY)
    matured = await mature.mature_due(BY_MAY)
    assert (matured.commissions, matured.left_out) == (4, ())
    closed = await close.close_due(datetime(2026, 6, 2, 5, tzinfo=UTC))
    assert closed.left_out == []
    rows = await fetch(
        """SELECT number, closing_minor, totals::text, carried_reason FROM statements ORDER BY number"""
    )
    # 5 % and 1.2345 % of 4,000.00 and of 3,333.00: 200.00 and 166.65; 49.38 and 41.145885, together 90.53.
    assert [tuple(row) for row in rows] == [
        ("TUNE-HOUSE-BLOG-2026-05-USD", 36_665, '{"earned": 36665}', None),
        ("TUNE-HOUSE-TREES-2026-05-USD", 9_053, '{"earned": 9053}', None),
    ]
    assert await differences() == []
