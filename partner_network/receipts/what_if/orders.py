"""The conversions of the computed span, as one temporary table that both sides read."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from partner_network.database.connections import Connection

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


async def prepare(connection: Connection) -> None:
    """Let this transaction sort and hash in memory, and use both cores of a small machine."""
    await connection.execute(
        """SELECT set_config(name, setting, true) FROM (VALUES ('work_mem', '128MB'), ('jit', 'off'),
               ('max_parallel_workers_per_gather', '2'), ('timezone', 'UTC')) AS s (name, setting)"""
    )


async def load(
    connection: Connection, program_id: UUID, starts_at: datetime, ends_at: datetime, *, with_history: bool
) -> None:
    """Read the conversions of a span into `trial_orders`.

    `left_minor` is the current net, after every refund; `refund_age` is how long after the order the last one
    was. With history each knows the number it has among its customer's orders and when the first of them was,
    and since when an earlier conversion of the customer is known; without, all that is null.
    """
    numbered = _NUMBERED if with_history else _PLAIN
    await connection.execute("DROP TABLE IF EXISTS trial_orders")
    await connection.execute(
        f"""CREATE TEMPORARY TABLE trial_orders ON COMMIT DROP AS
            SELECT v.id, v.customer_id, v.event, v.order_id, v.occurred_at, v.recorded_at, v.click_id,
                v.currency, v.net_minor, (v.net_minor - coalesce(r.minor, 0))::bigint AS left_minor,
                r.last_at - v.occurred_at AS refund_age, v.lines <> '[]' AS has_lines,
                v.order_number, v.first_order_at, v.known_since
            FROM ({numbered}) v LEFT JOIN (
                SELECT conversion_id, sum(net_minor) AS minor, max(at) AS last_at FROM refunds_in_force
                WHERE brand_id = (SELECT brand_id FROM programs WHERE id = $1)
                GROUP BY conversion_id) r ON r.conversion_id = v.id
            WHERE v.occurred_at >= $2 AND v.occurred_at < $3""",
        program_id,
        starts_at,
        ends_at,
    )
    await connection.execute("ANALYZE trial_orders")


_PLAIN = """SELECT c.*, NULL::bigint AS order_number, NULL::timestamptz AS first_order_at,
        NULL::timestamptz AS known_since
    FROM conversions c WHERE c.program_id = $1"""
# An order and a lead of one instant and id share a number; what was known before stands strictly before.
_NUMBERED = """SELECT c.*, count(*) FILTER (WHERE event = 'sale') OVER (PARTITION BY customer_id
            ORDER BY occurred_at, order_id COLLATE "C") AS order_number,
        min(occurred_at) FILTER (WHERE event = 'sale') OVER (PARTITION BY customer_id) AS first_order_at,
        min(recorded_at) OVER (PARTITION BY customer_id ORDER BY occurred_at, order_id COLLATE "C", event
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS known_since
    FROM conversions c WHERE c.program_id = $1"""


async def first_and_last(connection: Connection, program_id: UUID) -> tuple[datetime, datetime] | None:
    """Return when the first and the last conversion of a program occurred; None while there is none."""
    row = await connection.fetchrow(
        """SELECT min(occurred_at) AS first_at, max(occurred_at) AS last_at FROM conversions
           WHERE program_id = $1""",
        program_id,
    )
    return None if row is None or row["first_at"] is None else (row["first_at"], row["last_at"])


async def received_around(
    connection: Connection, program_id: UUID, starts_at: datetime, ends_at: datetime
) -> Sequence[datetime]:
    """Return when the first order received in a span occurred, and when its own last one was received."""
    row = await connection.fetchrow(
        """SELECT min(occurred_at) FILTER (WHERE recorded_at >= $2 AND recorded_at < $3) AS first_at,
               max(recorded_at) FILTER (WHERE occurred_at >= $2 AND occurred_at < $3) AS last_at
           FROM conversions WHERE program_id = $1""",
        program_id,
        starts_at,
        ends_at,
    )
    return [] if row is None else [at for at in row.values() if at is not None]
