"""What an operator types about exchange rates; thin, like a web route."""

import argparse
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeAlias

from partner_network import settings as settings_of
from partner_network.commissions import rate_queries
from partner_network.commissions.actions import load_rates
from partner_network.commissions.rules import rate_files
from partner_network.commissions.rules.rate_files import Published
from partner_network.database import addresses, connections
from partner_network.gateways import clock
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

DONE = 0
_TOLD_EVERY = 50_000
_DAY = timedelta(days=1)
Commands: TypeAlias = "argparse._SubParsersAction[Any]"  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - argparse has no public name for it


def add_to(commands: Commands) -> None:
    """Add the commands to the command line."""
    rates = commands.add_parser("rates", help="exchange rates: put published ones on record, or list them")
    verbs = rates.add_subparsers(required=True, metavar="VERB")
    add = verbs.add_parser(
        "load", help="load rates in a form of the ECB's; the same ones again change nothing"
    )
    add.add_argument("place", type=Path, metavar="FILE.csv|FOLDER", help="a folder: each .csv file in it")
    add.set_defaults(command=_load)
    add = verbs.add_parser("list", help="print the newest rate of each pair of currencies")
    add.set_defaults(command=_list)


async def _load(parsed: argparse.Namespace) -> int:
    paths = _paths(parsed.place)
    async with _connected():
        now = await clock.now()
        # A day begins in the east before it does in UTC.
        rates = [one for path in paths for one in _read(path, now.date() + _DAY)]
        loaded = await load_rates.load_rates(rates, source=str(parsed.place), now=now)
    print(f"{loaded.new} rates loaded, {loaded.known} were on record already.")
    return DONE


async def _list(_: argparse.Namespace) -> int:
    async with _connected(), connections.transaction() as connection:
        newest = await rate_queries.newest_of_each_pair(connection)
    for one in newest:
        print(f"{one.day}  {one.base}/{one.quote}  {one.rate:f}  {one.days} days  {one.source}")
    if not newest:
        print("No rates are on record; load some with `partner-network rates load FILE.csv`.")
    return DONE


def _paths(place: Path) -> Sequence[Path]:
    if not place.is_dir():
        return [place]
    paths = sorted(place.glob("*.csv"))
    if not paths:
        raise InvalidError(Sentence("There is no .csv file in {place}.", place=place))
    return paths


def _read(path: Path, until: date) -> list[Published]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidError(
            Sentence(
                "{path} is no UTF-8 text, from byte {start} on. Nothing was loaded.",
                path=path,
                start=error.start,
            )
        ) from None
    rates: list[Published] = []
    for one in rate_files.read(text, str(path), until=until):
        rates.append(one)
        if len(rates) % _TOLD_EVERY == 0:
            print(f"{path}: {len(rates)} rates read", file=sys.stderr, flush=True)
    return rates


@asynccontextmanager
async def _connected() -> AsyncGenerator[None]:
    address = addresses.address_for(settings_of.from_environment(), "worker")
    await connections.open_pool(address.url, role=address.role, max_size=1)
    try:
        yield
    finally:
        await connections.close_pool()
