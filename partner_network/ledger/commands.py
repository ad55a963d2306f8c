"""What an operator types about the ledger: the journal for other software, and as of which day to verify."""

import argparse
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, TypeAlias

from partner_network import settings as settings_of
from partner_network.database import addresses, connections
from partner_network.kernel import periods
from partner_network.kernel.errors import InvalidError
from partner_network.ledger import chart_file, journal, moments
from partner_network.ledger.journal import Asked
from partner_network.ledger.moments import BASES, AsOf
from partner_network.settings import Settings

DONE = 0
Commands: TypeAlias = "argparse._SubParsersAction[Any]"  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - argparse has no public name for it
_BY = "whether an entry's date is when it was recorded, which is final, or for when it was booked"


def add_to(commands: Commands) -> None:
    """Add the journal to the command line."""
    add = commands.add_parser("journal", help="write the ledger's journal as CSV for other software")
    add.add_argument("--from", required=True, dest="since", metavar="D", help="the first day: 2026-03-01")
    add.add_argument("--to", required=True, dest="until", metavar="D", help="the day after the last one")
    add.add_argument("--by", choices=BASES, default="recorded", help=_BY)
    add.add_argument("--zone", default="UTC", help="whose midnights begin the days; left out: UTC")
    add.add_argument("--out", type=Path, metavar="FILE", help="write it there; left out: standard output")
    add.set_defaults(command=_journal)


def add_moment_to(parser: argparse.ArgumentParser) -> None:
    """Let a command take a day up to whose end the ledger is looked at."""
    parser.add_argument("--as-of", metavar="D", help="with the end of this day: 2026-03-31; left out: now")
    parser.add_argument("--by", choices=BASES, default="recorded", help=_BY)
    parser.add_argument("--zone", default="UTC", help="whose midnights end the days; left out: UTC")


def moment_in(parsed: argparse.Namespace) -> AsOf | None:
    """Return the moment that was asked for. Errors: InvalidError for no day or no zone."""
    if parsed.as_of is None:
        return None
    zone = periods.zone_named(parsed.zone)
    return AsOf(moments.end_of(moments.day_in(parsed.as_of), zone), parsed.by)


async def _journal(parsed: argparse.Namespace) -> int:
    zone = periods.zone_named(parsed.zone)
    since, until = (moments.begins(moments.day_in(day), zone) for day in (parsed.since, parsed.until))
    if since >= until:
        raise InvalidError(
            "--to is the day after the last one and has to come after --from; for March 2026 write "
            "--from 2026-03-01 --to 2026-04-01."
        )
    asked = Asked(since, until, parsed.by, zone)
    settings = settings_of.from_environment()
    if parsed.out is None:
        async for part in _parts(settings, asked):
            sys.stdout.write(part)
        return DONE
    # Whoever sees the file sees all of it.
    unfinished = parsed.out.with_name(f"{parsed.out.name}.part")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            async for part in _parts(settings, asked):
                file.write(part)
        unfinished.replace(parsed.out)
    finally:
        unfinished.unlink(missing_ok=True)
    return DONE


async def _parts(settings: Settings, asked: Asked) -> AsyncGenerator[str]:
    chart = chart_file.chart_of(settings)
    address = addresses.address_for(settings, "worker")
    await connections.open_pool(address.url, role=address.role, max_size=1)
    try:
        async with connections.transaction(isolation="repeatable_read") as connection:
            async for part in journal.lines(connection, asked, chart):
                yield part
    finally:
        await connections.close_pool()
