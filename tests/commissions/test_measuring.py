"""Quality as the database measures it: once at each date, by what was known before, and then priced."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta

import pytest

from partner_network.attribution import jobs as attribution
from partner_network.commissions.actions import accrue, measure
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.kernel import ids
from tests.conftest import FreshDatabase
from tests.conversions import cast
from tests.conversions.cast import Cast, Partner, on, order, refund

QUALITY = """
[[commission.quality]]
name = "stayed"
component = "sales"
period = "month"
cohort_months = 1
within_months = 1
least_customers = 1
steps = [{ from_ppm = 0, multiplier_ppm = 500_000 }, { from_ppm = 500_000, multiplier_ppm = 1_500_000 }]
"""
MARCH = on(1, 5)  # 00:00 in New York, winter time
MINUTE = timedelta(minutes=1)
Stored = list[tuple[str, date, int, int]]


class Blog:
    """A partner, what its customers do at which instant, and what comes of it."""

    def __init__(self, shop: Cast, partner: Partner) -> None:
        self.shop = shop
        self.partner = partner
        self.orders = 0

    async def sells(self, customer: str, at: datetime, recorded_at: datetime | None = None) -> int:
        async with connections.transaction() as connection:
            click = await self.partner.click(connection, at - timedelta(hours=1))
        return await self.sold(customer, at, recorded_at, click_id=ids.shown("clk", click))

    async def sold(
        self, customer: str, at: datetime, recorded_at: datetime | None = None, **fields: object
    ) -> int:
        self.orders += 1
        await cast.set_clock(recorded_at or at)
        await self.shop.report(order(self.orders, at, customer_id=customer, **fields))
        await attribution.decide()
        return self.orders

    async def gives_back(self, number: int, at: datetime, net_minor: int) -> None:
        await cast.set_clock(at)
        await self.shop.refund(refund(number, number, at, net_minor=net_minor))

    async def measures(self, at: datetime) -> Stored:
        await measure.measure_quality(at)
        rows = await connections.pool().fetch("SELECT * FROM quality_measures ORDER BY measured_on")
        return [(row["rule"], row["measured_on"], row["customers"], row["retained"]) for row in rows]

    async def in_march(self, at: datetime = MARCH + 10 * MINUTE) -> tuple[int, int]:
        """Return customers and retained of the first of March."""
        (found,) = [row for row in await self.measures(at) if row[1] == date(2026, 3, 1)]
        return found[2:]


@pytest.fixture
async def blog(database: FreshDatabase) -> AsyncIterator[Blog]:
    assert database.name
    clock.use_simulated_time(sandbox=True)
    await cast.set_clock(on(1, month=1))
    async with connections.transaction() as connection:
        shop = await cast.tune_house(connection)
        partner = await cast.partner(connection, shop, "blog", more_terms=QUALITY)
    yield Blog(shop, partner)
    clock.use_simulated_time(sandbox=False)


async def booked() -> list[tuple[str, int]]:
    rows = await connections.pool().fetch(
        """SELECT v.order_id, t.target_minor FROM commissions c JOIN conversions v ON v.id = c.conversion_id
           JOIN current_targets t ON t.commission_id = c.id ORDER BY v.order_id"""
    )
    return [tuple(row) for row in rows]


async def test_customers_of_the_cohort_who_bought_again_in_time_stayed(blog: Blog) -> None:
    await blog.sells("too-early", on(1, 4, month=1))
    await blog.sells("ada", on(5, month=1))
    await blog.sells("bob", on(10, month=1))
    await blog.sold("nobodys", on(20, month=1))
    await blog.sells("too-late", on(1, 5, month=2))
    await blog.sells("ada", on(5, month=2) - timedelta(microseconds=1))
    await blog.sold("bob", on(10, month=2))
    await blog.sold("nobodys", on(11, month=2))
    assert await blog.in_march() == (2, 1)


async def test_whoever_led_the_next_sale_there_the_customer_stayed(blog: Blog) -> None:
    await blog.sells("ada", on(5, month=1))
    await blog.sold("ada", on(6, month=1))
    assert await blog.in_march() == (1, 1)


async def test_a_later_sale_that_was_led_there_wins_no_customer(blog: Blog) -> None:
    await blog.sold("ada", on(5, month=1))
    await blog.sells("ada", on(6, month=1))
    assert await blog.in_march() == (0, 0)


@pytest.mark.parametrize(("minor", "retained"), [(4_999, 1), (5_000, 0)])
async def test_a_sale_that_was_refunded_in_full_by_then_is_none(
    blog: Blog, minor: int, retained: int
) -> None:
    await blog.sells("ada", on(5, month=1))
    again = await blog.sells("ada", on(20, month=1))
    await blog.gives_back(again, on(28, month=2), minor)
    assert await blog.in_march() == (1, retained)


async def test_what_is_recorded_at_the_date_or_later_changes_no_measure(blog: Blog) -> None:
    await blog.sells("ada", on(5, month=1))
    again = await blog.sells("ada", on(20, month=1))
    await blog.sells("bob", on(6, month=1), recorded_at=MARCH)
    await blog.gives_back(again, MARCH, 5_000)
    assert await blog.in_march() == (1, 1)


async def test_each_date_is_measured_once_and_not_before_it_has_settled(blog: Blog) -> None:
    await blog.sells("ada", on(5, month=1))
    assert [row[1] for row in await blog.measures(MARCH + 4 * MINUTE)] == [date(2026, 1, 1), date(2026, 2, 1)]
    both = await asyncio.gather(*(measure.measure_quality(MARCH + 6 * MINUTE) for _ in range(2)))
    assert sorted(both) == [0, 1]
    assert await measure.measure_quality(MARCH + 7 * MINUTE) == 0
    assert len(await blog.measures(MARCH + 8 * MINUTE)) == 3


async def test_an_accrual_measures_first_and_pays_by_it(blog: Blog) -> None:
    await blog.sells("ada", on(5, month=1))
    await blog.sells("ada", on(20, month=1))
    await blog.sells("bob", on(5))
    await accrue.accrue_pending(on(6))
    assert await booked() == [("00001", 250), ("00002", 250), ("00003", 375)]
    inputs = await connections.pool().fetchval(
        "SELECT inputs #>> '{measures,0}' FROM commission_revisions WHERE target_minor = 375"
    )
    assert inputs == '{"rule": "stayed", "retained": 1, "customers": 1, "measured_on": "2026-03-01"}'


async def test_an_order_that_was_accrued_before_it_was_measured_is_priced_again(blog: Blog) -> None:
    await blog.sells("ada", on(5, month=1))
    await blog.sells("bob", MARCH + MINUTE)
    await accrue.accrue_pending(MARCH + 2 * MINUTE)
    assert await booked() == [("00001", 250), ("00002", 250)]
    await blog.sells("cy", MARCH + 8 * MINUTE)
    await accrue.accrue_pending(MARCH + 9 * MINUTE)
    assert await booked() == [("00001", 250), ("00002", 125), ("00003", 125)]


async def test_a_measure_taken_while_nobody_buys_asks_for_what_it_changes(blog: Blog) -> None:
    await blog.sells("ada", on(5, month=1))
    await blog.sells("bob", MARCH + MINUTE)
    await accrue.accrue_pending(MARCH + 2 * MINUTE)
    assert await measure.measure_quality(MARCH + 9 * MINUTE) == 1
    assert await connections.pool().fetchval("SELECT count(*) FROM unaccrued_conversions") == 1
    await accrue.accrue_pending(MARCH + 10 * MINUTE)
    assert await booked() == [("00001", 250), ("00002", 125)]
