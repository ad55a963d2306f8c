"""Keep a form that came when its session had ended, offer it to its sender, and let it go once."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.rules import credentials, kept_forms
from partner_network.identity.rules.kept_forms import KeptForm
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError
from partner_network.kernel.keyring import Keyring

SEALED_FOR = "kept form"


class Offered(msgspec.Struct, frozen=True):
    """A kept form, and for which brand it was filled in, when that is known."""

    form: KeptForm
    brand_id: UUID | None
    is_of_known_session: bool


async def keep(
    form: KeptForm, keyring: Keyring, *, session_token: str | None, csrf_token: str, present: Member | None
) -> str | None:
    """Keep a form for whoever sent it and return its token; None when too many wait already.

    It is the person's of the former session, if the cookie or the form still names one; else of whoever is
    signed in now; else of the first to sign in with this browser.
    """
    now, token = clock.wall_now(), credentials.new_token()
    async with connections.transaction(eyes="doorkeeper") as connection:
        await forget_old(connection, now)
        if await connection.fetchval("SELECT count(*) FROM kept_forms") >= kept_forms.LIVE_MAX:
            return None
        # The form itself first: the browser's cookie may be another person's by now.
        former = await connection.fetchrow(
            """SELECT member_id, brand_id FROM sessions WHERE csrf_token = $1 OR token_hash = $2
               ORDER BY csrf_token = $1 DESC LIMIT 1""",
            csrf_token,
            credentials.hash_of(session_token or ""),
        )
        sender = (None, None) if present is None else (present.id, present.brand_id)
        if former is not None:
            sender = (former["member_id"], former["brand_id"])
        await connection.execute(
            """INSERT INTO kept_forms (id, token_hash, member_id, brand_id, sealed, created_at, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            ids.new_id(now),
            credentials.hash_of(token),
            *sender,
            keyring.seal(SEALED_FOR, msgspec.json.encode(form)),
            now,
            now + kept_forms.KEPT_FOR,
        )
    return token


async def offer(member: Member, token: str, keyring: Keyring) -> Offered | None:
    """Read what a person's browser kept; what was somebody else's is dropped unread."""
    async with connections.transaction(eyes="doorkeeper") as connection:
        row = await connection.fetchrow(
            """SELECT k.id, k.member_id, k.brand_id, k.sealed FROM kept_forms k
               WHERE k.token_hash = $1 AND k.expires_at > $2""",
            credentials.hash_of(token),
            clock.wall_now(),
        )
        if row is None:
            return None
        if row["member_id"] not in {None, member.id}:
            await connection.execute("DELETE FROM kept_forms WHERE id = $1", row["id"])
            return None
    form = msgspec.json.decode(keyring.open(SEALED_FOR, row["sealed"]), type=KeptForm)
    return Offered(form, row["brand_id"], row["member_id"] is not None)


async def take(member: Member, token: str, keyring: Keyring) -> KeptForm:
    """Let a kept form go to where it was meant to go, once. Errors: ConflictError the second time."""
    async with connections.transaction(eyes="doorkeeper") as connection:
        sealed: bytes | None = await connection.fetchval(
            """DELETE FROM kept_forms
               WHERE token_hash = $1 AND expires_at > $2 AND coalesce(member_id, $3) = $3 RETURNING sealed""",
            credentials.hash_of(token),
            clock.wall_now(),
            member.id,
        )
    if sealed is None:
        raise ConflictError("This form was sent already, or waited too long; fill it in once more.")
    return msgspec.json.decode(keyring.open(SEALED_FOR, sealed), type=KeptForm)


async def drop(token: str) -> None:
    """Forget a kept form; a second time does nothing."""
    async with connections.transaction(eyes="doorkeeper") as connection:
        await connection.execute("DELETE FROM kept_forms WHERE token_hash = $1", credentials.hash_of(token))


async def forget_old(connection: Connection, now: datetime) -> None:
    """Delete what nobody came back for."""
    await connection.execute("DELETE FROM kept_forms WHERE expires_at <= $1", now)
