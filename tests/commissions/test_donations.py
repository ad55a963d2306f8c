"""A partner's orders give to a charity, which is owed, paid and proved as a partner is."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest
from msgspec import Struct

from partner_network.attribution import jobs as attribution
from partner_network.commissions.actions import accrue, holds, mature, move
from partner_network.dashboards.verification import bookings, commissions, postings, reading, statements
from partner_network.dashboards.verification import holds as verified_holds
from partner_network.dashboards.verification.explained import Explained
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member
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
    """What the proof of money finds; of agreements it is not asked, since this cast signs no paper."""
    books = await reading.read_books()
    explained = Explained(books)
    kinds = [
        commissions.check(books),
        bookings.check_revisions(books, explained),
        bookings.check_maturities(books, explained),
        bookings.check_clawbacks(books, explained),
        verified_holds.check(books, explained),
        statements.check(books, explained),
        explained.check(),
        postings.check_balances(books),
    ]
    return [kind.difference for kind in kinds if kind.difference is not None]


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


async def test_a_donation_is_held_and_let_go_as_a_commission_is(grove: Grove) -> None:
    await grove.sells(1, 3, 500_000)
    await accrue.accrue_pending(on(27))
    (given,) = await fetch("SELECT id FROM commissions WHERE kind = 'donation'")
    office = Member(grove.shop.member_id, "Mo", "mo@network.test", None, frozenset({"manager"}))
    await holds.hold_commission(given["id"], reason="Odd", by=office, now=on(27, 12))
    await move.move_held(on(27, 13))
    assert (await givers.balances())["pay_held", "trees", "tune-house"] == 6_173
    assert await differences() == []
    await holds.release_commission(given["id"], reason="Seen", by=office, now=on(27, 13))
    await move.move_held(on(27, 13))
    assert (await givers.balances())["pay_pending", "trees", "tune-house"] == 6_173
    assert await differences() == []


async def test_what_comes_back_after_maturing_is_due_from_the_charity_that_hears_of_it(grove: Grove) -> None:
    await grove.sells(1, 3, 500_000)
    await accrue.accrue_pending(on(27))
    await cast.set_clock(BY_MAY)
    await mature.mature_due(BY_MAY)
    await grove.shop.refund(refund(1, 1, on(20, month=4), net_minor=100_000))
    await accrue.accrue_pending(BY_MAY)
    held = await givers.balances()
    # 61.73 (61.725, half away from zero) less 49.38, and 250.00 less 200.00.
    assert held["pay", "trees", "tune-house"] == 6_173
    assert held["clawback_due", "trees", "tune-house"] == 1_235
    assert held["clawback_due", "blog", "tune-house"] == 5_000
    assert await differences() == []


async def test_a_charity_that_somebody_writes_over_is_found(grove: Grove) -> None:
    await grove.sells(1, 3, 500_000)
    await accrue.accrue_pending(on(27))
    async with connections.transaction() as connection:
        whales = await givers.charity(connection, "whales", grove.shop.member_id)
        await connection.execute(
            """INSERT INTO agreement_charities
               SELECT agreement_id, $1, partnership_id, advertiser_id, partner_id FROM agreement_charities""",
            whales,
        )
        await connection.execute("ALTER TABLE commissions DISABLE TRIGGER USER")
        await connection.execute("UPDATE commissions SET charity_id = $1 WHERE kind = 'donation'", whales)
        await connection.execute("ALTER TABLE commissions ENABLE TRIGGER USER")
    found = await differences()
    assert "pays whales; the signed terms name trees" in found[0], found


@pytest.mark.parametrize(
    ("refused", "sql"),
    [
        (
            "a charity takes donations and has no partnership",
            """INSERT INTO partnerships (id, program_id, advertiser_id, partner_id, status, created_at)
               SELECT gen_random_uuid(), p.program_id, p.advertiser_id, h.brand_id, 'active', now()
               FROM partnerships p, charities h""",
        ),
        (
            "a brand with a partnership cannot be a charity",
            """INSERT INTO charities (brand_id, listed_at, listed_by)
               SELECT p.partner_id, now(), h.listed_by FROM partnerships p, charities h""",
        ),
        ("append-only", "UPDATE agreement_charities SET charity_id = charity_id"),
    ],
)
async def test_the_database_keeps_charities_and_partners_apart(
    grove: Grove, database: FreshDatabase, refused: str, sql: str
) -> None:
    assert grove.blog
    owner = await database.connect("owner")
    try:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=refused):
            await owner.execute(sql)
    finally:
        await owner.close()
