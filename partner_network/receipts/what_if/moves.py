"""Which conversions are somebody else's after than before, and how many there are at all."""

from msgspec import Struct

from partner_network.database.connections import Connection
from partner_network.receipts.what_if import credited
from partner_network.receipts.what_if.sharing import Shared
from partner_network.receipts.what_if.values import Asked, Moved

MOST_MOVED = 20


class Told(Struct, frozen=True):
    """How the conversions of the asked span fare."""

    moved_conversions: int
    moved: tuple[Moved, ...] = ()
    conversions: int | None = None
    unattributed_before: int | None = None
    unattributed_after: int | None = None
    unlike_stored: int | None = None


async def between(connection: Connection, before: Shared, after: Shared, asked: Asked) -> Told:
    """Compare two tables of credits; a partnership that asks is told how many of its own differ, no more."""
    count, moved = 0, tuple[Moved, ...]()
    if before != after:
        count, moved = await _moved(connection, before, after, asked)
    if asked.only_partner is not None:
        return Told(count)  # an order that would become its own is none of its business before
    conversions = await connection.fetchval(
        "SELECT count(*) FROM trial_orders WHERE occurred_at >= $1 AND occurred_at < $2",
        asked.since,
        asked.until,
    )
    return Told(
        count,
        moved,
        conversions,
        conversions - await credited.conversions_of(connection, before, asked),
        conversions - await credited.conversions_of(connection, after, asked),
        await _unlike_stored(connection, before, asked),
    )


async def _moved(
    connection: Connection, before: Shared, after: Shared, asked: Asked
) -> tuple[int, tuple[Moved, ...]]:
    await connection.execute("DROP TABLE IF EXISTS trial_moves")
    await connection.execute(
        f"""CREATE TEMPORARY TABLE trial_moves ON COMMIT DROP AS
            SELECT id, partnership_id, coalesce(b.net_part, 0) AS before_minor,
                coalesce(a.net_part, 0) AS after_minor
            FROM ({_by_touch(before)}) b FULL JOIN ({_by_touch(after)}) a USING (id, partnership_id, touch_id)
            WHERE (b.numerator * a.denominator = a.numerator * b.denominator) IS NOT true""",
        asked.since,
        asked.until,
        asked.only_partner,
    )
    rows = await connection.fetch(
        f"""SELECT o.id AS conversion_id, o.order_id, o.event, o.occurred_at, o.currency, o.net_minor,
                m.partnership_id, m.before_minor, m.after_minor
            FROM (SELECT id, partnership_id, sum(before_minor)::bigint AS before_minor,
                      sum(after_minor)::bigint AS after_minor
                  FROM trial_moves GROUP BY id, partnership_id) m JOIN trial_orders o USING (id)
            WHERE m.before_minor <> m.after_minor
            ORDER BY abs(m.after_minor - m.before_minor) DESC, o.occurred_at, o.order_id COLLATE "C", o.event,
                m.partnership_id LIMIT {MOST_MOVED}"""
    )
    count = await connection.fetchval("SELECT count(DISTINCT id) FROM trial_moves")
    return int(count or 0), tuple(Moved(**row) for row in rows)


def _by_touch(shared: Shared) -> str:
    return f"""SELECT id, partnership_id, touch_id, numerator, denominator, net_part FROM {shared.table}
        WHERE occurred_at >= $1 AND occurred_at < $2 AND ($3::uuid IS NULL OR partnership_id = $3)"""


async def _unlike_stored(connection: Connection, before: Shared, asked: Asked) -> int:
    """Count the conversions whose standing credits are not those of a table, or that wait for a decision."""
    found = await connection.fetchval(
        f"""WITH standing AS MATERIALIZED (
                SELECT d.conversion_id AS id, max(d.rev) AS rev FROM decisions d
                WHERE d.conversion_id IN (SELECT id FROM trial_orders
                                          WHERE occurred_at >= $1 AND occurred_at < $2)
                GROUP BY d.conversion_id)
            SELECT (SELECT count(DISTINCT id) FROM (
                SELECT id FROM ({_by_touch(before)}) b FULL JOIN (
                    SELECT s.id, k.partnership_id, k.touch_id, k.weight_numerator, k.weight_denominator
                    FROM standing s JOIN credits k ON k.conversion_id = s.id AND k.rev = s.rev) k
                    USING (id, partnership_id, touch_id)
                WHERE (b.numerator * k.weight_denominator = k.weight_numerator * b.denominator) IS NOT true
                UNION ALL
                SELECT o.id FROM trial_orders o WHERE o.occurred_at >= $1 AND o.occurred_at < $2
                    AND NOT EXISTS (SELECT FROM standing s WHERE s.id = o.id)) unlike)""",
        asked.since,
        asked.until,
        None,
    )
    return int(found or 0)
