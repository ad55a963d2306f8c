"""Sixteen workers on one balance at once: exactly what is allowed succeeds, whoever comes first."""

import asyncio
from collections.abc import Callable

import asyncpg

from partner_network.database import connections
from partner_network.ledger import actions, events, queries, self_check
from partner_network.ledger.rules import Entry
from tests.conftest import FreshDatabase
from tests.ledger.conftest import fact, post
from tests.ledger.parties import NOON, PAIR, SHOP

WORKERS = 16


async def attempt(made: Callable[[int], Entry], number: int, ready: asyncio.Barrier) -> bool:
    """Post one entry on a connection of one's own, all at once; tell whether it was allowed."""
    try:
        async with connections.transaction() as connection:
            await ready.wait()  # every one of them has its transaction open
            await actions.post(connection, [made(number)], recorded_at=NOON)
    except (asyncpg.CheckViolationError, asyncpg.UniqueViolationError) as refused:
        assert refused.constraint_name in {"never_more_than_there_is", "ledger_entries_key_key"}  # noqa: PT017 - of many, each may be refused
        return False
    return True


async def all_at_once(database: FreshDatabase, made: Callable[[int], Entry]) -> int:
    await connections.close_pool()
    await connections.open_pool(
        database.url("worker"), role="partner_network_worker", min_size=WORKERS, max_size=WORKERS
    )
    ready = asyncio.Barrier(WORKERS)
    return sum(await asyncio.gather(*(attempt(made, number, ready) for number in range(WORKERS))))


async def nothing_is_wrong() -> bool:
    async with connections.transaction(isolation="repeatable_read") as connection:
        return not [wrong async for look in self_check.examine(connection) for wrong in look.wrong]


async def test_of_sixteen_reservations_exactly_as_many_hold_as_there_is_money_for(
    brands: FreshDatabase,
) -> None:
    await post(
        events.accrue(fact("earn"), PAIR, 1_050),
        events.mature(fact("mature"), PAIR, 1_050),
        events.receive(fact("receive"), SHOP, "EUR", 1_050),
        events.fund(fact("fund"), PAIR, 1_050),
    )
    held = await all_at_once(brands, lambda n: events.reserve_payout(fact(f"payout {n}"), PAIR, 100))
    assert held == 10
    async with connections.transaction() as connection:
        funded = {one.account: one for one in await queries.held(connection)}[PAIR.pay_funded]
    assert (funded.minor, funded.free_minor) == (1_050, 50)
    assert await nothing_is_wrong()


async def test_of_sixteen_fundings_exactly_as_many_succeed_as_is_prepaid(brands: FreshDatabase) -> None:
    await post(
        events.accrue(fact("earn"), PAIR, 1_600),
        events.mature(fact("mature"), PAIR, 1_600),
        events.receive(fact("receive"), SHOP, "EUR", 799),
    )
    assert await all_at_once(brands, lambda n: events.fund(fact(f"fund {n}"), PAIR, 100)) == 7
    async with connections.transaction() as connection:
        minor = {one.account: one.minor for one in await queries.held(connection)}
    assert (minor[PAIR.prepaid], minor[PAIR.pay], minor[PAIR.recv], minor[PAIR.pay_funded]) == (
        *(99, 900, 900, 700),
    )
    assert await nothing_is_wrong()


async def test_the_same_entry_from_sixteen_workers_is_booked_once(brands: FreshDatabase) -> None:
    await post(events.accrue(fact("before"), PAIR, 5))
    # Who comes while it is being booked is refused by its key and finds it booked when trying again.
    assert await all_at_once(brands, lambda _: events.accrue(fact("once"), PAIR, 100)) >= 1
    async with connections.transaction() as connection:
        minor = {one.account: one.minor for one in await queries.held(connection)}
    assert minor[PAIR.recv] == 105
    assert await nothing_is_wrong()
