"""Read who pays and who is paid on statements, by slugs, which no two brands share."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection

Side = Literal["payer", "payee"]
LISTED_MAX = 500


class Named(msgspec.Struct, frozen=True):
    """A brand as a choice names it."""

    slug: str
    name: str


async def stated(connection: Connection, side: Side) -> Sequence[Named]:
    """Return the brands on one side of statements, by name."""
    rows = await connection.fetch(
        f"""SELECT b.slug, b.name FROM brands b
            WHERE EXISTS (SELECT FROM statements s WHERE s.{side}_id = b.id)
            ORDER BY b.name, b.slug LIMIT $1""",
        LISTED_MAX,
    )
    return [Named(**row) for row in rows]


async def partners_of(connection: Connection, brand_id: UUID) -> Sequence[Named]:
    """Return the brands that a brand has statements with, whichever of the two pays, by name."""
    rows = await connection.fetch(
        """SELECT b.slug, b.name FROM brands b WHERE b.id IN (
               SELECT payer_id FROM statements WHERE payee_id = $1
               UNION SELECT payee_id FROM statements WHERE payer_id = $1)
           ORDER BY b.name, b.slug LIMIT $2""",
        brand_id,
        LISTED_MAX,
    )
    return [Named(**row) for row in rows]
