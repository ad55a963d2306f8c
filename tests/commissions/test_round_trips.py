"""One live order asks the database a fixed number of times, however long its stream is."""

from asyncpg.connection import LoggedQuery

from partner_network.attribution import actions as attribution
from partner_network.commissions.actions import accrue
from partner_network.database import connections
from partner_network.kernel import ids
from tests.commissions.test_accruing import NOW, Street, street
from tests.conversions.cast import on, order

__all__ = ["street"]

MOST_ROUND_TRIPS = 30
"""Of attributing and booking one order; one of them reads the simulated clock, which only tests do.

Each is a tenth of a millisecond at least, of ten that a live order may take; whoever needs one more finds
another to do without.
"""


async def arrive(street: Street, number: int, day: int) -> None:
    async with connections.transaction() as connection:
        click = await street.blog.click(connection, on(day, 11))
    told = order(
        number, on(day), net_minor=5_000, click_id=ids.shown("clk", click), customer_id=f"customer {number}"
    )
    await street.shop.report(told)


async def test_a_live_order_is_attributed_and_booked_in_a_fixed_number_of_round_trips(street: Street) -> None:
    asked: list[str] = []

    def count(query: LoggedQuery) -> None:
        asked.append(" ".join(query.query.split())[:80])

    async def booked(number: int, day: int) -> list[str]:
        await arrive(street, number, day)
        async with connections.pool().acquire() as connection:
            connection.add_query_logger(count)
        asked.clear()
        decided, revised = await attribution.decide_pending(), await accrue.accrue_pending(NOW)
        trips = list(asked)
        async with connections.pool().acquire() as connection:
            connection.remove_query_logger(count)
        assert (decided, revised) == (1, 1)
        return trips

    await booked(1, 3)  # the first of a stream is walked
    second, third = await booked(2, 4), await booked(3, 5)
    assert len(second) == len(third) <= MOST_ROUND_TRIPS, "\n".join(third)
    assert any("INSERT INTO ledger_transfers" in one or "INSERT INTO ledger_entries" in one for one in third)
