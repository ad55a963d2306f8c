"""Three weeks of orders, decided for many partners: booked in November, closed in the new year."""

from datetime import UTC, datetime

import asyncpg

from bench.accrual import network
from bench.replay import progress

BOOKED_AT = datetime(2026, 11, 15, tzinfo=UTC)
CLOSED_AT = datetime(2027, 1, 2, tzinfo=UTC)
"""All orders are of October 2026, so they lock on 1 December and stand on the statements of that month."""

_TAX = "UPDATE brands SET tax_rate_ppm = 190000 WHERE slug LIKE 'blog-%5' OR slug LIKE 'blog-%0'"


async def found(owner_url: str, commissions: int, partners: int) -> None:
    """Make the tables and fill them with decided orders, one commission each; nothing is booked yet."""
    await network.found(owner_url, commissions, partners=partners, looped=0)
    owner: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(owner_url)
    with progress.timed("partners that charge tax"):
        await owner.execute(_TAX)
    await owner.close()
