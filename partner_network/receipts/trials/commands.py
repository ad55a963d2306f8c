"""What somebody types to try terms from a script, such as a brand's own CI; nothing is kept or booked."""

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias, cast
from uuid import UUID

import asyncpg
import msgspec

from partner_network import settings as settings_of
from partner_network.database import addresses, connections
from partner_network.gateways import clock
from partner_network.kernel import ids, periods
from partner_network.kernel.errors import InvalidError
from partner_network.receipts.replay import queries as programs
from partner_network.receipts.trials import actions, computing, queries, reading, result, rules
from partner_network.receipts.trials.rules import Days

DONE = 0
CONNECTIONS = 1
Commands: TypeAlias = "argparse._SubParsersAction[Any]"  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - argparse has no public name for it


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    add = commands.add_parser("what-if", help="compute what other terms would have paid, as JSON")
    add.add_argument("--program", required=True, metavar="P", help="its slug, or its id prg_…")
    add.add_argument(
        "--partnership", metavar="PRT", help="whose terms alone are changed; left out: everybody's"
    )
    add.add_argument("--from", required=True, dest="since", metavar="D", help="the first day: 2026-03-01")
    add.add_argument("--to", required=True, dest="until", metavar="D", help="the day after the last one")
    add.add_argument("--terms", required=True, type=Path, metavar="TERMS.toml")
    add.set_defaults(command=_what_if)


async def _what_if(parsed: argparse.Namespace) -> int:
    terms = parsed.terms.read_text(encoding="utf-8")
    rules.must_be_small(terms)
    tried = reading.read(terms)
    days = Days(_day(parsed.since), _day(parsed.until))
    partnership_id: UUID | None = None if parsed.partnership is None else ids.parse("prt", parsed.partnership)
    address = addresses.address_for(settings_of.from_environment(), "worker")
    await connections.open_pool(address.url, role=address.role, max_size=CONNECTIONS)
    try:
        async with connections.transaction() as connection:
            # A pooled connection is a proxy that behaves as one; the query names the class behind it.
            plain = cast("asyncpg.Connection[asyncpg.Record]", connection)
            program_id = await programs.program_named(plain, parsed.program)
            subject = await queries.subject_of_worker(connection, program_id, partnership_id)
            zone = periods.zone_named(actions.time_zone_of(subject, tried))
            rules.must_be_past(days, (await clock.now(connection)).astimezone(zone).date())
            compared = await computing.compare(connection, subject, tried, days, zone)
    finally:
        await connections.close_pool()
    written = msgspec.json.format(msgspec.json.encode(result.result_of(compared)), indent=2)
    sys.stdout.write(written.decode() + "\n")
    return DONE


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidError("A day is written like 2026-03-01.") from None
