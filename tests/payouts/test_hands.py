"""Workers that pay at once share the work: Stripe hears each request once, and nobody waits for the dead."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from uuid import UUID

import pytest

from partner_network.dashboards.verification import proof
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.stripe_transport import Transport
from partner_network.payouts import jobs as payouts
from partner_network.payouts import queries
from partner_network.payouts.actions import fund, hands
from tests import builders
from tests.builders import RADIO, SHOP, SMALL, WEEKLY, at, numbered
from tests.conftest import FreshDatabase
from tests.payouts.conftest import EARNED_MINOR, Sale

WORKERS = 16
SLOW_S = 2.0


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of all requests for a transfer that leave this process, in their order."""
    keys: list[str] = []
    real = Transport.request_async

    async def request(
        transport: Transport, method: str, url: str, headers: Mapping[str, str], post_data: str | None = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        if method == "post" and url.endswith("/v1/transfers"):
            keys.append(headers["Idempotency-Key"])
        return await real(transport, method, url, headers, post_data)

    monkeypatch.setattr(Transport, "request_async", request)
    return keys


async def three_to_be_paid(sale: Sale) -> None:
    """Let three partners have earned, and their advertiser have paid in, before any run sends."""
    for place, (partner, minor) in enumerate([(WEEKLY, 12_000), (RADIO, 11_000)], start=2):
        (click,) = await sale.click(SHOP, partner, at(1, 13))
        await builders.set_clock(at(1, 14))
        await sale.order(SHOP, *numbered([(f"buyer {place}", at(1, 13, 13), minor, click)], start=place))
    await sale.work()
    await sale.close_and_sign()
    now = await clock.now()
    async with connections.transaction() as connection:
        need = await queries.need_of(connection, sale.brands[SHOP], "USD")
        funding_id = await fund.request_funding(
            connection,
            advertiser_id=sale.brands[SHOP],
            amount_minor=need.missing_minor,
            currency="USD",
            requested_by=sale.owners[SHOP],
            now=now,
        )
    assert await fund.charge_funding(sale.stripe, funding_id, now) == "settled"


async def test_of_sixteen_workers_at_once_each_request_is_made_by_one(sale: Sale, asked: list[str]) -> None:
    await three_to_be_paid(sale)
    await sale.control("faults", route="POST /v1/transfers", kind="slow", times=3, seconds=SLOW_S)
    now = await clock.now()

    await asyncio.gather(*(payouts.pay(sale.stripe, now) for _ in range(WORKERS)))
    await payouts.pay(sale.stripe, now)

    assert len(asked) == len(set(asked)) == 3
    assert [status for status, _ in await sale.attempts()] == ["settled"] * 3
    assert len(await sale.transfers_minor()) == 3
    assert [await sale.posted(kind) for kind in ("pay_funded", "payout_clearing", "cash")] == [0] * 3
    assert [kind.difference async for kind in proof.verify(sale.stripe) if kind.difference] == []


async def test_what_a_worker_has_in_hand_others_pass_over_until_it_is_killed(
    database: FreshDatabase, sale: Sale, asked: list[str]
) -> None:
    await sale.to_be_paid(fund_it=True)
    # Its request never arrives, and it waits for the answer.
    await sale.control("faults", route="POST /v1/transfers", kind="timeout_before", times=1)
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.payouts.one_run", database.url(), sale.stripe_address), env=os.environ
    )
    now = await clock.now()
    async with asyncio.timeout(60):
        while await sale.attempts() != [("submitting", EARNED_MINOR)]:  # noqa: ASYNC110  # another process's
            await asyncio.sleep(0.05)

    await payouts.pay(sale.stripe, now)
    assert (asked, await sale.attempts()) == ([], [("submitting", EARNED_MINOR)])

    worker.send_signal(signal.SIGKILL)
    assert await worker.wait() == -signal.SIGKILL
    async with asyncio.timeout(60):
        while not asked:
            await payouts.pay(sale.stripe, now)
    assert await sale.attempts() == [("settled", EARNED_MINOR)]
    assert await sale.transfers_minor() == [EARNED_MINOR]


async def fails_with(payout_id: UUID) -> None:
    async with hands.hands() as one, one.take(payout_id) as is_ours:
        assert is_ours
        async with hands.hands() as other, other.take(payout_id) as is_theirs:
            assert not is_theirs
        raise RuntimeError("Stripe found our request wrong")


async def test_a_run_that_fails_leaves_nothing_in_its_hands(sale: Sale) -> None:
    payout_id = sale.brands[SMALL]
    with pytest.raises(RuntimeError, match="found our request wrong"):
        await fails_with(payout_id)
    async with hands.hands() as one, one.take(payout_id) as is_ours:
        assert is_ours
