"""Streams are booked one by one: what comes last is added, all else is walked, and none stops another."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import pytest
from msgspec import Struct

from partner_network.attribution import jobs as attribution
from partner_network.commissions.actions import accrue, append, mature, walk
from partner_network.commissions.queries import Stream, WaitingOrder
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.kernel import ids
from tests.conftest import FreshDatabase
from tests.conversions import cast
from tests.conversions.cast import Cast, Partner, on, order

NOW = on(28)


class Street(Struct):
    """Tune House and the two that promote it."""

    shop: Cast
    blog: Partner
    radio: Partner
    orders: int = 0

    async def sells(self, partner: Partner, day: int, net_minor: int = 5_000, **fields: object) -> str:
        self.orders += 1
        async with connections.transaction() as connection:
            click = await partner.click(connection, on(day, 11))
        told = order(
            self.orders, on(day), net_minor=net_minor, click_id=ids.shown("clk", click),
            customer_id=f"customer {self.orders}", **fields,
        )  # fmt: skip
        await self.shop.report(told)
        await attribution.decide()
        return f"{self.orders:05}"


@pytest.fixture
async def street(database: FreshDatabase) -> AsyncIterator[Street]:
    assert database.name
    clock.use_simulated_time(sandbox=True)
    await cast.set_clock(on(27))
    async with connections.transaction() as connection:
        shop = await cast.tune_house(connection)
        blog = await cast.partner(connection, shop, "blog")
        radio = await cast.partner(connection, shop, "radio")
    yield Street(shop, blog, radio)
    clock.use_simulated_time(sandbox=False)


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect how many waiting orders each walk was for."""
    found: list[int] = []
    true_walk = walk.walk

    async def told(
        connection: Connection, stream: Stream, waiting: Sequence[WaitingOrder], now: datetime
    ) -> int:
        found.append(len(waiting))
        return await true_walk(connection, stream, waiting, now)

    monkeypatch.setattr(walk, "walk", told)
    return found


async def booked() -> dict[str, int]:
    rows = await connections.pool().fetch(
        """SELECT v.order_id, t.target_minor FROM current_targets t
           JOIN commissions c ON c.id = t.commission_id JOIN conversions v ON v.id = c.conversion_id"""
    )
    return {row["order_id"]: row["target_minor"] for row in rows}


async def stopped() -> list[tuple[str, str, str]]:
    """Return the agreement that stops each stream, its clause, and what is said."""
    rows = await connections.pool().fetch(
        """SELECT s.clause, s.sentence, g.number FROM stopped_streams s
           JOIN agreements g ON g.id = s.agreement_id"""
    )
    return [(row["number"], row["clause"], row["sentence"]) for row in rows]


async def test_orders_in_their_order_are_walked_once_and_appended_ever_after(
    street: Street, walked: list[int]
) -> None:
    for day in (3, 4, 5):
        await street.sells(street.blog, day)
        assert await accrue.accrue_pending(NOW) == 1
    assert walked == [1]
    assert await booked() == {"00001": 250, "00002": 250, "00003": 250}
    assert await accrue.accrue_pending(NOW) == 0


async def test_an_order_that_comes_late_is_walked_and_those_after_it_are_appended_again(
    street: Street, walked: list[int]
) -> None:
    for day in (3, 9, 5, 12):
        await street.sells(street.blog, day)
        await accrue.accrue_pending(NOW)
    assert walked == [1, 1]
    assert set((await booked()).values()) == {250}


async def test_a_refund_is_walked(street: Street, walked: list[int]) -> None:
    number = await street.sells(street.blog, 3)
    await accrue.accrue_pending(NOW)
    await street.shop.refund(
        {"refund_id": "r1", "order_id": number, "at": on(5).isoformat(), "net_minor": 2_500, "reason": "x"}
    )
    await accrue.accrue_pending(NOW)
    assert (walked, await booked()) == ([1, 1], {number: 125})


async def test_a_checkpoint_of_other_terms_is_not_used(street: Street, walked: list[int]) -> None:
    await street.sells(street.blog, 3)
    await accrue.accrue_pending(NOW)
    await connections.pool().execute("UPDATE stream_checkpoints SET terms_key = 'others'")
    await street.sells(street.blog, 4)
    await accrue.accrue_pending(NOW)
    assert walked == [1, 1]


async def test_an_order_that_was_booked_before_is_never_appended(street: Street, walked: list[int]) -> None:
    await street.sells(street.blog, 3)
    await street.sells(street.blog, 4)
    await accrue.accrue_pending(NOW)
    # As if the last order had lost its credit when the checkpoint was kept, and got it back.
    await connections.pool().execute(
        "UPDATE stream_checkpoints SET last_at = last_at - interval '1 day', last_order = ''"
    )
    await connections.pool().execute(
        """INSERT INTO unaccrued_conversions SELECT partnership_id, conversion_id FROM commissions
           ORDER BY earned_at DESC LIMIT 1"""
    )
    assert await accrue.accrue_pending(NOW) == 0
    assert walked == [2, 1]


async def test_more_orders_at_once_than_an_append_takes_are_walked(
    street: Street, walked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(append, "AT_ONCE", 1)
    for day in (3, 4, 5):
        await street.sells(street.blog, day)
        if day != 4:
            await accrue.accrue_pending(NOW)
    assert walked == [1, 2]


async def test_a_stream_that_cannot_be_priced_stops_alone_and_says_since_when_and_why(
    street: Street,
) -> None:
    foreign = await street.sells(street.blog, 3, currency="SEK")
    mine = await street.sells(street.radio, 4)
    assert await accrue.accrue_pending(NOW) == 1
    assert await booked() == {mine: 250}
    [(agreement, clause, sentence)] = await stopped()
    assert (agreement, clause) == ("A-blog", "settlement.currency")
    assert f"Order '{foreign}' of 2026-03-03 needs a rate SEK/USD" in sentence
    since = await connections.pool().fetchval("SELECT since FROM stopped_streams")
    assert await accrue.accrue_pending(on(29)) == 0
    row = await connections.pool().fetchrow("SELECT since, tried_at FROM stopped_streams")
    assert row is not None
    assert tuple(row) == (since, on(29))


async def test_lines_that_do_not_sum_name_the_agreement_and_the_clause(street: Street) -> None:
    number = await street.sells(street.blog, 3)
    await connections.pool().execute("ALTER TABLE conversions DISABLE TRIGGER append_only")
    await connections.pool().execute(
        """UPDATE conversions SET lines = '[{"id": "a", "net_minor": 1}]' WHERE order_id = $1""", number
    )
    other = await street.sells(street.radio, 4)
    await accrue.accrue_pending(NOW)
    assert await booked() == {other: 250}
    [(agreement, clause, sentence)] = await stopped()
    assert (agreement, clause) == ("A-blog", "commission.components")
    assert "do not sum to its net of 5000" in sentence
    await connections.pool().execute("UPDATE conversions SET lines = '[]' WHERE order_id = $1", number)
    assert await accrue.accrue_pending(NOW) == 1
    assert await stopped() == []


async def test_terms_that_should_never_have_been_let_through_stop_their_stream_alone(street: Street) -> None:
    await street.sells(street.blog, 3)
    other = await street.sells(street.radio, 4)
    await connections.pool().execute("ALTER TABLE agreements DISABLE TRIGGER USER")
    await connections.pool().execute(
        """UPDATE agreements SET terms_toml = replace(terms_toml, 'currency = "USD"', 'currency = "USX"')
           WHERE partnership_id = $1""",
        street.blog.partnership_id,
    )
    await accrue.accrue_pending(NOW)
    assert await booked() == {other: 250}
    [(agreement, clause, sentence)] = await stopped()
    assert (agreement, clause) == ("A-blog", "settlement.currency")
    assert "USX" in sentence


async def causes() -> list[tuple[str, int, str | None]]:
    """Return the order, the amount and the cause of each clawback."""
    rows = await connections.pool().fetch(
        """SELECT v.order_id, k.amount_minor, k.cause FROM clawbacks k
           JOIN commissions c ON c.id = k.commission_id JOIN conversions v ON v.id = c.conversion_id
           ORDER BY k.transfer_id"""
    )
    return [tuple(row) for row in rows]


async def test_an_older_order_that_is_reported_late_is_the_cause_of_what_it_takes_from_the_others(
    street: Street,
) -> None:
    async with connections.transaction() as connection:
        capped = await cast.partner(
            connection, street.shop, "capped", more_terms="cap_minor = { period = 300 }"
        )
    first = await street.sells(capped, 9)
    await accrue.accrue_pending(NOW)
    later = NOW + timedelta(days=90)
    await cast.set_clock(later)
    await mature.mature_due(later)
    assert await booked() == {first: 250}
    late = await street.sells(capped, 3)
    await accrue.accrue_pending(later)
    # 3.00 a month at most: the older order takes its 2.50 first, and leaves 0.50
    assert await booked() == {late: 250, first: 50}
    assert await causes() == [(first, 200, "late order")]
