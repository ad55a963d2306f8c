"""What people change about their own account while they are signed in: the password, and where they are."""

from uuid import UUID

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity import passwords
from partner_network.identity.actions import audit, resets
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import ForbiddenError
from partner_network.kernel.sentences import Sentence
from partner_network.settings import Settings


async def change_password(member: Member, *, old: str, new: str, settings: Settings) -> None:
    """Set a new password for whoever knows the old one; their other sessions end, this one stays."""
    async with connections.transaction(eyes="doorkeeper") as connection:
        stored = await connection.fetchval("SELECT password_hash FROM members WHERE id = $1", member.id)
    if not await passwords.is_right(old, stored):
        raise ForbiddenError(
            "This is not your present password; type it again.", fields={"old": Sentence("is not right")}
        )
    hashed = await passwords.hash_of(new, email=member.email)
    async with connections.transaction(eyes="doorkeeper") as connection:
        now = clock.wall_now()
        await resets.set_password(connection, member.id, hashed, now, settings, but_session=member.session_id)
        await audit.record(connection, member, "change", "password", member.id)


async def end_session(member: Member, session_id: UUID) -> None:
    """End one of one's own sessions; one that has ended, or is somebody else's, is left as it is."""
    async with connections.transaction(eyes="doorkeeper") as connection:
        ended = await connection.fetchval(
            "DELETE FROM sessions WHERE id = $1 AND member_id = $2 RETURNING true", session_id, member.id
        )
        if ended:
            await audit.record(connection, member, "revoke", "session", session_id, brands=[member.brand_id])


async def end_other_sessions(member: Member) -> None:
    """End all of one's own sessions but the one that asks."""
    async with connections.transaction(eyes="doorkeeper") as connection:
        rows = await connection.fetch(
            "DELETE FROM sessions WHERE member_id = $1 AND id IS DISTINCT FROM $2 RETURNING id",
            member.id,
            member.session_id,
        )
        for row in rows:
            await audit.record(connection, member, "revoke", "session", row["id"], brands=[member.brand_id])
