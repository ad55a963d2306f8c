"""A worker that is killed at any numbered point leaves one transfer for each approved amount."""

import asyncio
import os
import signal
import sys

import pytest

from partner_network.gateways import clock, crash_points
from partner_network.payouts.actions import compare
from tests.conftest import FreshDatabase
from tests.payouts.conftest import EARNED_MINOR, Sale


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

    assert await one_run(database, sale, point) == -signal.SIGKILL
    assert await one_run(database, sale, None) == 0

    assert await sale.transfers_minor() == [EARNED_MINOR]
    assert await sale.attempts() == [("settled", EARNED_MINOR)]
    left = ("prepaid", "pay", "pay_funded", "payout_clearing", "chargeback")
    assert [await sale.posted(kind) for kind in left] == [0] * len(left)
    assert await compare.compare_with_stripe(sale.stripe, await clock.now()) == []
