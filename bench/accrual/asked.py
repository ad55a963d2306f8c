"""One task in a process of its own: `python -m bench.accrual.asked accrue|compute|loop|live URL`."""

import statistics
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import uvloop
from msgspec import Struct

from bench.accrual import arriving, network
from partner_network.attribution import actions as attribution
from partner_network.commissions import queries, span_queries, wanted
from partner_network.commissions.actions import accrue, revise
from partner_network.commissions.queries import Fact, Stream
from partner_network.commissions.rules import targets
from partner_network.database import connections

NOW = network.STARTS + timedelta(days=network.DAYS + 30)
LIVE = 200
_UNTOLD = 20
"""How many live orders go first and are not counted: connections learn their statements."""


class Answer(Struct, frozen=True):
    """How long it took once connected, and over how many orders."""

    seconds: float
    orders: int


async def ask(what: str, url: str) -> Answer:
    """Do it as the worker would."""
    await connections.open_pool(url, max_size=1)
    try:
        return await {"accrue": accrue_all, "compute": compute_all, "loop": book_singly, "live": live}[what]()
    finally:
        await connections.close_pool()


async def accrue_all() -> Answer:
    """Book all that waits."""
    started = time.perf_counter()
    revisions = await accrue.accrue_pending(NOW)
    return Answer(time.perf_counter() - started, revisions)


async def compute_all() -> Answer:
    """Compute the targets of all orders, one partner after the other; reading them is not counted."""
    async with connections.transaction() as connection:
        rows = await connection.fetch("SELECT id FROM partnerships ORDER BY id")
    seconds, orders = 0.0, 0
    for row in rows:
        stream, facts = await _facts_of(row["id"])
        started = time.perf_counter()
        computed = targets.targets([fact.order for fact in facts], stream.plan)
        seconds += time.perf_counter() - started
        orders += len(computed.commissions)
    return Answer(seconds, orders)


async def book_singly() -> Answer:
    """Book the orders of the last partner one a transaction; computing them is not counted."""
    async with connections.transaction() as connection:
        partnership_id: UUID = await connection.fetchval(
            """SELECT p.id FROM partnerships p JOIN brands b ON b.id = p.partner_id
               ORDER BY length(b.slug) DESC, b.slug DESC LIMIT 1"""
        )
    stream, facts = await _facts_of(partnership_id)
    asked = wanted.wanted_by(stream, facts, targets.targets([fact.order for fact in facts], stream.plan))
    started = time.perf_counter()
    for one in asked:
        async with connections.transaction() as connection:
            await connections.lock_all(connection, accrue.stream_lock(partnership_id))
            await revise.revise(connection, stream, [one], [], NOW)
            await connection.execute(
                "DELETE FROM unaccrued_conversions WHERE partnership_id = $1 AND conversion_id = $2",
                partnership_id,
                one.conversion_id,
            )
    return Answer(time.perf_counter() - started, len(asked))


async def live() -> Answer:
    """Return the median of what one order takes that is attributed and booked on its own.

    All others are booked before, and vacuumed, as autovacuum has done by the time the next month is traded.
    """
    await accrue.accrue_pending(NOW)
    await connections.pool().execute("VACUUM (ANALYZE)")
    taken: list[float] = []
    for number in range(_UNTOLD + LIVE):
        await arriving.arrive(number)
        taken.append(await _attributed_and_booked(NOW + timedelta(seconds=number)))
    return Answer(statistics.median(taken[_UNTOLD:]), LIVE)


async def _attributed_and_booked(now: datetime) -> float:
    started = time.perf_counter()
    decided = await attribution.decide_pending()
    booked = await accrue.accrue_pending(now)
    seconds = time.perf_counter() - started
    if (decided, booked) != (1, 1):
        raise RuntimeError(f"one order came, {decided} were decided and {booked} booked")
    return seconds


async def _facts_of(partnership_id: UUID) -> tuple[Stream, Sequence[Fact]]:
    async with connections.transaction() as connection:
        stream = await queries.stream_of(connection, partnership_id)
        ends_at = network.STARTS + timedelta(days=2 * network.DAYS)
        return stream, await span_queries.orders_between(connection, stream, network.STARTS, ends_at)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(ask(*sys.argv[1:]))))
