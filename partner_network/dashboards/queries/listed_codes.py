"""Read a brand's promo codes as a list, those it was given and those it gave; searched and paged."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection
from partner_network.identity.web.listings import Listing

ORDERS: Mapping[str, str] = MappingProxyType(
    {"code": "lower(c.code)", "given": "c.created_at", "brand": "lower(b.name)"}
)
STATES = ("on", "off")
_FOUND = """FROM codes c JOIN program_names n ON n.id = c.program_id
        JOIN brands b ON b.id = CASE c.partner_id WHEN $1 THEN c.advertiser_id ELSE c.partner_id END
    WHERE $1 IN (c.advertiser_id, c.partner_id)
        AND ($2 = '' OR $2 = CASE WHEN c.withdrawn_at IS NULL THEN 'on' ELSE 'off' END)
        AND (c.code ILIKE $3 OR b.name ILIKE $3 OR n.name ILIKE $3)"""


class ListedCode(msgspec.Struct, frozen=True, kw_only=True):
    """A promo code, with the other brand of its partnership."""

    id: UUID
    code: str
    brand: str
    program: str
    is_given: bool
    """Whether the brand that looks gave it, and may withdraw it; else it was given to it."""
    created_at: datetime
    withdrawn_at: datetime | None


class UsableCode(msgspec.Struct, frozen=True):
    """A code that a brand may hand to its own customers now."""

    id: UUID
    code: str
    program: str


async def codes_of(
    connection: Connection, brand_id: UUID, listing: Listing
) -> tuple[Listing, list[ListedCode]]:
    """Return the codes that a view of the list shows, and the view with their number."""
    asked = (brand_id, listing.chosen("state"), listing.like)
    listing = listing.counted(await connection.fetchval(f"SELECT count(*) {_FOUND}", *asked))
    rows = await connection.fetch(
        f"""SELECT c.id, c.code, b.name AS brand, n.name AS program, c.advertiser_id = $1 AS is_given,
                c.created_at, c.withdrawn_at {_FOUND}
            ORDER BY {listing.order_by(ORDERS, tie="c.id")} LIMIT $4 OFFSET $5""",
        *asked,
        listing.limit,
        listing.offset,
    )
    return listing, [ListedCode(**row) for row in rows]


async def usable_codes_of(connection: Connection, partner_id: UUID, limit: int) -> list[UsableCode]:
    """Return the newest codes that were given to a brand and hold, of its active partnerships."""
    rows = await connection.fetch(
        """SELECT c.id, c.code, n.name AS program FROM codes c JOIN program_names n ON n.id = c.program_id
           JOIN partnerships p ON p.id = c.partnership_id AND p.status = 'active'
           WHERE c.partner_id = $1 AND c.withdrawn_at IS NULL
           ORDER BY c.created_at DESC, c.id DESC LIMIT $2""",
        partner_id,
        limit,
    )
    return [UsableCode(**row) for row in rows]
