"""Keep when somebody wants letters: as they choose it signed in, or as a letter's own link takes them out."""

from collections.abc import Mapping
from uuid import UUID

from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.actions import audit
from partner_network.identity.rules.permissions import Member
from partner_network.notifications import queries
from partner_network.notifications.rules import choosing
from partner_network.notifications.rules.choosing import Wanted
from partner_network.notifications.rules.kinds import Mail
from partner_network.notifications.rules.leaving import Leaving


async def keep_choices(member: Member, wanted: Wanted) -> None:
    """Keep what somebody chose; what waits for a letter follows it. Errors: InvalidError."""
    read = choosing.read(wanted)
    async with queries.looking_as(member.id) as connection:
        before = (await queries.choices_within(connection, member.id)).mails
        await _keep_mails(connection, member.id, read.mails)
        await connection.execute(
            """INSERT INTO notification_hours (member_id, quiet_from, quiet_until, digest_at)
               VALUES ($1, $2, $3, $4)
               ON CONFLICT (member_id) DO UPDATE SET quiet_from = $2, quiet_until = $3, digest_at = $4""",
            member.id,
            read.quiet_from,
            read.quiet_until,
            read.digest_at,
        )
        await _look_again(connection, member.id)
        await audit.record(
            connection,
            member,
            "change",
            "notification choices",
            member.id,
            brands=[member.brand_id],
            before={key: before.get(key) for key in read.mails},
            after=dict(read.mails),
        )


async def leave(leaving: Leaving) -> None:
    """Send somebody no more letters about some kinds; a second time changes nothing.

    Nobody is signed in here: whoever holds the letter may do this and no more.
    """
    async with queries.looking_as(leaving.member_id) as connection:
        before = (await queries.choices_within(connection, leaving.member_id)).mails
        changed: dict[str, Mail] = {key: "never" for key in leaving.kinds if before.get(key) != "never"}
        if not changed:
            return
        await _keep_mails(connection, leaving.member_id, changed)
        await _look_again(connection, leaving.member_id)
        await audit.record(
            connection,
            "visitor",
            "opt out",
            "notification choices",
            leaving.member_id,
            before={key: before.get(key) for key in changed},
            after=dict(changed),
        )


async def _keep_mails(connection: Connection, member_id: UUID, mails: Mapping[str, Mail]) -> None:
    await connection.execute(
        """INSERT INTO notification_choices (member_id, kind, mail)
           SELECT $1, * FROM unnest($2::text[], $3::text[])
           ON CONFLICT (member_id, kind) DO UPDATE SET mail = excluded.mail""",
        member_id,
        list(mails),
        list(mails.values()),
    )


async def _look_again(connection: Connection, member_id: UUID) -> None:
    """Let the worker decide anew, by what is chosen now, about letters that wait."""
    await connection.execute(
        "UPDATE notifications SET mail_due_at = $2 WHERE member_id = $1 AND mail_due_at > $2",
        member_id,
        clock.wall_now(),
    )
