"""Decide all orders by the product's own code, in as many processes as there are cores.

The product decides a program's orders one batch at a time; here batches of one program are decided side by
side, which is right only because none of these orders looks back at an earlier one (each stands alone).
"""

import asyncio
import multiprocessing
import os
import time
from collections.abc import Iterator
from uuid import UUID

import asyncpg

from bench import alone
from bench.replay import network, progress
from partner_network.attribution import actions
from partner_network.attribution.cases import Case
from partner_network.attribution.queries import waiting
from partner_network.database import connections

BATCH = 5_000
_REPORTED_EVERY = 20
_TABLES = ("decisions", "receipts", "credits", "candidacies", "unaccrued_conversions")


async def decide_all(owner_url: str) -> None:
    """Decide every order, store decisions, credits and receipts, and say how fast it goes."""
    owner: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(owner_url)
    count = await owner.fetchval("SELECT count(*) FROM conversions")
    firsts = await owner.fetch(
        """SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM conversions) v
           WHERE n % $1 = 1 ORDER BY id""",
        BATCH,
    )
    batches = [(owner_url, row["id"]) for row in firsts]
    async with network.set_wise(owner, *_TABLES):
        started = time.perf_counter()
        for done, decided in enumerate(_decided(batches), start=1):
            if done % _REPORTED_EVERY == 0 or decided == count:
                rate = decided / (time.perf_counter() - started)
                progress.say(f"decided {decided:,} of {count:,}, {rate:,.0f}/s")
    await alone.settle(owner)
    await owner.close()


def _decided(batches: list[tuple[str, UUID]]) -> Iterator[int]:
    decided = 0
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as processes:
        for size in processes.imap_unordered(_decide_batch, batches):
            decided += size
            yield decided


def _decide_batch(batch: tuple[str, UUID]) -> int:
    return asyncio.run(_decide(*batch))


async def _decide(owner_url: str, first: UUID) -> int:
    await connections.open_pool(owner_url, max_size=1)
    try:
        async with connections.transaction() as connection:
            await waiting.prefer_indexes(connection)
            rows = await connection.fetch(
                f"SELECT {waiting.CASE} FROM conversions c WHERE c.id >= $1 ORDER BY c.id LIMIT $2",
                first,
                BATCH,
            )
            await actions.decide_taken(connection, [Case(**row) for row in rows])
        return len(rows)
    finally:
        await connections.close_pool()
