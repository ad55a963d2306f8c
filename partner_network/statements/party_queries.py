"""Read who pays and who is paid on statements, by slugs, which no two brands share."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection

LISTED_MAX = 500


class Named(msgspec.Struct, frozen=True):
    """A brand as a choice names it."""

    slug: str
    name: str


class Choices(msgspec.Struct, frozen=True):
    """By what statements can be chosen: periods, the newest first, and who pays and who is paid, by name."""

    periods: Sequence[str]
    payers: Sequence[Named]
    payees: Sequence[Named]


async def choices(connection: Connection) -> Choices:
    """Return by what all statements can be chosen."""
    rows = await connection.fetch(
        """SELECT what, slug, name FROM (
               SELECT 'period' AS what, period AS slug, period AS name,
                   row_number() OVER (ORDER BY max(ends_at) DESC, period) AS place
               FROM statements GROUP BY period
               UNION ALL SELECT 'payer', b.slug, b.name, row_number() OVER (ORDER BY b.name, b.slug)
               FROM brands b WHERE EXISTS (SELECT FROM statements s WHERE s.payer_id = b.id)
               UNION ALL SELECT 'payee', b.slug, b.name, row_number() OVER (ORDER BY b.name, b.slug)
               FROM brands b WHERE EXISTS (SELECT FROM statements s WHERE s.payee_id = b.id)) x
           WHERE place <= $1 ORDER BY what, place""",
        LISTED_MAX,
    )

    def of(what: str) -> list[Named]:
        return [Named(row["slug"], row["name"]) for row in rows if row["what"] == what]

    return Choices([one.slug for one in of("period")], of("payer"), of("payee"))


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
