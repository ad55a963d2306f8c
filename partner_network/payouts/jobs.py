"""What the worker does about money, asked for by a job or by the schedule."""

from datetime import datetime

from partner_network.database import connections
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.payouts.actions import fund, reconcile, send
from partner_network.payouts.rules import ChargeFunding, ReadFunding


async def charge(stripe: StripeConnect, job: ChargeFunding, now: datetime) -> None:
    """Charge a requested funding, then pay with what has settled."""
    if await fund.charge_funding(stripe, job.funding_id, now) == "settled":
        await pay(stripe, now)


async def read_funding(stripe: StripeConnect, job: ReadFunding, now: datetime) -> None:
    """Look again at a payment that Stripe says has moved; the webhook itself is never believed."""
    async with connections.transaction() as connection:
        funding_id = await connection.fetchval(
            "SELECT id FROM fundings WHERE payment_intent_id = $1", job.payment_intent_id
        )
    if funding_id is not None:
        await charge(stripe, ChargeFunding(funding_id), now)
    async with connections.transaction() as connection:
        await connection.execute(
            "UPDATE stripe_events SET handled_at = $2 WHERE event_id = $1 AND handled_at IS NULL",
            job.event_id,
            now,
        )


async def pay(stripe: StripeConnect, now: datetime) -> None:
    """Fund what is approved and covered, send it, and settle what Stripe shows."""
    async with connections.transaction() as connection:
        payers = await connection.fetch(
            """SELECT DISTINCT s.payer_id, s.currency FROM statements s
               JOIN statement_approvals a ON a.statement_id = s.id
               WHERE NOT EXISTS (SELECT FROM payouts o WHERE o.statement_id = s.id)"""
        )
    for row in payers:
        await fund.fund_statements(row["payer_id"], row["currency"], now)
    await send.send_all(stripe, now)
    await reconcile.reconcile(stripe, now)
