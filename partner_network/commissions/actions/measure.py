"""Measure quality at the dates that signed terms state, once each."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog

from partner_network.agreements.rules import ACCRUE
from partner_network.commissions import quality_queries, queries
from partner_network.commissions.quality_queries import Due
from partner_network.commissions.queries import Stream
from partner_network.commissions.rules import quality
from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.kernel import periods
from partner_network.kernel.errors import PartnerNetworkError

SETTLING = timedelta(minutes=5)
"""How long after its instant a measure is taken: what was recorded before is committed by then."""
_log = structlog.get_logger()


async def measure_quality(now: datetime) -> int:
    """Take every measure that is due and not there yet, also while nobody buys; return how many.

    Idempotent, and safe with several workers: a measure follows from facts recorded before its date alone,
    and is stored once.
    Source: docs/algorithms/quality.md.
    """
    async with connections.transaction() as connection:
        partnership_ids = await quality_queries.partnerships_to_measure(connection)
    return sum([await _measure_partnership(partnership_id, now) for partnership_id in partnership_ids])


async def _measure_partnership(partnership_id: UUID, now: datetime) -> int:
    try:
        async with connections.transaction() as connection:
            stream = await queries.stream_of(connection, partnership_id)
            return await measure_stream(connection, stream, now)
    except PartnerNetworkError:
        # One partnership that cannot be measured keeps no other from it; its accrual says what is wrong.
        await _log.aexception("quality not measured", partnership=str(partnership_id))
        return 0


async def measure_stream(connection: Connection, stream: Stream, now: datetime) -> int:
    """Take what is due of one partnership, and put its orders of those periods up for accrual again."""
    if not quality.has_rules(stream.plan):
        return 0
    known = await quality_queries.stored(connection, stream.partnership_id)
    due = await quality_queries.due(
        connection, stream.partnership_id, stream.program_id, stream.plan, now - SETTLING
    )
    taken = 0
    for one in due:
        if (one.rule.name, one.on) not in known:
            taken += await _take(connection, one, now)
    if taken:
        await jobs.enqueue(connection, ACCRUE)
    return taken


async def _take(connection: Connection, one: Due, now: datetime) -> int:
    measure = await quality_queries.measured(connection, one)
    stored = await connection.fetch(
        """INSERT INTO quality_measures (partnership_id, rule, measured_on, customers, retained, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING rule""",
        one.partnership_id,
        measure.rule,
        one.on,
        measure.customers,
        measure.retained,
        now,
    )
    if stored:
        await _ask_for_accrual(connection, one)
    return len(stored)


async def _ask_for_accrual(connection: Connection, one: Due) -> None:
    period = periods.period_of(periods.midnight(one.on, one.zone), one.rule.period, one.zone)
    # DO UPDATE locks a row that waits already: an accrual that is about to take it waits for our measure.
    await connection.execute(
        """INSERT INTO unaccrued_conversions AS u (partnership_id, conversion_id)
           SELECT DISTINCT c.partnership_id, c.conversion_id
           FROM credits c JOIN current_decisions d USING (conversion_id, rev)
           JOIN conversions v ON v.id = c.conversion_id
           WHERE c.partnership_id = $1 AND v.occurred_at >= $2 AND v.occurred_at < $3 ORDER BY 1, 2
           ON CONFLICT (partnership_id, conversion_id) DO UPDATE SET partnership_id = u.partnership_id""",
        one.partnership_id,
        period.starts_at,
        period.ends_at,
    )
