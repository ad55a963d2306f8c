"""Measure quality at the dates that signed terms state, once each."""

from datetime import date, datetime, timedelta

import structlog

from partner_network.commissions import quality_queries as queries
from partner_network.commissions.quality_queries import Ruled
from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.kernel import periods
from partner_network.kernel.errors import PartnerNetworkError

SETTLING = timedelta(minutes=5)
"""How long after its instant a measure is taken: what was recorded before is then committed too."""
_log = structlog.get_logger()


async def measure_quality(now: datetime) -> int:
    """Take and store every measure that is due and not there yet; return how many.

    Idempotent, and safe with several workers: a measure follows from facts recorded before its date alone,
    and is stored once. Orders that were priced without it are put up for accrual again.
    Source: docs/algorithms/quality.md.
    """
    async with connections.transaction() as connection:
        found = await queries.ruled(connection, now)
        known = {one.partnership_id: await queries.stored(connection, one.partnership_id) for one in found}
    taken = 0
    for one in found:
        for on in queries.dates_of(one):
            is_due = periods.midnight(on, one.zone) + SETTLING <= now
            if is_due and (one.rule.name, on) not in known[one.partnership_id]:
                taken += await _take(one, on, now)
    return taken


async def _take(one: Ruled, on: date, now: datetime) -> int:
    try:
        async with connections.transaction() as connection:
            return await _store(connection, one, on, now)
    except PartnerNetworkError:
        # One partnership that cannot be measured keeps no other from being measured, nor from being paid.
        await _log.aexception("quality not measured", partnership=str(one.partnership_id), on=on.isoformat())
        return 0


async def _store(connection: Connection, one: Ruled, on: date, now: datetime) -> int:
    measure = await queries.measured(connection, one, on)
    stored = await connection.fetch(
        """INSERT INTO quality_measures (partnership_id, rule, measured_on, customers, retained, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING rule""",
        one.partnership_id,
        measure.rule,
        on,
        measure.customers,
        measure.retained,
        now,
    )
    if stored:
        await _ask_for_accrual(connection, one, on)
    return len(stored)


async def _ask_for_accrual(connection: Connection, one: Ruled, on: date) -> None:
    period = periods.period_of(periods.midnight(on, one.zone), one.rule.period, one.zone)
    # DO UPDATE locks a row that waits already: an accrual that is about to take it waits for our measure.
    asked = await connection.execute(
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
    if not asked.endswith(" 0"):
        await jobs.enqueue(connection, "commissions.accrue")
