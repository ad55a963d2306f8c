"""Make people of the operator, invite colleagues and partners, and take invitations up."""

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.gateways.mailer import letters as mail
from partner_network.identity import letters, passwords, queries
from partner_network.identity.actions import audit, telling
from partner_network.identity.actions.telling import Happened
from partner_network.identity.rules import credentials, permissions
from partner_network.identity.rules.audit import Actor, Personal
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, ForbiddenError, NotFoundError
from partner_network.kernel.sentences import Sentence
from partner_network.settings import Settings


class Accepted(msgspec.Struct, frozen=True):
    """Who accepted what."""

    member_id: UUID
    email: str
    brand_id: UUID | None
    partnership_id: UUID | None


class Invited(msgspec.Struct, frozen=True):
    """A fresh invitation; its token goes to whom it is for by letter."""

    id: UUID
    email: str
    token: str
    expires_at: datetime


class Invitee(msgspec.Struct, frozen=True):
    """Whom a letter invites, and the settings that it is written with."""

    email: str
    settings: Settings


async def create_operator_member(
    name: str, email: str, password: str, roles: tuple[permissions.OperatorRole, ...]
) -> UUID:
    """Make a person of the operator: for the command line, before anybody is there to invite."""
    for role in roles:
        permissions.must_be_role(role, of_operator=True)
    address, hashed = credentials.email_of(email), await passwords.hash_of(password, email=email)
    async with connections.transaction(eyes="operator") as connection:
        at = await clock.now(connection)
        member_id = await _create_member(connection, address, name, hashed, at)
        for role in roles:
            await _join(connection, member_id, None, role, at)
        await audit.record(
            connection, "command line", "create", "member", member_id, after={"roles": sorted(roles)}
        )
    return member_id


async def invite_member(inviter: Member, invitee: Invitee, *, role: str, brand_id: UUID | None) -> Invited:
    """Invite a person to the inviter's own side; the operator may invite to every brand."""
    permissions.must(inviter, "invite members")
    if not inviter.is_operator and brand_id != inviter.brand_id:
        raise NotFoundError("You can invite to your own brand only.")
    if brand_id is None:
        must_invite_to_network(inviter)
    permissions.must_be_role(role, of_operator=brand_id is None)
    async with connections.transaction(eyes=inviter.eyes) as connection:
        known = brand_id is None or await connection.fetchval(
            "SELECT true FROM brands WHERE id = $1", brand_id
        )
        if not known:
            raise NotFoundError("There is no such brand.")
        return await invite(connection, inviter, invitee, role=role, brand_id=brand_id)


def must_invite_to_network(inviter: Member) -> None:
    """Refuse whoever could make themselves colleagues with more rights than their own."""
    if "admin" not in inviter.roles:
        raise ForbiddenError("Only an admin of the network invites people to the network itself.")


async def invite(
    connection: Connection,
    inviter: Member,
    invitee: Invitee,
    *,
    role: str,
    brand_id: UUID | None,
    partnership_id: UUID | None = None,
) -> Invited:
    """Write an invitation and its letter within the caller's transaction; the caller has checked who may."""
    at, token = await clock.now(connection), credentials.new_token()
    email = credentials.email_of(invitee.email)
    invitation = Invited(ids.new_id(at), email, token, at + credentials.INVITATION_LASTS)
    await connection.execute(
        """INSERT INTO invitations (id, token_hash, partnership_id, brand_id, role, email, invited_by,
                                    created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        invitation.id,
        credentials.hash_of(token),
        partnership_id,
        brand_id,
        role,
        email,
        inviter.id,
        at,
        invitation.expires_at,
    )
    await audit.record(
        connection,
        inviter,
        "invite",
        "invitation",
        invitation.id,
        brands=(brand_id, inviter.brand_id),
        after={"role": role, "email": Personal(invitation.id, email)},
    )
    await post_invitation(connection, inviter, invitation, invitee.settings, role=role, brand_id=brand_id)
    return invitation


async def post_invitation(
    connection: Connection,
    inviter: Member,
    invitation: Invited,
    settings: Settings,
    *,
    role: str,
    brand_id: UUID | None,
) -> None:
    """Post the letter that holds an invitation's token within the caller's transaction."""
    place: str | None = await connection.fetchval("SELECT name FROM brands WHERE id = $1", brand_id)
    letter = letters.invitation(
        settings,
        to=invitation.email,
        token=invitation.token,
        inviter=inviter.name,
        place=place,
        role=role,
        expires_at=invitation.expires_at,
    )
    await mail.post(connection, settings.keyring, letter)


async def accept(connection: Connection, token: str, *, name: str, password_hash: str | None) -> Accepted:
    """Take an invitation up within the caller's transaction, once, making the member when there is none.

    ``password_hash`` is a new person's; None says that the person has an account and proved it.
    """
    at = await clock.now(connection)
    offer = await connection.fetchrow(
        """SELECT id, email, role, brand_id, partnership_id FROM invitations
           WHERE token_hash = $1 AND accepted_at IS NULL AND expires_at > $2 FOR UPDATE""",
        credentials.hash_of(token),
        at,
    )
    if offer is None:
        raise NotFoundError("This invitation is used up or has expired; ask for a new one.")
    if password_hash is None:
        member_id = await connection.fetchval("SELECT id FROM members WHERE email = $1", offer["email"])
    else:
        member_id = await _create_member(connection, offer["email"], name, password_hash, at)
    await _join(connection, member_id, offer["brand_id"], offer["role"], at)
    await connection.execute(
        "UPDATE invitations SET accepted_at = $2, accepted_by = $3 WHERE id = $1", offer["id"], at, member_id
    )
    by = Actor("member", member_id, (offer["role"],), None, offer["brand_id"])
    brands = [offer["brand_id"]]
    await audit.record(connection, by, "accept", "invitation", offer["id"], brands=brands)
    await _tell_joined(connection, member_id, offer, at)
    return Accepted(member_id, offer["email"], offer["brand_id"], offer["partnership_id"])


async def _tell_joined(connection: Connection, member_id: UUID, offer: asyncpg.Record, at: datetime) -> None:
    name = await connection.fetchval("SELECT name FROM members WHERE id = $1", member_id)
    happened = Happened(
        kind="person-joined",
        fact=str(offer["id"]),
        at=at,
        brand=offer["brand_id"],
        but=member_id,
        said={"person": name, "place": await telling.place_name(connection, offer["brand_id"])},
        roles=(offer["role"],),
    )
    await telling.tell(connection, happened)


async def proof_for(token: str, password: str) -> str | None:
    """Check the password of a known invitee, or hash a new one's: the slow part, before any transaction.

    Errors: NotFoundError for an invitation that is not open; ForbiddenError for a wrong password.
    """
    offer = await queries.invitation_of(token, await clock.now())
    if offer is None:
        raise NotFoundError("This invitation is used up or has expired; ask for a new one.")
    if not offer.is_known:
        return await passwords.hash_of(password, email=offer.email)
    async with connections.transaction(eyes="doorkeeper") as connection:
        stored = await connection.fetchval("SELECT password_hash FROM members WHERE email = $1", offer.email)
    if not await passwords.is_right(password, stored):
        raise ForbiddenError("You have an account under this address; give its password to accept.")
    return None


async def _create_member(
    connection: Connection, email: str, name: str, password_hash: str, at: datetime
) -> UUID:
    member_id, name = ids.new_id(at), credentials.must_be_name(name)
    made = await connection.fetchval(
        """INSERT INTO members (id, email, name, password_hash, created_at) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (email) DO NOTHING RETURNING true""",
        member_id,
        email,
        name,
        password_hash,
        at,
    )
    if not made:
        raise ConflictError(
            Sentence("There is an account for {email} already; sign in with it.", email=email)
        )
    return member_id


async def _join(
    connection: Connection, member_id: UUID, brand_id: UUID | None, role: str, at: datetime
) -> None:
    await connection.execute(
        """INSERT INTO memberships (id, member_id, brand_id, role, created_at) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT DO NOTHING""",
        ids.new_id(at),
        member_id,
        brand_id,
        role,
        at,
    )
