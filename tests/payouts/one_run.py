"""One run of the worker over money, in a process of its own that may be killed at a numbered point."""

import asyncio
import sys
from datetime import UTC, datetime

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.payouts import jobs as payouts
from partner_network.payouts.rules import ChargeFunding

NIGHT = datetime(2026, 3, 1, 3, tzinfo=UTC)


async def run(database_url: str, stripe_address: str) -> None:
    """Charge every funding that was asked for, pay, and make the night's comparison."""
    clock.use_simulated_time(sandbox=True)
    await connections.open_pool(database_url)
    stripe = StripeConnect(
        secret_key="sk_test_sale", api_base=stripe_address, webhook_secret="whsec_sale", sandbox=True
    )
    try:
        async with connections.transaction() as connection:
            asked = await connection.fetch("SELECT id FROM fundings WHERE status <> 'settled'")
        for row in asked:
            await payouts.charge(stripe, ChargeFunding(row["id"]), await clock.now())
        await payouts.pay(stripe, await clock.now())
        await payouts.reconcile_due(stripe, await clock.now(), NIGHT)
    finally:
        await stripe.close()
        await connections.close_pool()


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:3]))
