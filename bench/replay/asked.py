"""One question in a process of its own: `python -m bench.replay.asked what_if|replay URL`."""

import asyncio
import sys
import time

import msgspec
from msgspec import Struct

from bench.replay import network
from partner_network.agreements import terms_reading
from partner_network.database import connections
from partner_network.database.addresses import Address
from partner_network.receipts.replay import running
from partner_network.receipts.what_if import comparing
from partner_network.receipts.what_if.values import EVERYONE, Change


class Answer(Struct, frozen=True):
    """How long it took, once connected, and what can be compared with the SQL by hand."""

    seconds: float
    conversions: int
    differing: int
    by_partnership: dict[str, tuple[int, int]] | None = None
    """Conversions and their net that each partnership is credited with, where the answer says so."""


async def ask(what: str, url: str) -> Answer:
    """Ask as the worker would."""
    await connections.open_pool(url, max_size=1)
    try:
        return await {"what_if": what_if, "replay": replay_all}[what](url)
    finally:
        await connections.close_pool()


async def what_if(_: str) -> Answer:
    """Try other rates and the same windows on all partners at once, over the whole time."""
    tried = terms_reading.read_terms(network.terms(upper_ppm=100_000))
    async with connections.transaction() as connection:
        program_id = await connection.fetchval("SELECT id FROM programs")
        started = time.perf_counter()
        found = await comparing.what_if(
            connection, program_id, network.STARTS, network.ENDS, Change(terms={EVERYONE: tried})
        )
        seconds = time.perf_counter() - started
    if found.conversions is None or found.unlike_stored is None:
        raise RuntimeError("the what-if did not say how many conversions it looked at")
    return Answer(
        seconds,
        found.conversions,
        found.unlike_stored,
        {
            str(row.partnership_id): (row.after.conversions, row.after.net_minor[network.CURRENCY])
            for row in found.rows
        },
    )


async def replay_all(url: str) -> Answer:
    """Prove every stored decision from its receipt's own facts, as `partner-network replay` does."""
    async with connections.transaction() as connection:
        program_id = await connection.fetchval("SELECT id FROM programs")
    started = time.perf_counter()
    found = await running.replay(Address(url, None), program_id, network.STARTS, network.ENDS)
    seconds = time.perf_counter() - started
    return Answer(seconds, found.count, found.differing + found.waiting + found.without_receipt)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(ask(*sys.argv[1:]))))
