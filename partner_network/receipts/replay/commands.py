"""What an operator, or either side of a program, types to prove a period; thin, like a web route."""

import argparse
import sys
import time
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID

from partner_network import settings as settings_of
from partner_network.database import addresses
from partner_network.kernel import ids, periods
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.receipts.replay import queries, running, stretches

ALIKE, DIFFERS = 0, 1
TOLD_EVERY_S = 2.0
Commands: TypeAlias = "argparse._SubParsersAction[Any]"  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - argparse has no public name for it


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    add = commands.add_parser("replay", help="decide a program's stored decisions again, and compare")
    add.add_argument("--program", required=True, metavar="P", help="its slug, or its id prg_…")
    add.add_argument("--from", required=True, dest="since", metavar="D", help="the first day: 2026-03-01")
    add.add_argument("--to", required=True, dest="until", metavar="D", help="the day after the last one")
    add.add_argument("--zone", default="UTC", help="whose midnights begin the days; left out: UTC")
    add.add_argument("--processes", type=int, help="how many to start; left out: one for each core")
    add.set_defaults(command=_replay)


async def _replay(parsed: argparse.Namespace) -> int:
    since, until = _day("--from", parsed.since, parsed.zone), _day("--to", parsed.until, parsed.zone)
    if since >= until:
        raise InvalidError(
            "--to is the day after the last one and has to come after --from; for March 2026 write "
            "--from 2026-03-01 --to 2026-04-01."
        )
    if parsed.processes is not None and not 0 <= parsed.processes <= running.PROCESSES_MAX:
        raise InvalidError(Sentence("--processes is 0 to {most}.", most=running.PROCESSES_MAX))
    address = addresses.address_for(settings_of.from_environment(), "worker")
    async with stretches.connected(address) as connection:
        program_id = await queries.program_named(connection, parsed.program)
    print(_asked(program_id, parsed), flush=True)
    replayed = await running.replay(
        address, program_id, since, until, processes=parsed.processes, told=Progress()
    )
    print(replayed.line)
    for sentence in replayed.differences:
        print(sentence, file=sys.stderr)
    return DIFFERS if replayed.differing else ALIKE


def _day(option: str, text: str, zone: str) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidError(
            Sentence("{option} is no day: {text!r}. Write it like 2026-03-01.", option=option, text=text)
        ) from None
    return periods.midnight(day, periods.zone_named(zone))


def _asked(program_id: UUID, parsed: argparse.Namespace) -> str:
    return (
        f"{parsed.program} ({ids.shown('prg', program_id)}), orders from {parsed.since} 00:00 up to "
        f"{parsed.until} 00:00 {parsed.zone}:"
    )


class Progress:
    """Says now and then how far it is, to a person who waits: not into the output."""

    def __init__(self) -> None:
        self._said_at = time.monotonic()

    def __call__(self, done: int, of: int) -> None:
        """Hear how far it is."""
        if done < of and time.monotonic() - self._said_at >= TOLD_EVERY_S:
            self._said_at = time.monotonic()
            print(f"{done * 100 // of} % proved", file=sys.stderr, flush=True)
