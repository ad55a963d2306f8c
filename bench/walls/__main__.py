"""Measure what the walls cost: `python -m bench.walls`.

The same queries and actions run in turn as the owner of the tables, for whom every wall is open, and as the
web role with a brand's eyes, on one network of 80,000 orders. A figure is the median of its rounds.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from uuid import UUID

from bench.walls import network
from partner_network.conversions import queries as conversions
from partner_network.conversions.actions import record_conversions
from partner_network.dashboards.queries import credited, earnings, next_payouts, owed, standing
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.database.embedded_server import DATABASE, OWNER, WEB, EmbeddedServer
from partner_network.links import queries as links
from partner_network.payouts import queries as payouts
from partner_network.statements import queries as statements

ROUNDS = 15
_next_order = count(1_000_000, 100)

Read = Callable[[Connection, UUID], Awaitable[object]]


async def home_of_a_partner(connection: Connection, brand_id: UUID) -> None:
    """What the first page of the portal asks for a partner with 4,000 commissions."""
    await credited.recently_credited(connection, brand_id, 8)
    await earnings.earned_by_month(connection, brand_id)
    await earnings.whereabouts_of(connection, brand_id)
    await next_payouts.next_payouts_of(connection, brand_id, datetime.now(UTC))


async def home_of_an_advertiser(connection: Connection, brand_id: UUID) -> None:
    """The same for an advertiser: what it owes."""
    await owed.debts_of(connection, brand_id)
    await standing.standing_of(connection, brand_id)


async def statement(connection: Connection, brand_id: UUID) -> None:
    """One statement with its 200 lines."""
    (first, *_) = await statements.statements(connection, brand_id=brand_id, limit=1)
    await statements.lines_of(connection, first.id)


READS: Mapping[str, tuple[str, Read]] = {
    "portal home, partner": ("blog-1", home_of_a_partner),
    "portal home, advertiser": ("shop-1", home_of_an_advertiser),
    "list of statements": ("blog-1", lambda c, b: statements.statements(c, brand_id=b, limit=26)),
    "statement of 200 lines": ("blog-1", statement),
    "links with counted clicks": ("blog-1", links.links_of),
    "100 conversions": ("shop-1", lambda c, b: conversions.conversions_of(c, b, after=None, limit=100)),
    "list of payouts": ("blog-1", lambda c, b: payouts.payouts(c, brand_id=b, limit=50)),
}


async def main() -> None:
    """Found the network, measure each query on both sides of the walls, and print a line for each."""
    with tempfile.TemporaryDirectory(prefix="pn-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # noqa: ASYNC240 -- nothing else runs yet
        with EmbeddedServer.start(folder / "postgres", durable=False) as server:
            await network.found(server.url(OWNER, DATABASE))
            taken: dict[str, dict[str, list[float]]] = {}
            for _ in range(ROUNDS):
                for role in (OWNER, WEB):
                    for what, seconds in (await measure(server.url(role, DATABASE))).items():
                        taken.setdefault(what, {}).setdefault(role, []).append(seconds)
    print(f"{'milliseconds, median of ' + str(ROUNDS):32} {'open':>8} {'walled':>8}")
    for what, by_role in taken.items():
        print(f"{what:32} {_ms(by_role[OWNER]):8.2f} {_ms(by_role[WEB]):8.2f}")


async def measure(url: str) -> dict[str, float]:
    """Run everything once warm as one role; return the seconds of each."""
    await connections.open_pool(url, max_size=1)
    try:
        taken = {what: await _timed(slug, read) for what, (slug, read) in READS.items()}
        taken["100 orders reported"] = await _reported()
        return taken
    finally:
        await connections.close_pool()


async def _timed(slug: str, read: Read) -> float:
    brand_id = await _brand(slug)
    started = 0.0
    for _ in range(2):  # the first one prepares
        started = time.perf_counter()
        async with connections.transaction(eyes=brand_id) as connection:
            await read(connection, brand_id)
    return time.perf_counter() - started


async def _reported() -> float:
    brand_id = await _brand("shop-1")
    started = 0.0
    for _ in range(2):
        batch = network.orders(next(_next_order), 100)
        started = time.perf_counter()
        await record_conversions.record_conversions(batch, brand_id=brand_id)
    return time.perf_counter() - started


async def _brand(slug: str) -> UUID:
    async with connections.transaction(eyes="operator") as connection:
        return await network.brand(connection, slug)


def _ms(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1000


if __name__ == "__main__":
    asyncio.run(main())
