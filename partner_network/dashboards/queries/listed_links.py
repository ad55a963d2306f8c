"""Read a brand's links as a list: searched, sorted and paged by the database, clicks counted where shown."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

import asyncpg
import msgspec

from partner_network.database.connections import Connection
from partner_network.identity.web.listings import Listing
from partner_network.kernel.errors import NotFoundError

ORDERS: Mapping[str, str] = MappingProxyType(
    {
        "name": "lower(l.name)",
        "created": "l.created_at",
        "gross": "coalesce(c.gross, 0)",
        "unique": "coalesce(c.visitors, 0)",
        "valid": "coalesce(c.valid, 0)",
    }
)
STATES = ("on", "off")
_BY_CLICKS = frozenset({"gross", "unique", "valid"})
_FOUND = """FROM links l JOIN program_names n ON n.id = l.program_id
    WHERE l.partner_id = $1 AND ($2 = '' OR $2 = CASE WHEN l.disabled_at IS NULL THEN 'on' ELSE 'off' END)
        AND (l.name ILIKE $3 OR l.token ILIKE $3 OR n.name ILIKE $3)"""
_COLUMNS = """l.id, l.token, l.partnership_id, l.name, n.name AS program, l.destination_url, l.created_at,
    l.disabled_at"""
_COUNTS = """SELECT link_id, count(*) AS gross, count(*) FILTER (WHERE excluded IS NULL) AS valid,
        count(DISTINCT visitor_key) FILTER (WHERE excluded IS NULL) AS visitors
    FROM clicks WHERE partnership_id IN (SELECT partnership_id FROM {chosen}) {more} GROUP BY link_id"""


class NamedLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link by its address and name."""

    id: UUID
    token: str
    name: str
    disabled_at: datetime | None


class ListedLink(NamedLink, frozen=True, kw_only=True):
    """A link of the list and its clicks, counted three ways as `links.queries.TrackedLink` says."""

    program: str
    destination_url: str
    created_at: datetime
    clicks_gross: int
    clicks_unique: int
    clicks_valid: int


async def link_of(connection: Connection, brand_id: UUID, link_id: UUID) -> NamedLink:
    """Return a link of a brand, on either side of its partnership. Errors: NotFoundError."""
    row = await connection.fetchrow(
        """SELECT id, token, name, disabled_at FROM links
           WHERE id = $1 AND $2 IN (partner_id, advertiser_id)""",
        link_id,
        brand_id,
    )
    if row is None:
        raise NotFoundError("There is no such link for you.")
    return NamedLink(**row)


async def links_of(
    connection: Connection, partner_id: UUID, listing: Listing
) -> tuple[Listing, list[ListedLink]]:
    """Return the links that a view of the list shows, and the view with their number."""
    asked = (partner_id, listing.chosen("state"), listing.like)
    listing = listing.counted(await connection.fetchval(f"SELECT count(*) {_FOUND}", *asked))
    sql = _sorted_by_clicks(listing) if listing.sort in _BY_CLICKS else _sorted_by_themselves(listing)
    return listing, _links(await connection.fetch(sql, *asked, listing.limit, listing.offset))


def _sorted_by_themselves(listing: Listing) -> str:
    """Cut the page first and count the clicks of its links alone."""
    order = listing.order_by(ORDERS, tie="l.id")
    counts = _COUNTS.format(chosen="cut", more="AND link_id IN (SELECT id FROM cut)")
    return f"""WITH cut AS MATERIALIZED (
            SELECT {_COLUMNS}, row_number() OVER (ORDER BY {order}) AS place {_FOUND}
            ORDER BY {order} LIMIT $4 OFFSET $5), counted AS ({counts})
        SELECT cut.*, c.gross, c.valid, c.visitors FROM cut LEFT JOIN counted c ON c.link_id = cut.id
        ORDER BY cut.place"""


def _sorted_by_clicks(listing: Listing) -> str:
    """Count all clicks, since they decide which links stand on the page."""
    counts = _COUNTS.format(chosen="found", more="")
    return f"""WITH found AS (SELECT {_COLUMNS} {_FOUND}), counted AS ({counts})
        SELECT l.*, c.gross, c.valid, c.visitors FROM found l LEFT JOIN counted c ON c.link_id = l.id
        ORDER BY {listing.order_by(ORDERS, tie="l.id")} LIMIT $4 OFFSET $5"""


def _links(rows: Sequence[asyncpg.Record]) -> list[ListedLink]:
    return [
        ListedLink(
            id=row["id"],
            token=row["token"],
            name=row["name"],
            disabled_at=row["disabled_at"],
            program=row["program"],
            destination_url=row["destination_url"],
            created_at=row["created_at"],
            clicks_gross=row["gross"] or 0,
            clicks_unique=row["visitors"] or 0,
            clicks_valid=row["valid"] or 0,
        )
        for row in rows
    ]
