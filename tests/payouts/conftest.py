"""One small sale on its way to a payout, with the real SDK talking to the simulator."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import httpx
import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.payouts import jobs as payouts
from partner_network.sandbox.stripe_simulator import process
from tests import builders
from tests.builders import SHOP, SMALL, Cast, at, numbered
from tests.conftest import FreshDatabase

EARNED_MINOR = 1_500
"""10 % of the one order of 150.00."""


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with process.running(tmp_path_factory.mktemp("stripe") / "state.sqlite") as address:
        yield address


class Sale(Cast):
    """The cast with what the simulator says, and shortcuts for two workers."""

    async def transfers_minor(self) -> list[int]:
        """Return the amounts of all transfers that the simulator made."""
        return [transfer.amount_minor async for transfer in self.stripe.all_transfers()]

    async def fault(self, kind: str, times: int = 1) -> None:
        """Cut the line at the next transfers."""
        async with httpx.AsyncClient(base_url=self.stripe_address) as client:
            body = {"route": "POST /v1/transfers", "kind": kind, "times": times}
            (await client.post("/_simulator/faults", json=body)).raise_for_status()

    async def pay_twice_at_once(self) -> None:
        """Let two workers run the payout at the same moment."""
        now = await clock.now()
        await asyncio.gather(payouts.pay(self.stripe, now), payouts.pay(self.stripe, now))

    async def attempts(self) -> list[tuple[str, int]]:
        """Return state and amount of each attempt, in the order they were made."""
        async with connections.transaction() as connection:
            rows = await connection.fetch("SELECT status, amount_minor FROM payout_attempts ORDER BY n, id")
        return [(row["status"], row["amount_minor"]) for row in rows]

    async def posted(self, kind: str, holder: UUID | None = None) -> int:
        """Return the posted balance of one account, in minor units."""
        async with connections.transaction() as connection:
            return await connection.fetchval(
                """SELECT coalesce(sum(CASE WHEN a.is_debit_normal
                           THEN b.debits_posted_minor - b.credits_posted_minor
                           ELSE b.credits_posted_minor - b.debits_posted_minor END), 0)::bigint
                   FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
                   WHERE a.kind = $1 AND ($2::uuid IS NULL OR a.holder_id = $2)""",
                kind,
                holder,
            )


@pytest.fixture
async def sale(database: FreshDatabase, simulator: str) -> AsyncIterator[Sale]:
    """One order of Tune House, credited to Needle Drop, payable since the first of February."""
    assert database.name
    async with httpx.AsyncClient(base_url=simulator) as client:
        (await client.post("/_simulator/reset")).raise_for_status()
    clock.use_simulated_time(sandbox=True)
    stripe = StripeConnect(
        secret_key="sk_test_sale", api_base=simulator, webhook_secret="whsec_sale", sandbox=True
    )
    await builders.set_clock(at(1, 1))
    cast = await builders.open_network(stripe, simulator)
    sale = Sale(stripe, simulator)
    sale.__dict__.update(cast.__dict__)
    (click,) = await sale.click(SHOP, SMALL, at(1, 9))
    await builders.set_clock(at(1, 12))
    await sale.order(SHOP, *numbered([("ada", at(1, 10), 15_000, click)], start=1))
    await sale.work()
    try:
        yield sale
    finally:
        await stripe.close()
        clock.use_simulated_time(sandbox=False)
