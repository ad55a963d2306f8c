"""Sign in and out, invite and accept, make and revoke API keys."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity import passwords, queries, rules
from partner_network.identity.queries import Place
from partner_network.identity.rules import Member, Scope
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, ForbiddenError, NotFoundError


class SignedIn(msgspec.Struct, frozen=True):
    """A fresh session; its token is told this once."""

    token: str
    csrf_token: str
    member_id: UUID
    brand_id: UUID | None
    places: tuple[Place, ...]


class Accepted(msgspec.Struct, frozen=True):
    """Who accepted what."""

    member_id: UUID
    email: str
    brand_id: UUID | None
    partnership_id: UUID | None


class Invited(msgspec.Struct, frozen=True):
    """A fresh invitation; its token is told this once."""

    id: UUID
    token: str
    expires_at: datetime


class IssuedKey(msgspec.Struct, frozen=True):
    """A fresh API key, told this once."""

    id: UUID
    key: str


async def sign_in(email: str, password: str, *, replaces: str | None = None) -> SignedIn:
    """Open a session under a new token; the browser's former one, ``replaces``, ends with it."""
    async with connections.transaction() as connection:
        row = await connection.fetchrow(
            "SELECT id, password_hash FROM members WHERE email = $1", email.strip().lower()
        )
    # Between the transactions: hashing holds no connection, and takes as long for a stranger.
    stored = None if row is None else row["password_hash"]
    if not await passwords.is_right(password, stored) or row is None:
        raise ForbiddenError("The e-mail address or the password is not right; check both and try again.")
    async with connections.transaction() as connection:
        places = await queries.places_of(connection, row["id"])
        if not places:
            raise ForbiddenError("This account belongs to no brand any more; ask a colleague to invite you.")
        await _end(connection, replaces)
        return await _open(connection, row["id"], places[0].brand_id, tuple(places))


async def switch_brand(member: Member, brand_id: UUID | None, *, replaces: str) -> SignedIn:
    """Go on for another brand of the same person, under a new token."""
    async with connections.transaction() as connection:
        places = await queries.places_of(connection, member.id)
        if brand_id not in {place.brand_id for place in places}:
            raise NotFoundError("You are no member of that brand; choose one of your own.")
        await _end(connection, replaces)
        return await _open(connection, member.id, brand_id, tuple(places))


async def sign_out(token: str) -> None:
    """End a session; a second time does nothing."""
    async with connections.transaction() as connection:
        await _end(connection, token)


async def keep_awake(token: str, now: datetime) -> None:
    """Note that a session is in use."""
    await connections.pool().execute(
        "UPDATE sessions SET last_seen_at = $2 WHERE token_hash = $1", rules.hash_of(token), now
    )


async def create_operator_member(
    name: str, email: str, password: str, roles: tuple[rules.OperatorRole, ...]
) -> UUID:
    """Make a person of the operator: for the command line, before anybody is there to invite."""
    for role in roles:
        rules.must_be_role(role, of_operator=True)
    address, hashed = rules.email_of(email), await passwords.hash_of(password)
    async with connections.transaction() as connection:
        at = await clock.now(connection)
        member_id = await _create_member(connection, address, name, hashed, at)
        for role in roles:
            await _join(connection, member_id, None, role, at)
    return member_id


async def invite_member(inviter: Member, *, email: str, role: str, brand_id: UUID | None) -> Invited:
    """Invite a person to the inviter's own side; the operator may invite to every brand."""
    rules.must(inviter, "invite members")
    if not inviter.is_operator and brand_id != inviter.brand_id:
        raise NotFoundError("You can invite to your own brand only.")
    if brand_id is None and "admin" not in inviter.roles:
        raise ForbiddenError("Only an admin of the network invites people to the network itself.")
    rules.must_be_role(role, of_operator=brand_id is None)
    async with connections.transaction(brand=inviter.brand_id) as connection:
        known = brand_id is None or await connection.fetchval(
            "SELECT true FROM brands WHERE id = $1", brand_id
        )
        if not known:
            raise NotFoundError("There is no such brand.")
        return await invite(connection, inviter, email=email, role=role, brand_id=brand_id)


async def invite(
    connection: Connection,
    inviter: Member,
    *,
    email: str,
    role: str,
    brand_id: UUID | None,
    partnership_id: UUID | None = None,
) -> Invited:
    """Write an invitation within the caller's transaction; the caller has checked who may."""
    at, token = await clock.now(connection), rules.new_token()
    invitation = Invited(ids.new_id(at), token, at + rules.INVITATION_LASTS)
    await connection.execute(
        """INSERT INTO invitations (id, token_hash, partnership_id, brand_id, role, email, invited_by,
                                    created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        invitation.id,
        rules.hash_of(token),
        partnership_id,
        brand_id,
        role,
        rules.email_of(email),
        inviter.id,
        at,
        invitation.expires_at,
    )
    return invitation


async def accept(connection: Connection, token: str, *, name: str, password_hash: str | None) -> Accepted:
    """Take an invitation up within the caller's transaction, once, making the member when there is none.

    ``password_hash`` is a new person's; None says that the person has an account and proved it.
    """
    at = await clock.now(connection)
    offer = await connection.fetchrow(
        """SELECT id, email, role, brand_id, partnership_id FROM invitations
           WHERE token_hash = $1 AND accepted_at IS NULL AND expires_at > $2 FOR UPDATE""",
        rules.hash_of(token),
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
    return Accepted(member_id, offer["email"], offer["brand_id"], offer["partnership_id"])


async def proof_for(token: str, password: str) -> str | None:
    """Check the password of a known invitee, or hash a new one's: the slow part, before any transaction.

    Errors: NotFoundError for an invitation that is not open; ForbiddenError for a wrong password.
    """
    offer = await queries.invitation_of(token, await clock.now())
    if offer is None:
        raise NotFoundError("This invitation is used up or has expired; ask for a new one.")
    if not offer.is_known:
        return await passwords.hash_of(password)
    stored = await connections.pool().fetchval(
        "SELECT password_hash FROM members WHERE email = $1", offer.email
    )
    if not await passwords.is_right(password, stored):
        raise ForbiddenError("You have an account under this address; give its password to accept.")
    return None


async def issue_api_key(
    member: Member, *, name: str, scopes: tuple[Scope, ...], mode: Literal["test", "live"]
) -> IssuedKey:
    """Make an API key for the member's own brand; only its hash is kept."""
    rules.must(member, "manage API keys")
    name = rules.must_be_name(name)
    rules.must_be_scopes(scopes)
    key = rules.new_api_key(is_live=mode == "live")
    async with connections.transaction(brand=member.brand_id) as connection:
        at = await clock.now(connection)
        issued = IssuedKey(ids.new_id(at), key)
        await connection.execute(
            """INSERT INTO api_keys (id, brand_id, name, prefix, key_hash, scopes, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            issued.id,
            member.brand_id,
            name,
            key[: rules.KEY_PREFIX_CHARACTERS],
            rules.hash_of(key),
            sorted(set(scopes)),
            at,
        )
    return issued


async def revoke_api_key(member: Member, key_id: UUID) -> None:
    """End an API key of the member's brand; a second time changes nothing."""
    rules.must(member, "manage API keys")
    async with connections.transaction(brand=member.brand_id) as connection:
        revoked = await connection.fetchval(
            """UPDATE api_keys SET revoked_at = coalesce(revoked_at, $3)
               WHERE id = $1 AND brand_id = $2 RETURNING true""",
            key_id,
            member.brand_id,
            await clock.now(connection),
        )
    if not revoked:
        raise NotFoundError("Your brand has no such API key.")


async def _open(
    connection: Connection, member_id: UUID, brand_id: UUID | None, places: tuple[Place, ...]
) -> SignedIn:
    now = clock.wall_now()
    fresh = SignedIn(rules.new_token(), rules.new_token(), member_id, brand_id, places)
    await connection.execute(
        """INSERT INTO sessions (token_hash, member_id, brand_id, csrf_token, created_at, last_seen_at,
                                 expires_at)
           VALUES ($1, $2, $3, $4, $5, $5, $6)""",
        rules.hash_of(fresh.token),
        member_id,
        brand_id,
        fresh.csrf_token,
        now,
        rules.expires_at(now),
    )
    await connection.execute(
        "DELETE FROM sessions WHERE member_id = $1 AND (expires_at < $2 OR last_seen_at < $3)",
        member_id,
        now,
        now - rules.SESSION_IDLES,
    )
    return fresh


async def _end(connection: Connection, token: str | None) -> None:
    if token is not None:
        await connection.execute("DELETE FROM sessions WHERE token_hash = $1", rules.hash_of(token))


async def _create_member(
    connection: Connection, email: str, name: str, password_hash: str, at: datetime
) -> UUID:
    member_id, name = ids.new_id(at), rules.must_be_name(name)
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
        raise ConflictError(f"There is an account for {email} already; sign in with it.")
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
