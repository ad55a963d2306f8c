"""What an operator types to export a brand's money, and anybody to verify it; thin, like a web route."""

import argparse
import gc
import sys
from pathlib import Path
from typing import Any, TypeAlias

from partner_network import settings as settings_of
from partner_network.dashboards.exporting import verifying, writing
from partner_network.database import addresses, connections
from partner_network.gateways import clock

DONE, DIFFERS = 0, 1
Commands: TypeAlias = "argparse._SubParsersAction[Any]"  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - argparse has no public name for it


def add_to(commands: Commands) -> None:
    """Add the export to the command line."""
    add = commands.add_parser("export", help="write all that a brand may see as files that prove themselves")
    add.add_argument("--brand", required=True, metavar="B", help="its slug, or its id bnd_…")
    add.add_argument("--out", required=True, type=Path, metavar="DIR", help="a folder that is not there yet")
    add.set_defaults(command=_export)


async def _export(parsed: argparse.Namespace) -> int:
    address = addresses.address_for(settings_of.from_environment(), "worker")
    await connections.open_pool(address.url, role=address.role, max_size=1)
    try:
        manifest = await writing.export(parsed.brand, parsed.out, await clock.now(), _tell)
    finally:
        await connections.close_pool()
    rows = sum(one.rows for one in manifest.files.values())
    print(
        f"{rows:,} rows in {len(manifest.files)} files, {len(manifest.statements)} statements: {parsed.out}"
    )
    return DONE


def _tell(name: str, rows: int) -> None:
    print(f"{name}: {rows:,} rows", file=sys.stderr, flush=True)


def verify(folder: Path) -> int:
    """Print what became of each kind of thing in an export, and every difference by file and row."""
    # Rows by the hundred thousand, all of them needed to the end: nothing is left to be collected.
    gc.disable()
    differs = False
    for kind in verifying.verify(folder):
        print(kind.line, flush=True)
        if kind.difference is not None:
            differs = True
            print(kind.difference, file=sys.stderr, flush=True)
    return DIFFERS if differs else DONE
