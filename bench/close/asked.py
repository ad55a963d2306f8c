"""One task in a process of its own: `python -m bench.close.asked accrue|mature|close URL`."""

import asyncio
import sys
import time

import msgspec
from msgspec import Struct

from bench.close import network
from partner_network.commissions.actions import accrue, mature
from partner_network.database import connections
from partner_network.statements.actions import close


class Answer(Struct, frozen=True):
    """How long it took once connected, and how many there were."""

    seconds: float
    count: int


async def ask(what: str, url: str) -> Answer:
    """Do it as the worker would."""
    await connections.open_pool(url, max_size=2)
    try:
        started = time.perf_counter()
        count = await {"accrue": accrue_all, "mature": mature_all, "close": close_all}[what]()
        return Answer(time.perf_counter() - started, count)
    finally:
        await connections.close_pool()


async def accrue_all() -> int:
    """Book all that waits."""
    return await accrue.accrue_pending(network.BOOKED_AT)


async def mature_all() -> int:
    """Mature all that is due."""
    found = await mature.mature_due(network.CLOSED_AT)
    if found.left_out:
        raise RuntimeError(f"left out: {found.left_out[0]}")
    return found.commissions


async def close_all() -> int:
    """Close every period that has ended."""
    found = await close.close_due(network.CLOSED_AT)
    if found.left_out:
        raise RuntimeError(f"left out: {found.left_out[0]}")
    return len(found.statements)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(ask(*sys.argv[1:]))))
