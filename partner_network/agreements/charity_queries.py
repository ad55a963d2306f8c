"""Which charities the operator lists, and which of them terms name."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.agreements.terms import Terms
from partner_network.database.connections import Connection
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence


class Charity(msgspec.Struct, frozen=True):
    """A brand that takes donations, as the operator's people see it."""

    brand_id: UUID
    slug: str
    name: str
    listed_at: datetime
    listed_by: str
    delisted_at: datetime | None
    agreements: int
    """How many signed agreements give to it."""


class Candidate(msgspec.Struct, frozen=True):
    """A brand that could be listed: it has no partnership."""

    brand_id: UUID
    slug: str
    name: str


async def charities(connection: Connection) -> list[Charity]:
    """Return all that were ever listed, by name."""
    rows = await connection.fetch(
        """SELECT h.brand_id, b.slug, b.name, h.listed_at, m.name AS listed_by, h.delisted_at,
               (SELECT count(*) FROM agreement_charities x WHERE x.charity_id = h.brand_id
                   AND EXISTS (SELECT FROM terms t WHERE t.agreement_id = x.agreement_id)) AS agreements
           FROM charities h JOIN brands b ON b.id = h.brand_id JOIN members m ON m.id = h.listed_by
           ORDER BY b.name, b.id"""
    )
    return [Charity(**row) for row in rows]


async def candidates(connection: Connection, limit: int) -> list[Candidate]:
    """Return brands without a partnership that are not listed, by name."""
    rows = await connection.fetch(
        """SELECT b.id AS brand_id, b.slug, b.name FROM brands b
           WHERE NOT EXISTS (SELECT FROM partnerships p WHERE b.id IN (p.advertiser_id, p.partner_id))
               AND NOT EXISTS (SELECT FROM charities h WHERE h.brand_id = b.id AND h.delisted_at IS NULL)
           ORDER BY b.name, b.id LIMIT $1""",
        limit,
    )
    return [Candidate(**row) for row in rows]


async def named_in(connection: Connection, terms: Terms) -> Sequence[UUID]:
    """Return the charities that terms give to. Errors: InvalidError for each that is not listed now."""
    if not terms.donations:
        return ()
    rows = await connection.fetch(
        "SELECT slug, brand_id FROM charity_names WHERE is_listed AND slug = ANY($1::text[])",
        [donation.charity for donation in terms.donations],
    )
    listed: Mapping[str, UUID] = {row["slug"]: row["brand_id"] for row in rows}
    fields = {
        f"donations[{index}].charity": Sentence("no charity {slug!r} is listed", slug=donation.charity)
        for index, donation in enumerate(terms.donations)
        if donation.charity not in listed
    }
    if fields:
        raise InvalidError(
            "Donations go to charities that the network’s operator lists; choose one of them.", fields=fields
        )
    return sorted(set(listed.values()))


async def is_charity(connection: Connection, brand_id: UUID) -> bool:
    """Tell whether a brand is, or ever was, listed: all that it is paid is donated."""
    wanted = "SELECT EXISTS (SELECT FROM charity_names WHERE brand_id = $1)"
    return bool(await connection.fetchval(wanted, brand_id))
