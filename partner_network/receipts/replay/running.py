"""Prove a whole period of a program, by one process for each core where that pays."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from partner_network.database.addresses import Address
from partner_network.kernel import merkle
from partner_network.receipts.replay import queries, stretches
from partner_network.receipts.replay.queries import Stretch
from partner_network.receipts.replay.stretches import SHOWN_MAX, Job, Proved

PROCESSES_MAX = 64
_LINE_BYTES_MAX = 2**20

Told = Callable[[int, int], None]
"""Hear how many stretches are proved, of how many."""


class Replayed(Struct, frozen=True):
    """What came of a period: counts, the first differences in words, and one digest for both sides.

    The digest is the Merkle root over the orders in canonical order; an order's leaf holds the roots of its
    receipts, oldest first.
    """

    orders: int
    count: int
    """Decisions, all revisions of them."""
    waiting: int
    """Orders that are to be decided."""
    without_receipt: int
    """Decisions from before there were receipts, which are not proved."""
    differing: int
    differences: tuple[str, ...]
    digest: bytes

    @property
    def line(self) -> str:
        """The result as one line."""
        alike = "all alike" if not self.differing else f"{self.differing} differing"
        older = f", {self.without_receipt} from before there were receipts" if self.without_receipt else ""
        waiting = f", {self.waiting} waiting to be decided" if self.waiting else ""
        return (
            f"{self.count} decisions on {self.orders} orders replayed: {alike}{older}{waiting}; "
            f"digest {self.digest.hex()}"
        )


async def replay(
    address: Address,
    program_id: UUID,
    since: datetime,
    until: datetime,
    *,
    processes: int | None = None,
    told: Told | None = None,
) -> Replayed:
    """Decide every decision on the program's orders of [since, until) again, and compare all of it.

    ``processes``: how many to start beside this one (None: one for each core, none for a single stretch; 0:
    do all of it here). All of them see one and the same state of the database.
    """
    async with stretches.connected(address) as connection:
        snapshot: str = await connection.fetchval("SELECT pg_export_snapshot()")
        wanted = await queries.stretches_of(connection, program_id, since, until)
        if processes is None:
            processes = 0 if len(wanted) <= 1 else min(os.cpu_count() or 1, len(wanted))
        found: list[Proved] = []

        def hear(one: Proved) -> None:
            found.append(one)
            if told is not None:
                told(len(found), len(wanted))

        if processes == 0:
            async for one in stretches.prove(connection, program_id, until, wanted):
                hear(one)
        else:
            await _beside(Job(address, snapshot, program_id, until, wanted), processes, hear)
    return _together(sorted(found, key=lambda one: one.number))


def _together(found: Sequence[Proved]) -> Replayed:
    return Replayed(
        orders=sum(one.orders for one in found),
        count=sum(one.decisions for one in found),
        waiting=sum(one.waiting for one in found),
        without_receipt=sum(one.without_receipt for one in found),
        differing=sum(one.differing for one in found),
        differences=tuple(said for one in found for said in one.differences)[:SHOWN_MAX],
        digest=merkle.root_of([one.root for one in found] or [merkle.leaf_hash(b"")]),
    )


async def _beside(job: Job, processes: int, hear: Callable[[Proved], None]) -> None:
    shares = [share for n in range(processes) if (share := job.stretches[n::processes])]
    working = [asyncio.create_task(_in_a_process(job, share, hear)) for share in shares]
    try:
        await asyncio.gather(*working)
    finally:
        for one in working:
            one.cancel()
        await asyncio.gather(*working, return_exceptions=True)


async def _in_a_process(job: Job, share: list[Stretch], hear: Callable[[Proved], None]) -> None:
    """Have a fresh interpreter do a share; a fork of one with an event loop can hang."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", stretches.__name__, stdin=PIPE, stdout=PIPE, limit=_LINE_BYTES_MAX
    )
    try:
        await _answered(process, msgspec.structs.replace(job, stretches=share), hear)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _answered(process: Process, job: Job, hear: Callable[[Proved], None]) -> None:
    asking, answering = process.stdin, process.stdout
    if asking is None or answering is None:
        raise RuntimeError("a process was started without pipes")
    asking.write(msgspec.json.encode(job))
    asking.write_eof()
    left = len(job.stretches)
    async for line in answering:
        left -= 1
        hear(msgspec.json.decode(line, type=Proved))
    if await process.wait() or left:
        raise OSError("A process of the replay ended before its work was done; see what it wrote above.")
