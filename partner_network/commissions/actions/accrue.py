"""Bring what is booked in step with what the facts and the signed terms say."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from partner_network.commissions import queries, wanted
from partner_network.commissions.actions import fix_rates, measure, revise
from partner_network.commissions.queries import Fact, Stream
from partner_network.commissions.rules import span as spans
from partner_network.commissions.rules import targets as engine
from partner_network.commissions.rules.span import Span
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.kernel import periods


async def accrue_pending(now: datetime) -> int:
    """Book every commission that facts have changed; return how many revisions were made.

    Idempotent, and safe with several workers: each stream is computed under its own lock, and what is
    booked is the target less what is posted already.
    Source: MONEY section 4.
    """
    async with connections.transaction() as connection:
        rows = await connection.fetch("SELECT DISTINCT partnership_id FROM unaccrued_conversions ORDER BY 1")
    revisions = 0
    for row in rows:
        async with connections.transaction() as connection:
            revisions += await _accrue_stream(connection, row["partnership_id"], now)
    return revisions


async def _accrue_stream(connection: Connection, partnership_id: UUID, now: datetime) -> int:
    # A second worker would compute from the same posted figures and book the same difference again.
    await connections.lock_all(connection, stream_lock(partnership_id))
    waiting = await queries.waiting_orders(connection, partnership_id)
    if not waiting:
        return 0
    stream = await queries.stream_of(connection, partnership_id)
    if await measure.measure_stream(connection, stream, now):
        waiting = await queries.waiting_orders(connection, partnership_id)
    await fix_rates.fix_rates(connection, stream, now)
    facts, touched = await _facts_around(connection, stream, waiting)
    computed = engine.targets([fact.order for fact in facts], stream.plan)
    asked = wanted.wanted_by(stream, facts, computed)
    conversion_ids = {fact.conversion_id for fact in facts} | {order.conversion_id for order in waiting}
    booked = [
        one
        for one in await queries.booked_for(connection, partnership_id, conversion_ids)
        if one.conversion_id is not None or _is_within(one.period, stream, touched)
    ]
    revisions = await revise.revise(connection, stream, asked, booked, now)
    await connection.execute(
        """DELETE FROM unaccrued_conversions WHERE partnership_id = $1 AND conversion_id = ANY($2::uuid[])""",
        partnership_id,
        [order.conversion_id for order in waiting],
    )
    return revisions


def stream_lock(partnership_id: UUID) -> str:
    """Return the name of the lock under which a stream is computed, matured and closed."""
    return f"stream:{partnership_id}"


async def _facts_around(
    connection: Connection, stream: Stream, waiting: Sequence[queries.WaitingOrder]
) -> tuple[list[Fact], list[Span]]:
    touched: list[Span] = []
    for order in sorted(waiting, key=lambda order: order.occurred_at):
        for at in {order.occurred_at, order.recorded_at}:
            if not any(span.starts_at <= at < span.ends_at for span in touched):
                touched.append(spans.needed(stream.plan, at))
    facts: dict[UUID, Fact] = {}
    for span in touched:
        for fact in await queries.orders_between(connection, stream, span.starts_at, span.ends_at):
            facts[fact.conversion_id] = fact
    return list(facts.values()), touched


def _is_within(period: str, stream: Stream, touched: Iterable[Span]) -> bool:
    named = periods.parse_period(period, stream.plan.versions[0].zone)
    return any(span.starts_at <= named.starts_at < span.ends_at for span in touched)
