"""Sign in and out, and switch between the brands of one person."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity import passwords, queries
from partner_network.identity.queries import Place
from partner_network.identity.rules import credentials
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import ForbiddenError, NotFoundError


class SignedIn(msgspec.Struct, frozen=True):
    """A fresh session; its token is told this once."""

    token: str
    csrf_token: str
    member_id: UUID
    brand_id: UUID | None
    places: tuple[Place, ...]


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
        "UPDATE sessions SET last_seen_at = $2 WHERE token_hash = $1", credentials.hash_of(token), now
    )


async def _open(
    connection: Connection, member_id: UUID, brand_id: UUID | None, places: tuple[Place, ...]
) -> SignedIn:
    now = clock.wall_now()
    fresh = SignedIn(credentials.new_token(), credentials.new_token(), member_id, brand_id, places)
    await connection.execute(
        """INSERT INTO sessions (token_hash, member_id, brand_id, csrf_token, created_at, last_seen_at,
                                 expires_at)
           VALUES ($1, $2, $3, $4, $5, $5, $6)""",
        credentials.hash_of(fresh.token),
        member_id,
        brand_id,
        fresh.csrf_token,
        now,
        credentials.expires_at(now),
    )
    await connection.execute(
        "DELETE FROM sessions WHERE member_id = $1 AND (expires_at < $2 OR last_seen_at < $3)",
        member_id,
        now,
        now - credentials.SESSION_IDLES,
    )
    return fresh


async def _end(connection: Connection, token: str | None) -> None:
    if token is not None:
        await connection.execute("DELETE FROM sessions WHERE token_hash = $1", credentials.hash_of(token))
