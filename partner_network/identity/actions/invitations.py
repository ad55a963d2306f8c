"""Withdraw an invitation, or send it once more."""

from uuid import UUID

import asyncpg

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.actions import audit, people
from partner_network.identity.actions.people import Invited
from partner_network.identity.rules import credentials, permissions
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import NotFoundError
from partner_network.kernel.sentences import Sentence
from partner_network.settings import Settings

_NOT_OPEN = Sentence("This invitation is not open any more; look at the list again.")


async def withdraw_invitation(member: Member, invitation_id: UUID) -> None:
    """End an invitation to one's own side that nobody took up; the operator may end each.

    A second time changes nothing.
    """
    permissions.must(member, "invite members")
    async with connections.transaction(eyes=member.eyes) as connection:
        at = await clock.now(connection)
        offer = await _locked(connection, member, invitation_id)
        if offer["expires_at"] <= at:
            return
        await connection.execute("UPDATE invitations SET expires_at = $2 WHERE id = $1", invitation_id, at)
        await audit.record(
            connection, member, "withdraw", "invitation", invitation_id, brands=[offer["brand_id"]]
        )


async def send_again(member: Member, invitation_id: UUID, settings: Settings) -> Invited:
    """Send an open invitation once more, with a new link; the old one opens nothing any more."""
    permissions.must(member, "invite members")
    async with connections.transaction(eyes=member.eyes) as connection:
        at, token = await clock.now(connection), credentials.new_token()
        offer = await _locked(connection, member, invitation_id)
        if offer["expires_at"] <= at:
            raise NotFoundError(_NOT_OPEN)
        fresh = Invited(invitation_id, offer["email"], token, at + credentials.INVITATION_LASTS)
        await connection.execute(
            "UPDATE invitations SET token_hash = $2, expires_at = $3 WHERE id = $1",
            invitation_id,
            credentials.hash_of(token),
            fresh.expires_at,
        )
        await people.post_invitation(
            connection, member, fresh, settings, role=offer["role"], brand_id=offer["brand_id"]
        )
        await audit.record(
            connection, member, "invite", "invitation", invitation_id, brands=[offer["brand_id"]]
        )
    return fresh


async def _locked(connection: Connection, member: Member, invitation_id: UUID) -> asyncpg.Record:
    """Hold an invitation that nobody took up, so that it is either taken up or changed, never both."""
    offer = await connection.fetchrow(
        """SELECT email, role, brand_id, expires_at FROM invitations
           WHERE id = $1 AND accepted_at IS NULL AND ($2 OR brand_id IS NOT DISTINCT FROM $3) FOR UPDATE""",
        invitation_id,
        member.is_operator,
        member.brand_id,
    )
    if offer is None:
        raise NotFoundError(_NOT_OPEN)
    if offer["brand_id"] is None:
        people.must_invite_to_network(member)
    return offer
