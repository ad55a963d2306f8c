"""Settling looks at what is on its way alone: what is finished is neither asked for nor locked."""

import asyncio
import contextvars

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.payouts import jobs as payouts
from partner_network.payouts.actions import reconcile
from tests.conversions.cast import until_it_waits
from tests.payouts.conftest import EARNED_MINOR, Sale


async def paid(sale: Sale) -> None:
    await sale.to_be_paid()
    await payouts.pay(sale.stripe, await clock.now())
    assert await sale.attempts() == [("settled", EARNED_MINOR)]


async def test_neither_a_run_nor_a_comparison_waits_for_a_finished_payout(sale: Sale) -> None:
    await paid(sale)
    now = await clock.now()
    async with asyncio.TaskGroup() as workers, connections.transaction() as connection:
        await connection.execute(
            "SELECT 1 FROM payouts o JOIN payout_attempts t ON t.payout_id = o.id FOR UPDATE OF o, t"
        )
        for work in (payouts.pay, reconcile.reconcile):
            task = workers.create_task(work(sale.stripe, now), context=contextvars.Context())
            await until_it_waits(task)
            assert task.done()


async def test_a_run_with_nothing_on_its_way_asks_stripe_nothing(sale: Sale) -> None:
    await paid(sale)
    for route in ("GET /v1/transfers", "GET /v1/balance_transactions"):
        await sale.control("faults", route=route, kind="drop_before", times=9)
    await payouts.pay(sale.stripe, await clock.now())


async def test_what_stripe_does_not_show_is_not_settled(sale: Sale) -> None:
    await paid(sale)
    async with connections.transaction() as connection:
        await connection.execute(
            "UPDATE payout_attempts SET stripe_transfer_id = 'tr_none', status = 'accepted'"
        )
    assert await reconcile.settle_arrived(sale.stripe, await clock.now()) == 0
    assert await sale.attempts() == [("accepted", EARNED_MINOR)]


async def test_two_workers_settle_an_arrival_once(sale: Sale) -> None:
    await sale.to_be_paid(fund_it=True)
    now = await clock.now()
    await payouts.send.send_all(sale.stripe, now)
    assert await sale.attempts() == [("accepted", EARNED_MINOR)]
    settled = await asyncio.gather(*(reconcile.settle_arrived(sale.stripe, now) for _ in range(4)))
    assert sum(settled) == 1
    assert await sale.posted("payout_clearing") == 0
