"""Bring what is booked in step with what the facts and the signed terms say."""

from datetime import datetime
from uuid import UUID

from partner_network.commissions import queries
from partner_network.commissions.actions import append, fix_rates, measure, stopping, walk
from partner_network.database import connections
from partner_network.database.connections import Connection


async def accrue_pending(now: datetime) -> int:
    """Book every commission that facts have changed; return how many revisions were made.

    Idempotent, and safe with several workers: each stream is computed under its own lock, and what is
    booked is the target less what is posted already. A stream whose terms or facts cannot be priced is
    stopped alone, and says why to the operator; all others are booked.
    Source: MONEY section 4.
    """
    revisions = 0
    streams: list[UUID] | None = None
    while streams is None or streams:
        partnership_id = None
        try:
            async with connections.transaction() as connection:
                if streams is None:  # asked with the first stream's work: a live order waits for each commit
                    streams = await queries.streams_waiting(connection)
                if streams:
                    partnership_id = streams.pop()
                    revisions += await _accrue_stream(connection, partnership_id, now)
        except stopping.REFUSALS as refusal:
            if partnership_id is None:
                raise
            await stopping.stop(partnership_id, refusal, now)
    return revisions


async def _accrue_stream(connection: Connection, partnership_id: UUID, now: datetime) -> int:
    # A second worker would compute from the same posted figures and book the same difference again.
    await connections.lock_keeping_plans(connection, stream_lock(partnership_id))
    waiting = await queries.waiting_orders(connection, partnership_id)
    if not waiting:
        return 0
    stream = await queries.stream_of(connection, partnership_id)
    if await measure.measure_stream(connection, stream, now):
        waiting = await queries.waiting_orders(connection, partnership_id)
    if any(order.currency != stream.currency for order in waiting):
        await fix_rates.fix_rates(connection, stream, now)
    revisions = await append.append(connection, stream, waiting, now)
    if revisions is None:
        revisions = await walk.walk(connection, stream, waiting, now)
    await connection.execute(
        """WITH going_on AS (DELETE FROM stopped_streams WHERE partnership_id = $1)
           DELETE FROM unaccrued_conversions WHERE partnership_id = $1 AND conversion_id = ANY($2::uuid[])""",
        partnership_id,
        [order.conversion_id for order in waiting],
    )
    return revisions


def stream_lock(partnership_id: UUID) -> str:
    """Return the name of the lock under which a stream is computed, matured and closed."""
    return f"stream:{partnership_id}"
