"""One brand as the back office sees it: its people, its programs, whom it promotes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.brands import queries as brands
from partner_network.brands.queries import Brand
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.programs.rules import Status

ROWS_MAX = 100
"""Of each list the page shows so many, and says how many there are."""


class Someone(msgspec.Struct, frozen=True):
    """A person of the brand."""

    name: str
    email: str
    roles: tuple[str, ...]


class Awaited(msgspec.Struct, frozen=True):
    """An invitation that nobody has taken up, open or run out."""

    email: str
    role: str
    expires_at: datetime


class OwnProgram(msgspec.Struct, frozen=True):
    """A program of the brand; without a version no agreement can cite it."""

    id: UUID
    name: str
    version: int | None
    partners: int


class Joined(msgspec.Struct, frozen=True):
    """A partnership of the brand, on either side."""

    id: UUID
    program_name: str
    other_name: str
    promotes: bool
    """Whether the brand is the one that promotes."""
    status: Status


class BrandRead(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on the page of a brand."""

    brand: Brand
    is_charity: bool
    listed_at: datetime | None
    """Since when it is listed as a charity; none where it is not, or no longer."""
    transfers_status: str | None
    has_payment_method: bool
    people: Sequence[Someone]
    people_in_all: int
    invitations: Sequence[Awaited]
    programs: Sequence[OwnProgram]
    programs_in_all: int
    partnerships: Sequence[Joined]
    partnerships_in_all: int
    agreements: int
    """How many signed agreements give to it."""

    @property
    def has_owner(self) -> bool:
        """Say whether somebody may bind it."""
        return any("owner" in one.roles for one in self.people)

    @property
    def is_payee(self) -> bool:
        """Say whether it is to be paid: as a charity, or because it promotes."""
        return self.is_charity or any(one.promotes for one in self.partnerships)


async def brand_read(brand_id: UUID) -> BrandRead:
    """Return what the page of a brand shows. Errors: NotFoundError."""
    async with connections.transaction(eyes="operator") as connection:
        brand = await brands.brand_within(connection, brand_id)
        standing = await connection.fetchrow(
            """SELECT h.brand_id IS NOT NULL AS is_charity,
                   CASE WHEN h.delisted_at IS NULL THEN h.listed_at END AS listed_at,
                   s.transfers_status, s.payment_method_id IS NOT NULL AS has_payment_method,
                   (SELECT count(DISTINCT r.member_id) FROM memberships r
                       WHERE r.brand_id = b.id) AS people_in_all,
                   (SELECT count(*) FROM programs g WHERE g.brand_id = b.id) AS programs_in_all,
                   (SELECT count(*) FROM partnerships p
                       WHERE b.id IN (p.advertiser_id, p.partner_id)) AS partnerships_in_all,
                   (SELECT count(*) FROM agreement_charities x WHERE x.charity_id = b.id AND EXISTS (
                       SELECT FROM terms t WHERE t.agreement_id = x.agreement_id)) AS agreements
               FROM brands b LEFT JOIN charities h ON h.brand_id = b.id
               LEFT JOIN stripe_accounts s ON s.brand_id = b.id WHERE b.id = $1""",
            brand_id,
        )
        return msgspec.convert(
            {
                **dict(standing or {}),
                "brand": brand,
                "people": await _people(connection, brand_id),
                "invitations": await _invitations(connection, brand_id),
                "programs": await _programs(connection, brand_id),
                "partnerships": await _partnerships(connection, brand_id),
            },
            BrandRead,
        )


async def _people(connection: Connection, brand_id: UUID) -> Sequence[Someone]:
    # Owners first: the page asks whether there is one.
    rows = await connection.fetch(
        """SELECT m.name, m.email, array_agg(r.role ORDER BY r.role) AS roles
           FROM memberships r JOIN members m ON m.id = r.member_id WHERE r.brand_id = $1
           GROUP BY m.id ORDER BY bool_or(r.role = 'owner') DESC, m.id LIMIT $2""",
        brand_id,
        ROWS_MAX,
    )
    return [Someone(row["name"], row["email"], tuple(row["roles"])) for row in rows]


async def _invitations(connection: Connection, brand_id: UUID) -> Sequence[Awaited]:
    rows = await connection.fetch(
        """SELECT email, role, expires_at FROM invitations
           WHERE brand_id = $1 AND accepted_at IS NULL ORDER BY id DESC LIMIT $2""",
        brand_id,
        ROWS_MAX,
    )
    return [Awaited(**row) for row in rows]


async def _programs(connection: Connection, brand_id: UUID) -> Sequence[OwnProgram]:
    rows = await connection.fetch(
        """SELECT g.id, g.name,
               (SELECT max(v.version) FROM program_versions v WHERE v.program_id = g.id) AS version,
               (SELECT count(*) FROM partnerships p
                   WHERE p.program_id = g.id AND p.status = 'active') AS partners
           FROM programs g WHERE g.brand_id = $1 ORDER BY g.id LIMIT $2""",
        brand_id,
        ROWS_MAX,
    )
    return [OwnProgram(**row) for row in rows]


async def _partnerships(connection: Connection, brand_id: UUID) -> Sequence[Joined]:
    rows = await connection.fetch(
        """SELECT p.id, g.name AS program_name, o.name AS other_name, p.partner_id = $1 AS promotes, p.status
           FROM partnerships p JOIN program_names g ON g.id = p.program_id
           JOIN brands o ON o.id = CASE WHEN p.partner_id = $1 THEN p.advertiser_id ELSE p.partner_id END
           WHERE $1 IN (p.advertiser_id, p.partner_id) ORDER BY p.id DESC LIMIT $2""",
        brand_id,
        ROWS_MAX,
    )
    return [Joined(**row) for row in rows]
