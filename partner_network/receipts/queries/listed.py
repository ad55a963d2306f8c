"""Read conversions as lists: an advertiser's own, those that a partner had a touch before, or everybody's."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Literal
from uuid import UUID

from msgspec import Struct

from partner_network.database.connections import Connection
from partner_network.identity.web.listings import Listing
from partner_network.kernel import ids

Side = Literal["sold", "brought", "network"]
"""The brand's own conversions, those that a touch of it stands before, or everybody's for the operator."""

ORDERS: Mapping[str, str] = MappingProxyType(
    {"date": "v.occurred_at", "order": "v.order_id", "net": "v.net_minor"}
)
OUTCOMES: Mapping[Side, Sequence[str]] = MappingProxyType(
    {
        "sold": ("attributed", "unattributed", "received"),
        "brought": ("credited", "not_credited"),
        "network": ("attributed", "unattributed", "received"),
    }
)
_DECIDED = "coalesce((SELECT d.outcome FROM current_decisions d WHERE d.conversion_id = v.id), 'received')"
_CREDITED = """CASE WHEN EXISTS (
        SELECT FROM current_decisions d
        JOIN credits k ON k.conversion_id = d.conversion_id AND k.rev = d.rev
        JOIN partnerships p ON p.id = k.partnership_id AND p.partner_id = $1
        WHERE d.conversion_id = v.id) THEN 'credited' ELSE 'not_credited' END"""
_OUTCOME: Mapping[Side, str] = MappingProxyType({"sold": _DECIDED, "brought": _CREDITED, "network": _DECIDED})
_WHOSE: Mapping[Side, str] = MappingProxyType(
    {
        "sold": "v.brand_id = $1",
        "brought": """v.id IN (SELECT c.conversion_id FROM candidacies c WHERE c.partner_id = $1)
            AND v.brand_id <> $1""",
        "network": "$1::uuid IS NULL",
    }
)


class Listed(Struct, frozen=True):
    """A conversion in a list; money in minor units of its own currency."""

    id: UUID
    order_id: str
    event: str
    advertiser: str
    program: str | None
    occurred_at: datetime
    currency: str
    net_minor: int
    outcome: str
    partners: Sequence[str]
    """The names of those with credit, as far as the reader may know."""
    commissions: Sequence[tuple[str, int]]
    """What it earns them now, by currency."""


async def programs_listed(connection: Connection, brand_id: UUID | None, side: Side) -> dict[str, str]:
    """Return the programs that a list may be narrowed to: names by id."""
    rows = await connection.fetch(
        """SELECT g.id, g.name FROM program_names g
           WHERE $1::uuid IS NULL
               OR $2 = 'sold' AND g.id IN (SELECT id FROM programs WHERE brand_id = $1)
               OR $2 = 'brought' AND g.id IN (SELECT program_id FROM partnerships WHERE partner_id = $1)
           ORDER BY g.name, g.id""",
        brand_id,
        side,
    )
    return {ids.shown("prg", row["id"]): row["name"] for row in rows}


async def sides_of(connection: Connection, brand_id: UUID) -> list[Side]:
    """Return which lists a brand has: of what it sells, of what it brings others, or both."""
    row = await connection.fetchrow(
        """SELECT EXISTS (SELECT FROM programs WHERE brand_id = $1) AS sells,
               EXISTS (SELECT FROM partnerships WHERE partner_id = $1) AS brings""",
        brand_id,
    )
    if row is None:
        return ["sold"]
    found: list[Side] = ["sold"] if row["sells"] or not row["brings"] else []
    return [*found, "brought"] if row["brings"] else found


async def conversions_in(
    connection: Connection, brand_id: UUID | None, side: Side, listing: Listing
) -> tuple[Listing, list[Listed]]:
    """Return the conversions that a view of a list shows, and the view with their number."""
    found, asked = _found(brand_id, side, listing)
    listing = listing.counted(
        await connection.fetchval(f"SELECT count(*) FROM conversions v {found}", *asked)
    )
    rows = await connection.fetch(
        f"""WITH cut AS MATERIALIZED (
                SELECT v.*, row_number() OVER (ORDER BY {listing.order_by(ORDERS, tie="v.id")}) AS place
                FROM conversions v {found}
                ORDER BY {listing.order_by(ORDERS, tie="v.id")} LIMIT $5 OFFSET $6)
            SELECT v.id, v.order_id, v.event, b.name AS advertiser, g.name AS program, v.occurred_at,
                v.currency, v.net_minor, {_OUTCOME[side]} AS outcome
            FROM cut v JOIN brands b ON b.id = v.brand_id LEFT JOIN program_names g ON g.id = v.program_id
            ORDER BY v.place""",
        *asked,
        listing.limit,
        listing.offset,
    )
    conversion_ids = [row["id"] for row in rows]
    only = brand_id if side == "brought" else None
    partners = await _credited(connection, conversion_ids, only)
    earned = await _earned(connection, conversion_ids, only)
    return listing, [
        Listed(**row, partners=partners.get(row["id"], ()), commissions=earned.get(row["id"], ()))
        for row in rows
    ]


def _found(brand_id: UUID | None, side: Side, listing: Listing) -> tuple[str, tuple[object, ...]]:
    """Return what follows FROM, and its arguments; the outcome is looked up only where it is asked for."""
    outcome = f"$2 = {_OUTCOME[side]}" if listing.chosen("outcome") else "$2 = ''"
    program = listing.chosen("program")
    where = f"""WHERE {_WHOSE[side]} AND {outcome} AND ($3::uuid IS NULL OR v.program_id = $3)
        AND ($4 = '%%' OR v.order_id ILIKE $4)"""
    return where, (
        brand_id,
        listing.chosen("outcome"),
        ids.parse("prg", program) if program else None,
        listing.like,
    )


async def _credited(
    connection: Connection, conversion_ids: Sequence[UUID], only: UUID | None
) -> dict[UUID, tuple[str, ...]]:
    rows = await connection.fetch(
        """SELECT w.id, array_agg(DISTINCT b.name ORDER BY b.name) AS names
           FROM unnest($1::uuid[]) AS w (id) JOIN current_decisions d ON d.conversion_id = w.id
           JOIN credits k ON k.conversion_id = d.conversion_id AND k.rev = d.rev
           JOIN partnerships p ON p.id = k.partnership_id JOIN brands b ON b.id = p.partner_id
           WHERE $2::uuid IS NULL OR p.partner_id = $2 GROUP BY w.id""",
        conversion_ids,
        only,
    )
    return {row["id"]: tuple(row["names"]) for row in rows}


async def _earned(
    connection: Connection, conversion_ids: Sequence[UUID], only: UUID | None
) -> dict[UUID, tuple[tuple[str, int], ...]]:
    rows = await connection.fetch(
        """SELECT c.conversion_id AS id, c.currency, sum(r.target_minor)::bigint AS minor
           FROM commissions c JOIN current_targets r ON r.commission_id = c.id
           WHERE c.conversion_id = ANY($1::uuid[]) AND c.kind = 'commission'
               AND ($2::uuid IS NULL OR c.partner_id = $2)
           GROUP BY c.conversion_id, c.currency ORDER BY c.currency""",
        conversion_ids,
        only,
    )
    found: dict[UUID, tuple[tuple[str, int], ...]] = {}
    for row in rows:
        found[row["id"]] = (*found.get(row["id"], ()), (row["currency"], row["minor"]))
    return found
