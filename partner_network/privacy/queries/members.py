"""Everything that is held about a member, as they may read it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member
from partner_network.privacy.rules import register
from partner_network.privacy.rules.holdings import Holding

Row = Mapping[str, object]


class Section(msgspec.Struct, frozen=True):
    """What one table holds of a person, why, and how long."""

    holds: str
    ground: str
    kept: str
    when_erased: str
    rows: list[Row]


class Export(msgspec.Struct, frozen=True):
    """All that is held about one person, table by table."""

    exported_at: datetime
    held: dict[str, Section]


async def export_of_member(connection: Connection, member: Member) -> Export:
    """Return all that is held about a person, looked at with the eyes that see through each table's wall."""
    held = {
        holding.table: _section(holding, await _rows(connection, holding, member))
        for holding in register.HOLDINGS.values()
        if holding.shown and holding.members_columns
    }
    return Export(await clock.now(connection), held)


async def _rows(connection: Connection, holding: Holding, member: Member) -> Sequence[asyncpg.Record]:
    await connections.look(connection, holding.eyes)
    named = [f"{column} = $1" for column in holding.members_columns]
    values: list[object] = [member.id]
    if holding.address is not None:
        named.append(f"{holding.address} = $2")
        values.append(member.email)
    return await connection.fetch(
        f"SELECT {', '.join(holding.shown)} FROM {holding.table} WHERE {' OR '.join(named)} ORDER BY 1",
        *values,
    )


def _section(holding: Holding, rows: Sequence[asyncpg.Record]) -> Section:
    return Section(
        holds=holding.holds,
        ground=holding.ground,
        kept=holding.kept,
        when_erased=holding.erasure,
        rows=[{name: _plain(value) for name, value in row.items()} for row in rows],
    )


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, UUID) else value
