"""The audit trail as those read it whom it concerns, newest first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.identity.rules.audit import Record
from partner_network.identity.rules.permissions import Member

_SOUGHT = """($2::bigint IS NULL OR id < $2) AND ($3::text IS NULL OR object_id = $3)
    AND ($4::text IS NULL OR verb = $4) AND ($5::text IS NULL OR object_kind = $5)
    AND ($6::uuid IS NULL OR actor_id = $6)
    AND ($7::timestamptz IS NULL OR at >= $7) AND ($8::timestamptz IS NULL OR at < $8)"""
# By either of the two indexes, each for as many rows as a page has: a busy network's trail is long.
_OF_BRAND = f"""(SELECT id FROM audit_records WHERE brand_id = $1 AND {_SOUGHT} ORDER BY id DESC LIMIT $9)
    UNION (SELECT id FROM audit_records WHERE other_brand_id = $1 AND {_SOUGHT} ORDER BY id DESC LIMIT $9)"""
_OF_ALL = f"SELECT id FROM audit_records WHERE $1::uuid IS NULL AND {_SOUGHT} ORDER BY id DESC LIMIT $9"
_RECORDS = """SELECT r.id, r.at, r.wall_at, r.actor_kind, r.actor_id, r.actor_roles, r.session_id,
        r.acting_for, r.verb, r.object_kind, r.object_id, r.before::text, r.after::text, r.brand_id,
        r.other_brand_id, r.request_id, audit_actor_name(r.id) AS actor_name, b.name AS company, m.seal_no
    FROM ({found}) f JOIN audit_records r ON r.id = f.id LEFT JOIN brands b ON b.id = r.acting_for
    LEFT JOIN audit_seal_members m ON m.record_id = r.id ORDER BY r.id DESC LIMIT $9"""


class Sought(msgspec.Struct, frozen=True):
    """Which records are asked for; None asks for all."""

    object_id: str | None = None
    verb: str | None = None
    object_kind: str | None = None
    actor_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


class Entry(msgspec.Struct, frozen=True):
    """A record, with what its ids are called today and the seal that holds it."""

    record: Record
    actor_name: str | None
    """None for whoever was forgotten, and for those who are nobody."""
    company: str | None
    """For which brand the person acted; None for the operator."""
    seal_no: int | None


class Head(msgspec.Struct, frozen=True):
    """The last seal, which whoever keeps it elsewhere can hold the whole trail against."""

    no: int
    hash: bytes
    last_id: int
    sealed_at: datetime


async def trail_of(
    member: Member, sought: Sought, *, before: int | None, limit: int
) -> tuple[Sequence[Entry], Head | None]:
    """List what concerns the member's brand, or everything to the operator; and the last seal."""
    found = _OF_ALL if member.brand_id is None else _OF_BRAND
    async with connections.transaction(eyes=member.eyes) as connection:
        rows = await connection.fetch(
            _RECORDS.replace("{found}", found),
            member.brand_id,
            before,
            sought.object_id,
            sought.verb,
            sought.object_kind,
            sought.actor_id,
            sought.since,
            sought.until,
            limit,
        )
        return [_entry(row) for row in rows], await head(connection)


async def head(connection: Connection) -> Head | None:
    """Return the last seal, None before the first."""
    row = await connection.fetchrow(
        "SELECT no, hash, last_id, sealed_at FROM audit_seals ORDER BY no DESC LIMIT 1"
    )
    return None if row is None else Head(**row)


def record_of(row: Mapping[str, Any] | asyncpg.Record) -> Record:
    """Return the record that a row holds, whose two states were read as text."""
    said: dict[str, Any] = {name: row[name] for name in Record.__struct_fields__}
    for name in ("before", "after"):
        said[name] = None if row[name] is None else msgspec.json.decode(row[name])
    return msgspec.convert(said, Record)


def _entry(row: asyncpg.Record) -> Entry:
    return Entry(record_of(row), row["actor_name"], row["company"], row["seal_no"])
