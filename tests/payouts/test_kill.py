"""A worker that is killed at any numbered point leaves one transfer for each approved amount."""

import asyncio
import os
import signal
import sys

import pytest

from partner_network.dashboards.verification import proof
from partner_network.gateways import clock, crash_points
from partner_network.payouts import jobs as payouts
from partner_network.payouts.actions import compare
from tests.conftest import FreshDatabase
from tests.payouts.conftest import EARNED_MINOR, Sale
from tests.payouts.invoicing import ask, call_off, invoices, pay_on_page, the_funding


async def one_run(database: FreshDatabase, sale: Sale, crash_at: int | None) -> int:
    named = {} if crash_at is None else {crash_points.VARIABLE: str(crash_at)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.payouts.one_run", database.url(), sale.stripe_address),
        env={**os.environ, **named},
    )
    return await process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("point", crash_points.POINTS)
async def test_a_worker_killed_there_and_started_again_pays_once_to_the_cent(
    database: FreshDatabase, sale: Sale, point: int
) -> None:
    await sale.to_be_paid(charge_it=False)
    await sale.top_up(100)

    assert await one_run(database, sale, point) == -signal.SIGKILL
    assert await one_run(database, sale, None) == 0

    assert await sale.transfers_minor() == [EARNED_MINOR]
    assert await sale.attempts() == [("settled", EARNED_MINOR)]
    await must_be_even(sale)


@pytest.mark.slow
@pytest.mark.parametrize("point", [10, 11, 12, 13])
async def test_what_comes_back_is_booked_once_however_the_worker_ends(
    database: FreshDatabase, sale: Sale, point: int
) -> None:
    await sale.to_be_paid()
    await sale.top_up(100)
    await payouts.pay(sale.stripe, await clock.now())
    await sale.reverse(600)

    assert await one_run(database, sale, point) == -signal.SIGKILL
    assert await sale.nights() == 0
    assert await one_run(database, sale, None) == 0
    assert await one_run(database, sale, None) == 0

    assert await sale.attempts() == [("reversed", EARNED_MINOR), ("settled", 600)]
    assert sorted(await sale.transfers_minor()) == [600, EARNED_MINOR]
    await must_be_even(sale)


@pytest.mark.slow
@pytest.mark.parametrize("point", crash_points.OF_INVOICES)
async def test_a_worker_killed_at_any_step_of_an_invoice_sends_one_of_exactly_the_amount(
    database: FreshDatabase, sale: Sale, point: int
) -> None:
    await sale.close_and_sign()
    await sale.top_up(100)
    await ask(sale)

    assert await one_run(database, sale, point) == -signal.SIGKILL
    assert await one_run(database, sale, None) == 0
    made = [(one["status"], one["total"], len(one["lines"]["data"])) for one in await invoices(sale)]
    assert made == [("open", EARNED_MINOR, 1)]

    await pay_on_page()
    assert await one_run(database, sale, None) == 0
    assert await sale.transfers_minor() == [EARNED_MINOR]
    await must_be_even(sale)


@pytest.mark.slow
async def test_a_worker_killed_while_it_calls_an_invoice_off_leaves_nothing_to_pay(
    database: FreshDatabase, sale: Sale
) -> None:
    await sale.close_and_sign()
    funding_id = await ask(sale)
    assert await one_run(database, sale, 17) == -signal.SIGKILL  # a draft with its item
    await call_off(sale, funding_id)
    assert await one_run(database, sale, 20) == -signal.SIGKILL
    assert await one_run(database, sale, None) == 0
    assert await invoices(sale) == []
    assert (await the_funding())["failure_code"] == "voided"


async def must_be_even(sale: Sale) -> None:
    """Nothing is left anywhere but what the operator brought; Stripe, the proof and the cases say so too."""
    left = ("prepaid", "pay", "pay_funded", "payout_clearing", "chargeback")
    assert [await sale.posted(kind) for kind in left] == [0] * len(left)
    assert [await sale.posted(kind) for kind in ("own", "cash")] == [100, 100]
    assert [kind.difference async for kind in proof.verify(sale.stripe) if kind.difference] == []
    assert await compare.compare_with_stripe(sale.stripe, await clock.now()) == []
    assert await sale.nights() == 1
