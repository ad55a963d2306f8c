"""Wait for a turn at Stripe: all workers together send no more transfers a second than is configured."""

import asyncio
from datetime import timedelta

from partner_network.database import connections

SECOND = timedelta(seconds=1)


async def wait_for_turn(per_s: int) -> None:
    """Take the next turn, and wait until it has come; turns are evenly apart, whoever takes them.

    A turn that nobody uses, its worker having ended, is lost: that costs one distance and nothing else.
    """
    wait: timedelta = await connections.pool().fetchval("SELECT turn_at_stripe($1)", SECOND / per_s)
    await asyncio.sleep(wait.total_seconds())
