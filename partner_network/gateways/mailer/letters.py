"""Letters on their way: posted in the transaction of their cause, sent outside of any, tried for a day."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog

from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.gateways.mailer import letter as letters
from partner_network.gateways.mailer.letter import LaterError, Letter, RefusedError, Sender
from partner_network.kernel import ids
from partner_network.kernel.keyring import Keyring

SEND = "mail.send"
SEALED_FOR = "letter"
TRIED_FOR = timedelta(days=1)
FIRST_LOOK_AFTER = timedelta(minutes=5)
"""When the calendar looks after a letter whose own job should have sent it long ago."""
ONE_TRY_LASTS = timedelta(minutes=5)
"""No second try begins before a first one, which may have died, is over for sure."""
PAUSE_MAX = timedelta(hours=2)
KEPT_FOR = timedelta(days=90)
DUE_AT_ONCE_MAX = 200
_log = structlog.get_logger(__name__)


class SendLetter(msgspec.Struct, frozen=True):
    """Ask the worker to send a letter."""

    letter_id: UUID


class PostOffice(msgspec.Struct, frozen=True):
    """What it takes to send what was posted."""

    sender: Sender
    keyring: Keyring
    mail_from: str


async def post(connection: Connection, keyring: Keyring, letter: Letter) -> UUID:
    """Post a letter within the caller's transaction; a rollback takes it back.

    It lies sealed, since it may hold a token, until it is sent. Errors: InvalidError for an address that no
    letter reaches.
    """
    letters.must_be_letter(letter)
    at = clock.wall_now()  # mail goes in the wall's time, whatever a sandbox simulates
    letter_id = ids.new_id(at)
    await connection.execute(
        "INSERT INTO letters (id, kind, sealed, created_at, due_at) VALUES ($1, $2, $3, $4, $5)",
        letter_id,
        letter.kind,
        keyring.seal(SEALED_FOR, msgspec.json.encode(letter)),
        at,
        at + FIRST_LOOK_AFTER,
    )
    await jobs.enqueue(connection, SEND, SendLetter(letter_id))
    return letter_id


async def send(office: PostOffice, letter_id: UUID) -> None:
    """Send a posted letter once: claim it, send it with no transaction open, record the answer."""
    claimed = await _claim(letter_id)
    if claimed is None:
        return
    created_at, sealed = claimed
    letter = msgspec.json.decode(office.keyring.open(SEALED_FOR, sealed), type=Letter)
    try:
        # Always the same bytes: after a try of which nobody knows the end, servers see that it is a repeat.
        message = letters.message_of(letter, letter_id, mail_from=office.mail_from, at=created_at)
        await office.sender.send(message)
    except LaterError as error:
        await _put_off(letter_id, str(error))
    except RefusedError as error:
        await _hold(letter_id, str(error))
    else:
        await _close(letter_id)


async def look_after(now: datetime) -> None:
    """Ask for the letters that are due again, and forget that very old ones were sent."""
    async with connections.transaction() as connection:
        due = await connection.fetch(
            """UPDATE letters SET due_at = $2 WHERE id IN (
                   SELECT id FROM letters WHERE sealed IS NOT NULL AND held_at IS NULL AND due_at <= $1
                   ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
               RETURNING id""",
            now,
            now + FIRST_LOOK_AFTER,
            DUE_AT_ONCE_MAX,
        )
        for row in due:
            await jobs.enqueue(connection, SEND, SendLetter(row["id"]))
        await connection.execute(
            "DELETE FROM letters WHERE created_at < $1 AND (sealed IS NULL OR held_at IS NOT NULL)",
            now - KEPT_FOR,
        )


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after so many tries: a minute, two, four, at most two hours."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 10)), PAUSE_MAX)


async def _claim(letter_id: UUID) -> tuple[datetime, bytes] | None:
    """Commit that a try begins; nobody else begins one while it may still run."""
    now = clock.wall_now()
    async with connections.transaction() as connection:
        row = await connection.fetchrow(
            """UPDATE letters SET attempts = attempts + 1, trying_until = $3
               WHERE id = $1 AND sealed IS NOT NULL AND held_at IS NULL
                     AND (trying_until IS NULL OR trying_until <= $2)
               RETURNING created_at, sealed""",
            letter_id,
            now,
            now + ONE_TRY_LASTS,
        )
    return None if row is None else (row["created_at"], row["sealed"])


async def _close(letter_id: UUID) -> None:
    """Record that it went out, and keep nothing of what it said."""
    async with connections.transaction() as connection:
        await connection.execute(
            """UPDATE letters SET sent_at = $2, sealed = NULL, trying_until = NULL, last_error = NULL
               WHERE id = $1""",
            letter_id,
            clock.wall_now(),
        )


async def _put_off(letter_id: UUID, why: str) -> None:
    now = clock.wall_now()
    async with connections.transaction() as connection:
        row = await connection.fetchrow(
            "SELECT attempts, created_at FROM letters WHERE id = $1 FOR UPDATE", letter_id
        )
        if row is None:
            return
        if now - row["created_at"] >= TRIED_FOR:
            await _keep_held(connection, letter_id, f"Given up after a day of tries. {why}", now)
            return
        await connection.execute(
            "UPDATE letters SET due_at = $2, trying_until = NULL, last_error = $3 WHERE id = $1",
            letter_id,
            now + pause_after(row["attempts"]),
            why,
        )
    _log.warning("letter put off", letter_id=str(letter_id), why=why)


async def _hold(letter_id: UUID, why: str) -> None:
    async with connections.transaction() as connection:
        await _keep_held(connection, letter_id, why, clock.wall_now())


async def _keep_held(connection: Connection, letter_id: UUID, why: str, at: datetime) -> None:
    # What it says goes with it: nobody may send an old token again, its cause is done again instead.
    await connection.execute(
        """UPDATE letters SET held_at = $2, sealed = NULL, trying_until = NULL, last_error = $3
           WHERE id = $1""",
        letter_id,
        at,
        why,
    )
    _log.error("letter held", letter_id=str(letter_id), why=why)
