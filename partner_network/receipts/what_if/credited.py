"""Who is credited on one side, as a temporary table, and what that comes to."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from uuid import UUID

from partner_network.database.connections import Connection
from partner_network.receipts.what_if import walking
from partner_network.receipts.what_if.sides import Side
from partner_network.receipts.what_if.values import Asked
from partner_network.receipts.what_if.walking import Row

_COLUMNS = ("n", "partnership_id", "partner_id", "touch_id", "touched_at", "numerator", "denominator")


async def fill(connection: Connection, side: Side, table: str) -> None:
    """Decide every conversion of `trial_orders` as a side would, and put the credits into a new table.

    A weight is `numerator / denominator`; `net_part` and `ppm_part` are the shares of the current net and of
    one million, by largest remainder over the conversion's credits (ties: partner, then touch).
    """
    await connection.execute(f"DROP TABLE IF EXISTS {table}, {table}_raw")
    await connection.execute(
        f"""CREATE TEMPORARY TABLE {table}_raw (
                n integer, partnership_id uuid, partner_id uuid, touch_id uuid, touched_at timestamptz,
                numerator numeric, denominator numeric) ON COMMIT DROP"""
    )
    async for rows in walking.walked(connection, side, "trial_orders"):
        await connection.copy_records_to_table(f"{table}_raw", records=_records(rows), columns=_COLUMNS)
    await _share(connection, table)


def _records(rows: Sequence[Row]) -> Iterable[tuple[object, ...]]:
    return [(*row[:5], Decimal(row[5]), Decimal(row[6])) for row in rows]


async def _share(connection: Connection, table: str) -> None:
    await connection.execute(
        f"""CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS
            SELECT n, partnership_id, partner_id, touch_id, touched_at, numerator, denominator,
                (net_floor + (row_number() OVER (PARTITION BY n ORDER BY net_rest DESC, partner_id, touch_id)
                    <= left_minor - sum(net_floor) OVER whole)::integer)::bigint AS net_part,
                (ppm_floor + (row_number() OVER (PARTITION BY n ORDER BY ppm_rest DESC, partner_id, touch_id)
                    <= 1000000 - sum(ppm_floor) OVER whole)::integer)::bigint AS ppm_part
            FROM (
                SELECT c.*, o.left_minor,
                    div(o.left_minor * numerator, denominator) AS net_floor,
                    mod(o.left_minor * numerator, denominator) / denominator AS net_rest,
                    div(1000000 * numerator, denominator) AS ppm_floor,
                    mod(1000000 * numerator, denominator) / denominator AS ppm_rest
                FROM {table}_raw c JOIN trial_orders o ON o.n = c.n) floors
            WINDOW whole AS (PARTITION BY n)"""
    )
    await connection.execute(f"ANALYZE {table}")


class Credited:
    """What one partnership is credited with in the asked span."""

    def __init__(self) -> None:
        self.conversions = 0
        self.weight_ppm = 0
        self.net_minor: dict[str, int] = {}


async def sums(connection: Connection, table: str, asked: Asked) -> dict[UUID, Credited]:
    """Return what each partnership is credited with for the orders of a span."""
    rows = await connection.fetch(
        f"""SELECT c.partnership_id, o.currency, count(DISTINCT o.n) AS conversions,
                sum(c.ppm_part)::bigint AS weight_ppm, sum(c.net_part)::bigint AS net_minor
            FROM {table} c JOIN trial_orders o ON o.n = c.n
            WHERE o.occurred_at >= $1 AND o.occurred_at < $2
            GROUP BY c.partnership_id, o.currency ORDER BY c.partnership_id, o.currency""",
        asked.since,
        asked.until,
    )
    found: dict[UUID, Credited] = {}
    for row in rows:
        one = found.setdefault(row["partnership_id"], Credited())
        one.conversions += row["conversions"]
        one.weight_ppm += row["weight_ppm"]
        one.net_minor[row["currency"]] = row["net_minor"]
    return found
