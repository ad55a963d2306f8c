"""One task in a process of its own: `python -m bench.export.asked export|copy|verify|hash URL FOLDER`."""

import asyncio
import contextlib
import hashlib
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

import msgspec
from msgspec import Struct

from bench.close import network
from partner_network.dashboards.exporting import commands, sources, writing
from partner_network.database import connections

BRAND = "shop-1"


class Answer(Struct, frozen=True):
    """How long it took, once connected, and how many rows or bytes there were."""

    seconds: float
    count: int


def export(url: str, folder: Path) -> Answer:
    """Write all that the advertiser may see, as the command does."""
    return asyncio.run(_connected(url, _export, folder))


async def _export(folder: Path) -> int:
    manifest = await writing.export(BRAND, folder, network.CLOSED_AT, lambda _, __: None)
    return sum(one.rows for one in manifest.files.values())


def copy(url: str, folder: Path) -> Answer:
    """Let PostgreSQL write the same rows by COPY, file by file, which proves nothing."""
    folder.mkdir()
    return asyncio.run(_connected(url, _copy, folder))


async def _copy(folder: Path) -> int:
    async with connections.transaction() as connection:
        brand_id = await connection.fetchval("SELECT id FROM brands WHERE slug = $1", BRAND)
        copied = 0
        for name, query in _queries().items():
            said = await connection.copy_from_query(
                query.replace("$1", "$1::uuid"), brand_id, output=folder / name
            )
            copied += int(said.removeprefix("COPY "))
    return copied


def _queries() -> dict[str, str]:
    """Return by file what the export asks for."""
    asked = {name: sources.query_of(name, kind) for name, kind in writing.kinds().items()}
    return {**asked, writing.RECEIPTS: writing.RECEIPTS_QUERY}


async def _connected(url: str, do: Callable[[Path], Coroutine[None, None, int]], folder: Path) -> Answer:
    await connections.open_pool(url, max_size=1)
    try:
        started = time.perf_counter()
        count = await do(folder)
        return Answer(time.perf_counter() - started, count)
    finally:
        await connections.close_pool()


def verify(_: str, folder: Path) -> Answer:
    """Verify the files, as the command does; any difference is an error."""
    started = time.perf_counter()
    with contextlib.redirect_stdout(sys.stderr):
        code = commands.verify(folder)
    if code != commands.DONE:
        raise RuntimeError("the export does not prove itself")
    return Answer(time.perf_counter() - started, _size_of(folder))


def hash_files(_: str, folder: Path) -> Answer:
    """Read the same files and hash them, which proves no figure."""
    started = time.perf_counter()
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha256")
    return Answer(time.perf_counter() - started, _size_of(folder))


def _size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


TASKS = {"export": export, "copy": copy, "verify": verify, "hash": hash_files}


if __name__ == "__main__":
    what, where, into = sys.argv[1:]
    sys.stdout.buffer.write(msgspec.json.encode(TASKS[what](where, Path(into))))
