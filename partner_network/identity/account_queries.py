"""What people see of their own account and of their side: open invitations, and where they are signed in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules import credentials, devices, wording
from partner_network.identity.rules.permissions import Member

INVITATIONS_MAX = 500


class OpenInvitation(msgspec.Struct, frozen=True):
    """An invitation that nobody has taken up yet."""

    id: UUID
    email: str
    role: str
    place: str
    inviter: str
    created_at: datetime
    expires_at: datetime


class OwnSession(msgspec.Struct, frozen=True):
    """One of a person's sessions: where it was opened, and when it was last used."""

    id: UUID
    place: str
    device: str
    network_prefix: str | None
    created_at: datetime
    last_seen_at: datetime
    is_this_one: bool


async def open_invitations_of(member: Member) -> Sequence[OpenInvitation]:
    """List the open invitations to the member's own side; the operator sees those to every brand."""
    async with connections.transaction(eyes=member.eyes) as connection:
        rows = await connection.fetch(
            """SELECT i.id, i.email, i.role, b.name AS place, m.name AS inviter,
                      i.created_at, i.expires_at
               FROM invitations i LEFT JOIN member_names m ON m.id = i.invited_by
               LEFT JOIN brands b ON b.id = i.brand_id
               WHERE i.accepted_at IS NULL AND i.expires_at > $1
                     AND ($2 OR i.brand_id IS NOT DISTINCT FROM $3)
               ORDER BY i.id DESC LIMIT $4""",
            await clock.now(connection),
            member.is_operator,
            member.brand_id,
            INVITATIONS_MAX,
        )
    return [_open_invitation(row) for row in rows]


def _open_invitation(row: asyncpg.Record) -> OpenInvitation:
    found: dict[str, Any] = dict(row)
    # Whoever of the network invited to a brand is nobody whom the brand's people know by name.
    for name in ("inviter", "place"):
        found[name] = found[name] or wording.NETWORK
    return OpenInvitation(**found)


async def sessions_of(member: Member) -> Sequence[OwnSession]:
    """List a person's own live sessions, at all their brands, the one last used first."""
    now = clock.wall_now()
    # The doorkeeper's eyes: a person sees where they themselves are signed in, for whichever brand.
    async with connections.transaction(eyes="doorkeeper") as connection:
        rows = await connection.fetch(
            """SELECT s.id, b.name AS place, s.user_agent, s.network_prefix,
                      s.created_at, s.last_seen_at
               FROM sessions s LEFT JOIN brands b ON b.id = s.brand_id
               WHERE s.member_id = $1 AND s.expires_at > $2 AND s.last_seen_at > $3
               ORDER BY s.last_seen_at DESC, s.id""",
            member.id,
            now,
            now - credentials.SESSION_IDLES,
        )
    return [
        OwnSession(
            row["id"],
            row["place"] or wording.NETWORK,
            devices.in_words(row["user_agent"]),
            row["network_prefix"],
            row["created_at"],
            row["last_seen_at"],
            row["id"] == member.session_id,
        )
        for row in rows
    ]
