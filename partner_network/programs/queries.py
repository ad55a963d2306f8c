"""Programs and partnerships, each as far as the asking brand may see it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.identity.rules.permissions import Asking
from partner_network.kernel.errors import NotFoundError
from partner_network.languages.spoken import Language
from partner_network.programs import rules
from partner_network.programs.rules import Status

# $1 is the asking brand, null for the operator, who sees all.
_SEES_PROGRAM = """($1::uuid IS NULL OR g.brand_id = $1 OR EXISTS (
    SELECT FROM partnerships p WHERE p.program_id = g.id AND p.partner_id = $1
        AND p.status NOT IN ('ended', 'declined')))"""
_PROGRAM = """SELECT g.id, g.brand_id, b.name AS brand_name, g.slug, g.name, g.offer, g.default_url,
    g.destination_hosts, g.created_at,
    (SELECT max(v.version) FROM program_versions v WHERE v.program_id = g.id) AS version
    FROM programs g JOIN brands b ON b.id = g.brand_id"""
_SEES_PARTNERSHIP = "($1::uuid IS NULL OR $1 IN (p.advertiser_id, p.partner_id))"
_PARTNERSHIP = """SELECT p.id, p.program_id, g.name AS program_name, p.advertiser_id,
    a.name AS advertiser_name, p.partner_id, r.name AS partner_name, p.status, p.mirror_id,
    p.created_at, p.active_from, p.ended_at
    FROM partnerships p JOIN program_names g ON g.id = p.program_id
    JOIN brands a ON a.id = p.advertiser_id JOIN brands r ON r.id = p.partner_id"""


class Program(msgspec.Struct, frozen=True):
    """What an advertiser wants promoted."""

    id: UUID
    brand_id: UUID
    brand_name: str
    slug: str
    name: str
    offer: str
    default_url: str
    destination_hosts: tuple[str, ...]
    created_at: datetime
    version: int | None
    """The newest published version of its policy; none yet means no agreement can cite it."""


class Partnership(msgspec.Struct, frozen=True):
    """A brand that promotes a program, from the invitation on."""

    id: UUID
    program_id: UUID
    program_name: str
    advertiser_id: UUID
    advertiser_name: str
    partner_id: UUID
    partner_name: str
    status: Status
    mirror_id: UUID | None
    created_at: datetime
    active_from: datetime | None
    ended_at: datetime | None
    """When it ends by the notice that stands, or has ended."""

    def status_at(self, now: datetime) -> Status:
        """Return its status at an instant, of which the end may not be written down yet."""
        return rules.status_at(self.status, self.ended_at, now)


class Offer(msgspec.Struct, frozen=True):
    """What an invitation's page says of the companies: who asks for which program, and in which language."""

    language: Language | None
    advertiser: str | None = None
    program: str | None = None


async def offer_of(brand_id: UUID | None, partnership_id: UUID | None) -> Offer:
    """Return what goes with an invitation into a brand, with a partnership that it is asked for or without.

    The language is that in which the inviting company speaks to people outside; the operator has none.
    """
    if brand_id is None:
        return Offer(None)
    async with connections.transaction(eyes=brand_id) as connection:
        row = await connection.fetchrow(
            """SELECT coalesce(a.customer_language, b.customer_language) AS language, a.name AS advertiser,
                      g.name AS program
               FROM brands b LEFT JOIN partnerships p ON p.id = $2
               LEFT JOIN brands a ON a.id = p.advertiser_id LEFT JOIN program_names g ON g.id = p.program_id
               WHERE b.id = $1""",
            brand_id,
            partnership_id,
        )
    return Offer(None) if row is None else msgspec.convert(dict(row), Offer)


async def program_of(asking: Asking, program_id: UUID) -> Program:
    """Return a program that the asking brand owns or promotes. Errors: NotFoundError."""
    async with connections.transaction(eyes=asking.eyes) as connection:
        row = await connection.fetchrow(
            f"{_PROGRAM} WHERE {_SEES_PROGRAM} AND g.id = $2", asking.brand_id, program_id
        )
    if row is None:
        raise NotFoundError("There is no such program for you.")
    return msgspec.convert(dict(row), Program)


async def programs_of(asking: Asking, *, after: UUID | None, limit: int) -> Sequence[Program]:
    """List the programs that the asking brand owns or promotes, the oldest first."""
    async with connections.transaction(eyes=asking.eyes) as connection:
        rows = await connection.fetch(
            f"""{_PROGRAM} WHERE {_SEES_PROGRAM} AND ($2::uuid IS NULL OR g.id > $2)
                ORDER BY g.id LIMIT $3""",
            asking.brand_id,
            after,
            limit,
        )
    return [msgspec.convert(dict(row), Program) for row in rows]


async def partnership_of(asking: Asking, partnership_id: UUID) -> Partnership:
    """Return a partnership of the asking brand, on either side. Errors: NotFoundError."""
    async with connections.transaction(eyes=asking.eyes) as connection:
        return await partnership_within(connection, asking, partnership_id)


async def partnership_within(connection: Connection, asking: Asking, partnership_id: UUID) -> Partnership:
    """Return a partnership of the asking brand within the caller's transaction. Errors: NotFoundError."""
    return await partnership_by_id(connection, partnership_id, brand_id=asking.brand_id)


async def partnership_by_id(
    connection: Connection, partnership_id: UUID, *, brand_id: UUID | None = None
) -> Partnership:
    """Return a partnership as one brand sees it, or the network itself. Errors: NotFoundError."""
    row = await connection.fetchrow(
        f"{_PARTNERSHIP} WHERE {_SEES_PARTNERSHIP} AND p.id = $2", brand_id, partnership_id
    )
    if row is None:
        raise NotFoundError("There is no such partnership for you.")
    return msgspec.convert(dict(row), Partnership)


async def partnerships_of(asking: Asking, *, after: UUID | None, limit: int) -> Sequence[Partnership]:
    """List the partnerships of the asking brand on both sides, the oldest first."""
    async with connections.transaction(eyes=asking.eyes) as connection:
        rows = await connection.fetch(
            f"""{_PARTNERSHIP} WHERE {_SEES_PARTNERSHIP} AND ($2::uuid IS NULL OR p.id > $2)
                ORDER BY p.id LIMIT $3""",
            asking.brand_id,
            after,
            limit,
        )
    return [msgspec.convert(dict(row), Partnership) for row in rows]


async def names_of(connection: Connection, partnership_id: UUID) -> dict[str, str]:
    """Return what people call a partnership's program and its two brands, as messages about it say."""
    row = await connection.fetchrow(
        """SELECT g.name AS program, a.name AS advertiser, coalesce(b.name, '–') AS partner
           FROM partnerships p JOIN program_names g ON g.id = p.program_id
           JOIN brands a ON a.id = p.advertiser_id
           LEFT JOIN brands b ON b.id = p.partner_id WHERE p.id = $1""",
        partnership_id,
    )
    return {} if row is None else dict(row)
