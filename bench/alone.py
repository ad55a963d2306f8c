"""What benches share: a server of their own, fresh processes, and a planner that knows what was written."""

import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import asyncpg
import msgspec

from bench.replay import memory, progress
from partner_network.database.embedded_server import DATABASE, OWNER, WORKER, EmbeddedServer

T = TypeVar("T")
ROOT = Path(__file__).parents[1]


@contextmanager
def server(*, durable: bool) -> Generator[tuple[str, str]]:
    """Run a fresh server, and yield where its owner and its worker connect; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="pn-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with EmbeddedServer.start(folder / "postgres", durable=durable) as started:
            yield started.url(OWNER, DATABASE), started.url(WORKER, DATABASE)


def asked(module: str, what: str, url: str, answer: type[T], *more: str) -> tuple[T, float]:
    """Do one task in a fresh process; return what it says, and the most memory it held, in MiB."""
    argv = [sys.executable, "-m", module, what, url, *more]
    process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE)  # noqa: S603 -- our own words
    watch = memory.Watch(process)
    said, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{what} ended with {process.returncode}")
    return msgspec.json.decode(said, type=answer), watch.wait()


async def settle(owner: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Let the planner know what has been written, as autovacuum would by and by."""
    with progress.timed("vacuum, analyze"):
        await owner.execute("VACUUM (ANALYZE)")
