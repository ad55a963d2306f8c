"""What a person was told and what they chose, for their eyes alone."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import msgspec
from asyncpg import Record

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.identity.rules.permissions import Member
from partner_network.notifications.rules import values
from partner_network.notifications.rules.kinds import Mail, Side
from partner_network.notifications.rules.timing import Hours
from partner_network.notifications.rules.values import Value

_MINE_HERE = "member_id = $1 AND (side = 'person' OR side = $2 AND brand_id IS NOT DISTINCT FROM $3)"
"""What concerns the person's own account, or the company they act for now."""


class Message(msgspec.Struct, frozen=True):
    """One fact as a person was told it."""

    id: UUID
    side: Side
    brand_id: UUID | None
    kind: str
    said: dict[str, Value]
    happened_at: datetime
    read_at: datetime | None


class Choices(msgspec.Struct, frozen=True):
    """When a person wants letters: by kind where they chose, and by the hours of their day."""

    mails: Mapping[str, Mail]
    hours: Hours


@asynccontextmanager
async def looking_as(member_id: UUID) -> AsyncGenerator[Connection]:
    """Open a transaction that sees one person's own messages and choices, and no other's."""
    async with connections.transaction() as connection:
        await connection.execute("SELECT set_config('app.member_id', $1, true)", str(member_id))
        yield connection


def place_of(member: Member) -> tuple[UUID, Side, UUID | None]:
    """Return what the queries of somebody's messages ask for: who it is, and as whom they act."""
    return member.id, "operator" if member.is_operator else "brand", member.brand_id


async def messages_of(
    member: Member, *, only_unread: bool = False, before: UUID | None = None, limit: int
) -> Sequence[Message]:
    """List what a person was told about themselves and the company they act for, the newest first."""
    async with looking_as(member.id) as connection:
        rows = await connection.fetch(
            f"""SELECT id, side, brand_id, kind, said, happened_at, read_at FROM notifications
                WHERE {_MINE_HERE} AND ($4::uuid IS NULL OR id < $4) AND (NOT $5 OR read_at IS NULL)
                ORDER BY id DESC LIMIT $6""",
            *place_of(member),
            before,
            only_unread,
            limit,
        )
    return [message_in(row) for row in rows]


async def message_of(member: Member, message_id: UUID) -> Message | None:
    """Find one of a person's own messages, for whichever company it was."""
    async with looking_as(member.id) as connection:
        row = await connection.fetchrow(
            """SELECT id, side, brand_id, kind, said, happened_at, read_at FROM notifications
               WHERE id = $1 AND member_id = $2""",
            message_id,
            member.id,
        )
    return None if row is None else message_in(row)


async def unread_counts(member: Member) -> tuple[int, int]:
    """Count what a person has not read: here, and at the other companies they act for."""
    async with looking_as(member.id) as connection:
        row = await connection.fetchrow(
            f"""SELECT count(*) FILTER (WHERE {_MINE_HERE}) AS here, count(*) AS everywhere
                FROM notifications WHERE member_id = $1 AND read_at IS NULL""",
            *place_of(member),
        )
    return (0, 0) if row is None else (row["here"], row["everywhere"] - row["here"])


async def choices_of(member_id: UUID) -> Choices:
    """Return what a person chose."""
    async with looking_as(member_id) as connection:
        return await choices_within(connection, member_id)


async def choices_within(connection: Connection, member_id: UUID) -> Choices:
    """Return what a person chose, within the caller's transaction."""
    rows = await connection.fetch(
        "SELECT kind, mail FROM notification_choices WHERE member_id = $1", member_id
    )
    hours = await connection.fetchrow(
        "SELECT quiet_from, quiet_until, digest_at FROM notification_hours WHERE member_id = $1", member_id
    )
    return Choices(
        {row["kind"]: row["mail"] for row in rows}, Hours() if hours is None else Hours("UTC", **dict(hours))
    )


def message_in(row: Record) -> Message:
    """Read a message from its row."""
    return Message(
        row["id"],
        row["side"],
        row["brand_id"],
        row["kind"],
        values.decoded(row["said"]),
        row["happened_at"],
        row["read_at"],
    )
