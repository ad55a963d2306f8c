"""Prove one stretch after another; a process of its own may be given some of them, on its standard input.

Run as a child it reads one job as JSON and writes one line of JSON for each stretch that it proved.
"""

import asyncio
import gc
import sys
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from partner_network.database.addresses import Address
from partner_network.kernel import merkle
from partner_network.receipts.replay import queries, rules
from partner_network.receipts.replay.queries import AnyConnection, Orders, Stretch

SHOWN_MAX = 10
"""Differences that are put into words; all are counted."""


class Job(Struct, frozen=True):
    """Which stretches of a program's period to prove, as one snapshot of the database has them."""

    address: Address
    snapshot: str
    program_id: UUID
    until: datetime
    stretches: list[Stretch]


class Proved(Struct, frozen=True):
    """What came of one stretch: counts, the first differences in words, and the root over its receipts."""

    number: int
    orders: int
    decisions: int
    waiting: int
    without_receipt: int
    differing: int
    differences: list[str]
    root: bytes


def proved(number: int, orders: Orders) -> Proved:
    """Decide everything in a stretch again. Pure."""
    found = [said for of_order in orders.decisions for said in rules.differences(of_order)]
    return Proved(
        number,
        orders.count,
        sum(map(len, orders.decisions)),
        sum(not of_order for of_order in orders.decisions),
        sum(stored.facts is None for of_order in orders.decisions for stored in of_order),
        len(found),
        found[:SHOWN_MAX],
        merkle.root_of(list(_leaves(orders))),
    )


def _leaves(orders: Orders) -> Iterator[bytes]:
    """Yield a leaf for each order: its receipts' roots, oldest first, one behind the other."""
    for of_order in orders.decisions:
        yield merkle.leaf_hash(b"".join(stored.root for stored in of_order if stored.facts is not None))


@asynccontextmanager
async def connected(address: Address) -> AsyncGenerator[AnyConnection]:
    """Open a connection that only reads and always sees what it saw first."""
    role = {} if address.role is None else {"role": address.role}
    settings = {"timezone": "UTC", "application_name": "partner-network replay", **role}
    connection: AnyConnection = await asyncpg.connect(address.url, server_settings=settings)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection
    finally:
        await connection.close()


async def prove(
    connection: AnyConnection, program_id: UUID, until: datetime, stretches: Sequence[Stretch]
) -> AsyncGenerator[Proved]:
    """Prove stretches one after another."""
    await queries.prefer_indexes(connection)
    for stretch in stretches:
        yield proved(stretch.number, await queries.orders_in(connection, program_id, until, stretch))


async def _work(job: Job) -> None:
    async with connected(job.address) as connection:
        await connection.execute(f"SET TRANSACTION SNAPSHOT '{job.snapshot}'")
        async for one in prove(connection, job.program_id, job.until, job.stretches):
            sys.stdout.buffer.write(msgspec.json.encode(one) + b"\n")
            sys.stdout.buffer.flush()


def serve() -> None:
    """Do the one job that stands on standard input."""
    # Values without cycles by the hundred thousand: walking them for garbage finds nothing.
    gc.disable()
    asyncio.run(_work(msgspec.json.decode(sys.stdin.buffer.read(), type=Job)))


if __name__ == "__main__":
    serve()
