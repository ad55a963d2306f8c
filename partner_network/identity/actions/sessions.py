"""Sign in and out, and switch between the brands of one person."""

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity import factor_queries, passwords, queries
from partner_network.identity.actions import audit, telling
from partner_network.identity.actions.telling import Happened
from partner_network.identity.queries import Place
from partner_network.identity.rules import credentials, devices, factors
from partner_network.identity.rules.audit import Actor, Verb
from partner_network.identity.rules.devices import Device
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ForbiddenError, NotFoundError

_UNKNOWN = Device()


class SignedIn(msgspec.Struct, frozen=True):
    """A fresh session; its token is told this once."""

    token: str
    csrf_token: str
    member_id: UUID
    brand_id: UUID | None
    places: tuple[Place, ...]


class PendingSignIn(msgspec.Struct, frozen=True):
    """A sign-in whose password was right and that waits for the second factor; it opens nothing else."""

    token: str
    member_id: UUID


async def sign_in(
    email: str,
    password: str,
    *,
    replaces: str | None = None,
    device: Device = _UNKNOWN,
    is_known_device: bool = True,
) -> SignedIn | PendingSignIn:
    """Open a session under a new token; the browser's former one, ``replaces``, ends with it.

    Who has a second factor gets none yet, only the right to give that factor within some minutes.
    """
    async with connections.transaction(eyes="doorkeeper") as connection:
        row = await connection.fetchrow(
            """SELECT id, password_hash, (SELECT brand_id FROM memberships WHERE member_id = m.id
                   ORDER BY created_at, brand_id LIMIT 1) AS brand_id
               FROM members m WHERE email = $1""",
            email.strip().lower(),
        )
    # Between the transactions: hashing holds no connection, and takes as long for a stranger.
    stored = None if row is None else row["password_hash"]
    if not await passwords.is_right(password, stored) or row is None:
        await _record_failure(row)
        raise ForbiddenError("The e-mail address or the password is not right; check both and try again.")
    async with connections.transaction(eyes="doorkeeper") as connection:
        places = await queries.places_of(connection, row["id"])
        if not places:
            raise ForbiddenError("This account belongs to no brand any more; ask a colleague to invite you.")
        await end(connection, replaces)
        if not is_known_device:
            await _tell_of(connection, row["id"], device)
        if await factor_queries.has_factor(connection, row["id"]):
            return await _wait_for_factor(connection, row["id"])
        return await open_for(connection, row["id"], places[0].brand_id, tuple(places), device=device)


async def switch_brand(
    member: Member, brand_id: UUID | None, *, replaces: str, device: Device = _UNKNOWN
) -> SignedIn:
    """Go on for another brand of the same person, under a new token."""
    async with connections.transaction(eyes="doorkeeper") as connection:
        places = await queries.places_of(connection, member.id)
        if brand_id not in {place.brand_id for place in places}:
            raise NotFoundError("You are no member of that brand; choose one of your own.")
        factor_given_at = await connection.fetchval(
            "SELECT factor_given_at FROM sessions WHERE token_hash = $1", credentials.hash_of(replaces)
        )
        await end(connection, replaces)
        return await open_for(
            connection,
            member.id,
            brand_id,
            tuple(places),
            factor_given_at=factor_given_at,
            device=device,
            verb="switch brand",
        )


async def sign_out(token: str) -> None:
    """End a session; a second time does nothing."""
    async with connections.transaction(eyes="doorkeeper") as connection:
        ended = await end(connection, token)
        if ended is not None:
            by = Actor("member", ended["member_id"], (), ended["id"], ended["brand_id"])
            brands = [ended["brand_id"]]
            await audit.record(connection, by, "sign out", "session", ended["id"], brands=brands)


async def keep_awake(token: str, now: datetime) -> None:
    """Note that a session is in use."""
    async with connections.transaction(eyes="doorkeeper") as connection:
        await connection.execute(
            "UPDATE sessions SET last_seen_at = $2 WHERE token_hash = $1", credentials.hash_of(token), now
        )


async def _tell_of(connection: Connection, member_id: UUID, device: Device) -> None:
    """Tell a person that a device knew the password which was never seen at their account before."""
    at = clock.wall_now()
    said = {"device": str(devices.in_words(device.user_agent)), "network": device.network_prefix or "–"}
    happened = Happened(kind="new-device", fact=str(ids.new_id(at)), at=at, person=member_id, said=said)
    await telling.tell(connection, happened)


async def _wait_for_factor(connection: Connection, member_id: UUID) -> PendingSignIn:
    now = clock.wall_now()
    pending = PendingSignIn(credentials.new_token(), member_id)
    await connection.execute("DELETE FROM pending_sign_ins WHERE expires_at < $1", now)
    await connection.execute(
        """INSERT INTO pending_sign_ins (token_hash, member_id, created_at, expires_at)
           VALUES ($1, $2, $3, $4)""",
        credentials.hash_of(pending.token),
        member_id,
        now,
        now + factors.PENDING_LASTS,
    )
    return pending


async def open_for(
    connection: Connection,
    member_id: UUID,
    brand_id: UUID | None,
    places: tuple[Place, ...],
    *,
    factor_given_at: datetime | None = None,
    device: Device = _UNKNOWN,
    verb: Verb = "sign in",
) -> SignedIn:
    """Open a session within the caller's transaction, which has found out who it is."""
    now = clock.wall_now()
    fresh = SignedIn(credentials.new_token(), credentials.new_token(), member_id, brand_id, places)
    session_id: UUID = await connection.fetchval(
        """INSERT INTO sessions (token_hash, member_id, brand_id, csrf_token, created_at, last_seen_at,
                                 expires_at, factor_given_at, network_prefix, user_agent)
           VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9) RETURNING id""",
        credentials.hash_of(fresh.token),
        member_id,
        brand_id,
        fresh.csrf_token,
        now,
        credentials.expires_at(now),
        factor_given_at,
        device.network_prefix,
        device.user_agent,
    )
    await connection.execute(
        "DELETE FROM sessions WHERE member_id = $1 AND (expires_at < $2 OR last_seen_at < $3)",
        member_id,
        now,
        now - credentials.SESSION_IDLES,
    )
    by = Actor("member", member_id, (), session_id, brand_id)
    after = {"has_given_factor": factor_given_at is not None}
    await audit.record(connection, by, verb, "session", session_id, brands=[brand_id], after=after)
    return fresh


async def _record_failure(known: asyncpg.Record | None) -> None:
    """Record that a password was wrong, in as many steps for a stranger's as for a known person's."""
    who, brand_id = ("unknown", None) if known is None else (known["id"], known["brand_id"])
    async with connections.transaction(eyes="doorkeeper") as connection:
        await audit.record(connection, "visitor", "fail to sign in", "member", who, brands=[brand_id])


async def end(connection: Connection, token: str | None) -> asyncpg.Record | None:
    """End a session within the caller's transaction, and return whose it was."""
    if token is None:
        return None
    return await connection.fetchrow(
        "DELETE FROM sessions WHERE token_hash = $1 RETURNING id, member_id, brand_id",
        credentials.hash_of(token),
    )
