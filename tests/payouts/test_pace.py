"""Stripe is asked at the configured rate, however many payouts wait and workers send."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.payouts import jobs as payouts
from partner_network.payouts import queries
from partner_network.payouts.actions import send
from tests.conftest import FreshDatabase
from tests.payouts.conftest import EARNED_MINOR, Sale

HOUR = timedelta(hours=1)
A_WHILE = timedelta(minutes=1)


async def test_turns_are_evenly_apart_whichever_worker_takes_them(database: FreshDatabase) -> None:
    one, other = [await database.connect("worker") for _ in range(2)]
    try:
        waits = [await of.fetchval("SELECT turn_at_stripe($1)", HOUR) for of in (one, other, one)]
    finally:
        await one.close()
        await other.close()

    assert waits[0] <= timedelta()
    assert HOUR - A_WHILE < waits[1] <= HOUR
    assert 2 * HOUR - A_WHILE < waits[2] <= 2 * HOUR


async def test_turns_that_nobody_took_are_not_saved_up(database: FreshDatabase) -> None:
    worker = await database.connect("worker")
    try:
        await worker.fetchval("SELECT turn_at_stripe($1)", timedelta())
        waits = [await worker.fetchval("SELECT turn_at_stripe($1)", HOUR) for _ in range(2)]
    finally:
        await worker.close()

    assert waits[0] <= timedelta()
    assert HOUR - A_WHILE < waits[1] <= HOUR


async def test_a_transfer_takes_a_turn(sale: Sale) -> None:
    await sale.to_be_paid()
    await payouts.pay(sale.stripe, await clock.now())
    async with connections.transaction() as connection:
        turns = await connection.fetchval("SELECT count(*) FROM rate_limits")

    assert await sale.transfers_minor() == [EARNED_MINOR]
    assert turns == 1


async def test_a_fault_of_ours_lets_those_under_way_finish_and_begins_no_more(
    sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = [uuid4() for _ in range(20)]
    begun: list[UUID] = []
    finished: list[UUID] = []

    async def unfinished(_: object) -> Sequence[UUID]:
        return waiting

    async def send_payout(_: object, payout_id: UUID, __: object) -> str:
        begun.append(payout_id)
        await asyncio.sleep(0)
        if payout_id == waiting[1]:
            raise RuntimeError("Stripe refused our request itself")
        await asyncio.sleep(0)
        finished.append(payout_id)
        return "accepted"

    monkeypatch.setattr(queries, "unfinished", unfinished)
    monkeypatch.setattr(send, "send_payout", send_payout)
    with pytest.raises(RuntimeError, match="refused our request itself"):
        await send.send_all(sale.stripe, await clock.now())

    assert begun == waiting[: send.SENDERS]
    assert finished == [one for one in begun if one != waiting[1]]
