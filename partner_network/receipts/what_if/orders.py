"""The conversions of the computed span, as one temporary table that both sides read."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from partner_network.database.connections import Connection

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)


async def load(connection: Connection, program_id: UUID, starts_at: datetime, ends_at: datetime) -> None:
    """Read the conversions of a span, each with what refunds left of its net, into `trial_orders`.

    `n` numbers them in no order; `left_minor` is the current net, after every refund.
    """
    await connection.execute("DROP TABLE IF EXISTS trial_orders")
    await connection.execute(
        """CREATE TEMPORARY TABLE trial_orders ON COMMIT DROP AS
           SELECT (row_number() OVER ())::integer AS n, v.id, v.customer_id, v.event, v.order_id,
               v.occurred_at, v.recorded_at, v.click_id, v.currency, v.net_minor,
               (v.net_minor - coalesce(r.minor, 0))::bigint AS left_minor, r.minor IS NOT NULL AS is_refunded
           FROM conversions v LEFT JOIN (
               SELECT conversion_id, sum(net_minor) AS minor FROM refunds GROUP BY conversion_id) r
               ON r.conversion_id = v.id
           WHERE v.program_id = $1 AND v.occurred_at >= $2 AND v.occurred_at < $3""",
        program_id,
        starts_at,
        ends_at,
    )
    await connection.execute("ANALYZE trial_orders")


async def received_between(
    connection: Connection, program_id: UUID, starts_at: datetime, ends_at: datetime
) -> Sequence[datetime]:
    """Return when the first order received in a span occurred, and when its last one was received."""
    row = await connection.fetchrow(
        """SELECT min(occurred_at) FILTER (WHERE recorded_at >= $2 AND recorded_at < $3) AS first_at,
               max(recorded_at) FILTER (WHERE occurred_at >= $2 AND occurred_at < $3) AS last_at
           FROM conversions WHERE program_id = $1""",
        program_id,
        starts_at,
        ends_at,
    )
    return [] if row is None else [at for at in row.values() if at is not None]
