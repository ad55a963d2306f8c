"""Carry clicks from the spool to the database; one that is there already stays as it is."""

import itertools
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import asyncpg
import msgspec
import structlog

from partner_network.clicks.actions.insert import insert_clicks
from partner_network.clicks.actions.spool import Spool
from partner_network.clicks.rules import Click
from partner_network.database.connections import Connection

CLICKS_AT_ONCE = 1_000

# What PostgreSQL says about a row, not about itself: trying again would not help.
_ROW_ERRORS = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
_decode = msgspec.json.Decoder(Click).decode
_log = structlog.get_logger()


async def ship_waiting(spool: Spool, connection: Connection, *, late_at: datetime) -> int:
    """Ship every file that nobody holds, our own finished ones and orphans; return how many clicks."""
    shipped = 0
    for path in spool.waiting():
        with spool.adopt(path) as file:
            if file is not None:
                shipped += await _ship_file(spool, path, file, connection, late_at)
                path.unlink()
    return shipped


async def _ship_file(
    spool: Spool, path: Path, file: BinaryIO, connection: Connection, late_at: datetime
) -> int:
    shipped = 0
    # A last line without its end was torn by a crash: its write never returned, so nobody was answered.
    whole = (line for line in file if line.endswith(b"\n"))
    while lines := list(itertools.islice(whole, CLICKS_AT_ONCE)):
        refused = await _ship_lines(lines, connection, late_at)
        if refused:
            spool.refuse(path, refused)
            _log.critical("clicks_refused", clicks=len(refused), kept_beside=str(path))
        shipped += len(lines) - len(refused)
    return shipped


async def _ship_lines(lines: list[bytes], connection: Connection, late_at: datetime) -> list[bytes]:
    """Insert all lines at once; if one of them cannot be, each alone, and return those that cannot."""
    try:
        await insert_clicks(connection, [_decode(line) for line in lines], late_at=late_at)
    except (msgspec.DecodeError, *_ROW_ERRORS):
        if len(lines) == 1:
            return lines
        return [bad for line in lines for bad in await _ship_lines([line], connection, late_at)]
    return []
