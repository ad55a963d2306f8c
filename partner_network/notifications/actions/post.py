"""Post the letters that messages wait for: each message in one letter, whoever of the workers comes first."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog
from asyncpg import Record

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.gateways.mailer import letters as mail
from partner_network.gateways.mailer.letter import Letter
from partner_network.identity.letters import Reader
from partner_network.kernel.errors import InvalidError
from partner_network.notifications import letters, queries
from partner_network.notifications.letters import Addressee
from partner_network.notifications.queries import Message
from partner_network.notifications.rules import posting
from partner_network.notifications.rules.posting import Plan, Waiting
from partner_network.settings import Settings

PEOPLE_AT_ONCE_MAX = 500
TRIED_AGAIN_AFTER = timedelta(hours=1)
_log = structlog.get_logger(__name__)


async def post_due(settings: Settings, now: datetime) -> None:
    """Look at every message whose time for a letter has come; ``now`` is the wall's time, as for all mail."""
    async with connections.transaction() as connection:
        if await clock.stands_still(connection):
            return  # a story is replayed; what it told goes together once it is over
        rows = await connection.fetch(
            """SELECT member_id FROM notifications WHERE mail_due_at <= $1
               GROUP BY member_id ORDER BY min(mail_due_at) LIMIT $2""",
            now,
            PEOPLE_AT_ONCE_MAX,
        )
    for row in rows:
        try:
            await post_for(settings, row["member_id"], now)
        except Exception:  # noqa: BLE001 - one person's letter that cannot be written keeps nobody else's back
            await _log.aexception("letters could not be written and will be tried again")
            await _put_off(row["member_id"], now)


async def _put_off(member_id: UUID, now: datetime) -> None:
    async with connections.transaction() as connection:
        await connection.execute(
            "UPDATE notifications SET mail_due_at = $3 WHERE member_id = $1 AND mail_due_at <= $2",
            member_id,
            now,
            now + TRIED_AGAIN_AFTER,
        )


async def post_for(settings: Settings, member_id: UUID, now: datetime) -> None:
    """Post one person's letters, and note in the same transaction which message is in which."""
    async with connections.transaction() as connection:
        # Of two workers the second waits here, and then finds nothing that waits.
        await connections.lock_all(connection, f"letters to {member_id}")
        rows = await connection.fetch(
            """SELECT n.*, n.side = 'person' OR EXISTS (
                   SELECT FROM memberships r WHERE r.member_id = n.member_id
                       AND r.brand_id IS NOT DISTINCT FROM n.brand_id) AS is_theirs
               FROM notifications n WHERE n.member_id = $1 AND n.mail_due_at <= $2
               ORDER BY n.id FOR UPDATE OF n""",
            member_id,
            now,
        )
        if not rows:
            return
        to = await _addressee(connection, member_id)
        choices = await queries.choices_within(connection, member_id)
        hours = msgspec.structs.replace(choices.hours, zone=to.reader.time_zone)
        plan = posting.plan([_waiting(row) for row in rows], choices.mails, hours, now)
        await _carry_out(connection, settings, to, plan, {row["id"]: queries.message_in(row) for row in rows})


async def _carry_out(
    connection: Connection, settings: Settings, to: Addressee, plan: Plan, messages: dict[UUID, Message]
) -> None:
    for message_id in plan.alone:
        letter = letters.single(settings, to, messages[message_id])
        await _post(connection, settings, letter, [message_id])
    if plan.together:
        letter = letters.together(settings, to, [messages[one] for one in plan.together])
        await _post(connection, settings, letter, plan.together)
    for message_id, due_at in plan.later.items():
        await connection.execute(
            "UPDATE notifications SET mail_due_at = $2 WHERE id = $1", message_id, due_at
        )
    await _close(connection, plan.none, None)


async def _post(
    connection: Connection, settings: Settings, letter: Letter, message_ids: Iterable[UUID]
) -> None:
    try:
        letter_id = await mail.post(connection, settings.keyring, letter)
    except InvalidError:
        # An address that no letter reaches; the messages stay on the page, and nobody else waits for it.
        _log.warning("message without its letter", kind=letter.kind)
        letter_id = None
    await _close(connection, message_ids, letter_id)


async def _close(connection: Connection, message_ids: Iterable[UUID], letter_id: UUID | None) -> None:
    await connection.execute(
        "UPDATE notifications SET mail_due_at = NULL, letter_id = $2 WHERE id = ANY($1)",
        list(message_ids),
        letter_id,
    )


async def _addressee(connection: Connection, member_id: UUID) -> Addressee:
    row = await connection.fetchrow(
        "SELECT email, name, language, time_zone FROM members WHERE id = $1", member_id
    )
    if row is None:
        raise LookupError("a message without its person")
    return Addressee(member_id, Reader(row["email"], row["name"], row["language"], row["time_zone"]))


def _waiting(row: Record) -> Waiting:
    return Waiting(row["id"], row["kind"], row["told_at"], row["read_at"] is not None, row["is_theirs"])
