"""Mark one's own messages as read."""

from uuid import UUID

from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import NotFoundError
from partner_network.notifications import queries


async def mark_read(member: Member, message_id: UUID) -> None:
    """Mark one of one's own messages as read; a second time changes nothing. Errors: NotFoundError."""
    async with queries.looking_as(member.id) as connection:
        found = await connection.fetchval(
            """UPDATE notifications SET read_at = coalesce(read_at, $3) WHERE id = $1 AND member_id = $2
               RETURNING true""",
            message_id,
            member.id,
            clock.wall_now(),
        )
    if not found:
        raise NotFoundError("There is no such message for you; it may have been let go.")


async def mark_all_read(member: Member) -> None:
    """Mark as read what one was told about oneself and the company one acts for."""
    async with queries.looking_as(member.id) as connection:
        await connection.execute(
            """UPDATE notifications SET read_at = $4
               WHERE member_id = $1 AND (side = 'person' OR side = $2 AND brand_id IS NOT DISTINCT FROM $3)
                     AND read_at IS NULL""",
            *queries.place_of(member),
            clock.wall_now(),
        )
