"""A new password for somebody who forgot the old one, by a link that goes to their address alone."""

from datetime import datetime
from uuid import UUID

from asyncpg import Record

from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.gateways.mailer import letters as mail
from partner_network.identity import letters, passwords
from partner_network.identity.actions import audit, telling
from partner_network.identity.actions.telling import Happened
from partner_network.identity.letters import Reader
from partner_network.identity.rules import credentials
from partner_network.kernel import ids
from partner_network.kernel.errors import NotFoundError
from partner_network.kernel.sentences import Sentence
from partner_network.settings import Settings

OFFER = "identity.offer_reset"
SEALED_FOR = "address to reset"
_NOT_OPEN = Sentence("This link is used up or has expired; ask for a new one.")


async def ask_for_reset(email: str, settings: Settings) -> None:
    """Note that somebody forgot their password.

    Nothing is looked up here: the worker finds out whether there is such an account, and tells its owner.
    """
    sealed = settings.keyring.seal(SEALED_FOR, email.strip().lower().encode())
    async with connections.transaction() as connection:
        await jobs.enqueue(connection, OFFER, sealed)


async def offer_reset(sealed: bytes, settings: Settings) -> None:
    """Send the link, if the address has an account; some letters an hour and no more, whoever asks."""
    email = settings.keyring.open(SEALED_FOR, sealed).decode()
    now, token = clock.wall_now(), credentials.new_token()
    async with connections.transaction() as connection:
        await connections.lock_all(connection, f"resets of {email}")
        member = await connection.fetchrow(
            "SELECT id, name, email, language, time_zone FROM members WHERE email = $1", email
        )
        if member is None:
            return
        await connection.execute(
            "DELETE FROM password_resets WHERE created_at < $1", now - credentials.RESETS_KEPT_FOR
        )
        recent = await connection.fetchval(
            "SELECT count(*) FROM password_resets WHERE member_id = $1 AND created_at > $2",
            member["id"],
            now - credentials.RESET_LASTS,
        )
        if recent >= credentials.RESETS_AT_ONCE_MAX:
            return
        await connection.execute(
            """INSERT INTO password_resets (id, member_id, token_hash, created_at, expires_at)
               VALUES ($1, $2, $3, $4, $5)""",
            ids.new_id(now),
            member["id"],
            credentials.hash_of(token),
            now,
            now + credentials.RESET_LASTS,
        )
        minutes = int(credentials.RESET_LASTS.total_seconds() // 60)
        letter = letters.password_reset(settings, _reader(member), token=token, minutes=minutes)
        await mail.post(connection, settings.keyring, letter)


async def must_be_open(token: str) -> str:
    """Return whose link this is while it works. Errors: NotFoundError."""
    async with connections.transaction(eyes="doorkeeper") as connection:
        email: str | None = await connection.fetchval(
            """SELECT m.email FROM password_resets r JOIN members m ON m.id = r.member_id
               WHERE r.token_hash = $1 AND r.used_at IS NULL AND r.expires_at > $2""",
            credentials.hash_of(token),
            clock.wall_now(),
        )
    if email is None:
        raise NotFoundError(_NOT_OPEN)
    return email


async def reset_password(token: str, password: str, settings: Settings) -> None:
    """Set a new password by a link, once; everybody who was signed in with the old one is signed out.

    A second factor stays: whoever reads somebody's letters is not yet them.
    """
    email = await must_be_open(token)
    hashed = await passwords.hash_of(password, email=email)  # before the transaction: it takes its time
    async with connections.transaction(eyes="doorkeeper") as connection:
        now = clock.wall_now()
        # The row's lock: of two who hold the link, the second finds it used.
        member_id: UUID | None = await connection.fetchval(
            """UPDATE password_resets SET used_at = $2
               WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING member_id""",
            credentials.hash_of(token),
            now,
        )
        if member_id is None:
            raise NotFoundError(_NOT_OPEN)
        await set_password(connection, member_id, hashed, now, settings)
        await audit.record(connection, "visitor", "reset", "password", member_id)


async def set_password(
    connection: Connection,
    member_id: UUID,
    hashed: str,
    now: datetime,
    settings: Settings,
    *,
    but_session: UUID | None = None,
) -> None:
    """Store a new password within the caller's transaction, end what the old one opened, tell by letter."""
    member = await connection.fetchrow(
        """UPDATE members SET password_hash = $2 WHERE id = $1 RETURNING name, email, language, time_zone""",
        member_id,
        hashed,
    )
    if member is None:
        raise NotFoundError("This account is closed.")
    await connection.execute(
        "DELETE FROM sessions WHERE member_id = $1 AND id IS DISTINCT FROM $2", member_id, but_session
    )
    await connection.execute("DELETE FROM pending_sign_ins WHERE member_id = $1", member_id)
    await connection.execute(
        "UPDATE password_resets SET used_at = $2 WHERE member_id = $1 AND used_at IS NULL", member_id, now
    )
    letter = letters.password_changed(settings, _reader(member), at=now)
    letter_id = await mail.post(connection, settings.keyring, letter)
    happened = Happened(kind="password-changed", fact=str(letter_id), at=now, person=member_id)
    await telling.tell(connection, happened)


def _reader(member: Record) -> Reader:
    return Reader(member["email"], member["name"], member["language"], member["time_zone"])
