"""What a table of credits comes to by partnership."""

from uuid import UUID

from msgspec import Struct, field

from partner_network.database.connections import Connection
from partner_network.receipts.what_if.sharing import Shared
from partner_network.receipts.what_if.values import Asked


class Credited(Struct):
    """What one partnership is credited with in the asked span; net by currency."""

    conversions: int = 0
    weight_ppm: int = 0
    net_minor: dict[str, int] = field(default_factory=dict[str, int])


async def sums(connection: Connection, shared: Shared, asked: Asked) -> dict[UUID, Credited]:
    """Return what each partnership is credited with; a conversion counts once, however many its touches."""
    rows = await connection.fetch(
        f"""SELECT partnership_id, currency, count(*) AS conversions, sum(ppm_part)::bigint AS weight_ppm,
                sum(net_part) AS net_minor
            FROM {shared.table} WHERE occurred_at >= $1 AND occurred_at < $2
            GROUP BY partnership_id, currency ORDER BY partnership_id, currency""",
        asked.since,
        asked.until,
    )
    found: dict[UUID, Credited] = {}
    for row in rows:
        one = found.setdefault(row["partnership_id"], Credited())
        one.conversions += row["conversions"]
        one.weight_ppm += row["weight_ppm"]
        one.net_minor[row["currency"]] = int(row["net_minor"])
    if shared.is_split:
        for partnership_id, more in (await _more_touches(connection, shared, asked)).items():
            found[partnership_id].conversions -= more
    return found


async def _more_touches(connection: Connection, shared: Shared, asked: Asked) -> dict[UUID, int]:
    """Return how many credits of each partnership are not its first one of their conversion."""
    rows = await connection.fetch(
        f"""SELECT partnership_id, sum(credits - 1)::bigint AS more FROM (
                SELECT partnership_id, count(*) AS credits FROM {shared.table}
                WHERE occurred_at >= $1 AND occurred_at < $2 GROUP BY id, partnership_id) c
            GROUP BY partnership_id""",
        asked.since,
        asked.until,
    )
    return {row["partnership_id"]: row["more"] for row in rows}


async def conversions_of(connection: Connection, shared: Shared, asked: Asked) -> int:
    """Return how many conversions are credited to anybody."""
    counted = "count(DISTINCT id)" if shared.is_split else "count(*)"
    found = await connection.fetchval(
        f"SELECT {counted} FROM {shared.table} WHERE occurred_at >= $1 AND occurred_at < $2",
        asked.since,
        asked.until,
    )
    return int(found or 0)
