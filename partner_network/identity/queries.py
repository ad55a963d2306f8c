"""Who is behind a session, an API key, an invitation; and the people of a brand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.identity.rules import credentials, wording
from partner_network.identity.rules.permissions import ApiKey, Member
from partner_network.kernel.sentences import Sentence
from partner_network.languages import spoken, zones
from partner_network.languages.spoken import Language


class Session(msgspec.Struct, frozen=True):
    """A signed-in browser or program: who it is, and the token that its unsafe requests carry."""

    member: Member
    csrf_token: str
    expires_at: datetime
    last_seen_at: datetime
    language: Language | None = None
    """What the person chose to read; none is what their browser likes best."""
    time_zone: str = zones.UTC


class Place(msgspec.Struct, frozen=True):
    """Where a person may act: a brand, or the operator when there is no brand."""

    brand_id: UUID | None
    name: str


class Colleague(msgspec.Struct, frozen=True):
    """A person of a brand as their colleagues see them."""

    id: UUID
    name: str
    email: str
    roles: tuple[str, ...]


class Invitation(msgspec.Struct, frozen=True):
    """What an invitation offers, to the person who holds its token."""

    id: UUID
    email: str
    role: str
    brand_id: UUID | None
    partnership_id: UUID | None
    inviter: str
    place: str
    """The company that one joins."""
    expires_at: datetime
    is_known: bool
    """Whether the address has an account already, whose password then accepts."""


async def session_of(token: str, now: datetime) -> Session | None:
    """Find the live session of a token, with the roles its person has at this moment."""
    row = await connections.pool().fetchrow(
        """SELECT (session).id AS session_id, (session).member_id AS id, (session).brand_id,
                  (session).csrf_token, (session).expires_at, (session).last_seen_at,
                  (session).factor_given_at IS NOT NULL AS has_given_factor, name, email, roles,
                  language, time_zone
           FROM session_behind($1) WHERE (session).expires_at > $2 AND (session).last_seen_at > $3""",
        credentials.hash_of(token),
        now,
        now - credentials.SESSION_IDLES,
    )
    if row is None or not row["roles"]:
        return None
    member = Member(
        row["id"],
        row["name"],
        row["email"],
        row["brand_id"],
        frozenset(row["roles"]),
        row["session_id"],
        row["has_given_factor"],
    )
    return Session(
        member,
        row["csrf_token"],
        row["expires_at"],
        row["last_seen_at"],
        spoken.known(row["language"]),
        row["time_zone"],
    )


async def api_key_of(key: str, now: datetime) -> ApiKey | None:
    """Find the brand and the scopes behind an API key that is in force."""
    row = await connections.pool().fetchrow(
        """SELECT id, brand_id, scopes, prefix, last_used_at FROM api_key_behind($1)
           WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)""",
        credentials.hash_of(key),
        now,
    )
    if row is None:
        return None
    is_live = row["prefix"].startswith(credentials.LIVE_KEY)
    return ApiKey(row["id"], row["brand_id"], frozenset(row["scopes"]), is_live, row["last_used_at"])


async def places_of(connection: Connection, member_id: UUID) -> Sequence[Place]:
    """List where a person may act, the oldest membership first."""
    rows = await connection.fetch(
        """SELECT r.brand_id, b.name
           FROM memberships r LEFT JOIN brands b ON b.id = r.brand_id
           WHERE r.member_id = $1 GROUP BY r.brand_id, b.name ORDER BY min(r.created_at), r.brand_id""",
        member_id,
    )
    return [Place(row["brand_id"], row["name"] or wording.NETWORK) for row in rows]


async def places_of_member(member: Member) -> Sequence[Place]:
    """List where the signed-in person may act."""
    # The doorkeeper's eyes: a brand's own do not see where else its people act.
    async with connections.transaction(eyes="doorkeeper") as connection:
        return await places_of(connection, member.id)


async def around(member: Member) -> tuple[Sequence[Place], int]:
    """Return what stands around each page: where the person may act, and how many messages wait for them.

    The messages are those of a slice above, which this one knows by their rows alone: one transaction a page.
    """
    async with connections.transaction(eyes="doorkeeper") as connection:
        unread: int = await connection.fetchval(
            """SELECT count(*) FROM notifications WHERE member_id = $1 AND read_at IS NULL
               AND (side = 'person' OR side = $2 AND brand_id IS NOT DISTINCT FROM $3)""",
            member.id,
            "operator" if member.is_operator else "brand",
            member.brand_id,
        )
        return await places_of(connection, member.id), unread


async def colleagues_of(member: Member) -> Sequence[Colleague]:
    """List the people of the member's own brand, or of the operator."""
    async with connections.transaction(eyes=member.eyes) as connection:
        rows = await connection.fetch(
            """SELECT m.id, m.name, m.email, array_agg(r.role ORDER BY r.role) AS roles
               FROM memberships r JOIN members m ON m.id = r.member_id
               WHERE r.brand_id IS NOT DISTINCT FROM $1 GROUP BY m.id ORDER BY m.id""",
            member.brand_id,
        )
    return [Colleague(row["id"], row["name"], row["email"], tuple(row["roles"])) for row in rows]


async def invitation_of(token: str, now: datetime) -> Invitation | None:
    """Find what an invitation offers, while it is open."""
    async with connections.transaction(eyes="doorkeeper") as connection:
        row = await connection.fetchrow(
            """SELECT i.id, i.email, i.role, i.brand_id, i.partnership_id, i.expires_at, m.name AS inviter,
                      b.name AS place,
                      EXISTS (SELECT FROM members k WHERE k.email = i.email) AS is_known
               FROM invitations i JOIN members m ON m.id = i.invited_by
               LEFT JOIN brands b ON b.id = i.brand_id
               WHERE i.token_hash = $1 AND i.accepted_at IS NULL AND i.expires_at > $2""",
            credentials.hash_of(token),
            now,
        )
    if row is None:
        return None
    found: dict[str, Any] = {**row, "place": row["place"] or Sentence("the network")}
    return Invitation(**found)
