"""Which conversions are somebody else's after than before, and whose figures say how many there are."""

from msgspec import Struct

from partner_network.database.connections import Connection
from partner_network.receipts.what_if.values import Asked, Moved

MOST_MOVED = 20


class Told(Struct, frozen=True):
    """How the conversions of the asked span fare."""

    conversions: int | None
    unattributed_before: int | None
    unattributed_after: int | None
    moved_conversions: int
    moved: tuple[Moved, ...]
    unlike_stored: int | None


async def between(connection: Connection, before: str, after: str, asked: Asked) -> Told:
    """Compare two tables of credits; for one partnership alone nothing but its own credits is compared."""
    await connection.execute("DROP TABLE IF EXISTS trial_moves")
    await connection.execute(
        f"""CREATE TEMPORARY TABLE trial_moves ON COMMIT DROP AS
            SELECT o.n, partnership_id, coalesce(b.net_part, 0) AS before_minor,
                coalesce(a.net_part, 0) AS after_minor
            FROM (SELECT n, partnership_id, sum(net_part)::bigint AS net_part,
                      array_agg((touch_id, numerator, denominator)::text ORDER BY touch_id) AS parts
                  FROM {before} GROUP BY n, partnership_id) b
            FULL JOIN (SELECT n, partnership_id, sum(net_part)::bigint AS net_part,
                      array_agg((touch_id, numerator, denominator)::text ORDER BY touch_id) AS parts
                  FROM {after} GROUP BY n, partnership_id) a USING (n, partnership_id)
            JOIN trial_orders o USING (n)
            WHERE b.parts IS DISTINCT FROM a.parts AND o.occurred_at >= $1 AND o.occurred_at < $2
                AND ($3::uuid IS NULL OR partnership_id = $3)""",
        asked.since,
        asked.until,
        asked.only_partner,
    )
    moved = await connection.fetch(
        f"""SELECT o.id AS conversion_id, o.order_id, o.event, o.occurred_at, o.currency, o.net_minor,
                m.partnership_id, m.before_minor, m.after_minor
            FROM trial_moves m JOIN trial_orders o USING (n) WHERE m.before_minor <> m.after_minor
            ORDER BY abs(m.after_minor - m.before_minor) DESC, o.occurred_at, o.order_id COLLATE "C", o.event,
                m.partnership_id LIMIT {MOST_MOVED}"""
    )
    count = await connection.fetchval("SELECT count(DISTINCT n) FROM trial_moves")
    listed = tuple(Moved(**row) for row in moved)
    if asked.only_partner is not None:
        return Told(None, None, None, count, listed, None)
    row = await connection.fetchrow(
        f"""SELECT count(*) AS conversions,
                count(*) FILTER (WHERE o.n NOT IN (SELECT n FROM {before})) AS unattributed_before,
                count(*) FILTER (WHERE o.n NOT IN (SELECT n FROM {after})) AS unattributed_after
            FROM trial_orders o WHERE o.occurred_at >= $1 AND o.occurred_at < $2""",
        asked.since,
        asked.until,
    )
    if row is None:
        raise RuntimeError("counting answered nothing")
    return Told(
        row["conversions"], row["unattributed_before"], row["unattributed_after"], count, listed,
        await _unlike_stored(connection, before, asked),
    )  # fmt: skip


async def _unlike_stored(connection: Connection, before: str, asked: Asked) -> int:
    """Count the conversions whose standing credits are not those of a table, or that wait for a decision."""
    found = await connection.fetchval(
        f"""SELECT count(*) FROM trial_orders o
            LEFT JOIN (
                SELECT c.n, array_agg((c.partnership_id, c.touch_id) ORDER BY c.touch_id) AS parts
                FROM {before} c GROUP BY c.n) b ON b.n = o.n
            LEFT JOIN (
                SELECT d.conversion_id, coalesce(
                    array_agg((k.partnership_id, k.touch_id) ORDER BY k.touch_id)
                        FILTER (WHERE k.touch_id IS NOT NULL), '{{}}') AS parts
                FROM current_decisions d
                LEFT JOIN credits k ON k.conversion_id = d.conversion_id AND k.rev = d.rev
                GROUP BY d.conversion_id) s ON s.conversion_id = o.id
            WHERE o.occurred_at >= $1 AND o.occurred_at < $2
                AND coalesce(b.parts, '{{}}') IS DISTINCT FROM s.parts""",
        asked.since,
        asked.until,
    )
    return int(found or 0)
