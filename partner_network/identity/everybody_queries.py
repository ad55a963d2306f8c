"""Everybody who has an account, for the network's admins: where they act, and whether they have a factor."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.identity.rules import permissions, wording
from partner_network.identity.rules.permissions import Member

# Whoever was erased has an address that nobody can have.
_FOUND = r"""FROM members m WHERE m.email NOT LIKE 'erased-%@erased.invalid' AND (
    m.name ILIKE $1 OR m.email ILIKE $1 OR EXISTS (
        SELECT FROM memberships r JOIN brands b ON b.id = r.brand_id
        WHERE r.member_id = m.id AND b.name ILIKE $1))"""


class Role(msgspec.Struct, frozen=True):
    """What somebody is at one place."""

    place: str
    roles: tuple[str, ...]


class Person(msgspec.Struct, frozen=True):
    """Somebody with an account."""

    id: UUID
    name: str
    email: str
    created_at: datetime
    has_factor: bool
    places: tuple[Role, ...]


class View(msgspec.Struct, frozen=True):
    """Which people are looked at, in the database's own words."""

    like: str
    order_by: str
    limit: int
    offset: int


async def how_many(admin: Member, like: str) -> int:
    """Count the people found."""
    permissions.must(admin, "erase people")
    async with connections.transaction(eyes="doorkeeper") as connection:
        return await connection.fetchval(f"SELECT count(*) {_FOUND}", like)


async def everybody(admin: Member, view: View) -> Sequence[Person]:
    """List some of the people found, with all the places where they act."""
    permissions.must(admin, "erase people")
    # The doorkeeper's eyes: no brand's own see where else its people act.
    async with connections.transaction(eyes="doorkeeper") as connection:
        rows = await connection.fetch(
            f"""SELECT m.id, m.name, m.email, m.created_at, EXISTS (
                    SELECT FROM second_factors f WHERE f.member_id = m.id
                        AND f.confirmed_at IS NOT NULL AND f.removed_at IS NULL) AS has_factor
                {_FOUND} ORDER BY {view.order_by} LIMIT $2 OFFSET $3""",
            view.like,
            view.limit,
            view.offset,
        )
        places = await _places(connection, [row["id"] for row in rows])
    return [Person(**row, places=tuple(places.get(row["id"], ()))) for row in rows]


async def _places(connection: Connection, people: Sequence[UUID]) -> Mapping[UUID, Sequence[Role]]:
    rows = await connection.fetch(
        """SELECT r.member_id, b.name, array_agg(r.role ORDER BY r.role) AS roles
           FROM memberships r LEFT JOIN brands b ON b.id = r.brand_id WHERE r.member_id = ANY ($1)
           GROUP BY r.member_id, b.id ORDER BY b.name NULLS FIRST""",
        people,
    )
    found: dict[UUID, list[Role]] = {}
    for row in rows:
        found.setdefault(row["member_id"], []).append(
            Role(row["name"] or wording.NETWORK, tuple(row["roles"]))
        )
    return found
