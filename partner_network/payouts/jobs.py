"""What the worker does about money, asked for by a job or by the schedule."""

from datetime import datetime

from partner_network.database import connections
from partner_network.gateways import crash_points
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.payouts.actions import accounts, arrive, bank, compare, fund, movements, reconcile, send
from partner_network.payouts.rules import ChargeFunding, HeardBankPayout, HeardEvent, ReadFunding

NIGHT_BEGINS_HOUR = 3
"""From which hour on, in UTC by the wall's clock, a night's comparison is made."""


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
    if funding_id is None:
        # We may never have heard which PaymentIntent our own request made.
        funding_id = await arrive.named((await stripe.read_funding(job.payment_intent_id)).funding_id)
    if funding_id is not None:
        await charge(stripe, ChargeFunding(funding_id), now)
    await _handled(job.event_id, now)


async def read_invoice(stripe: StripeConnect, job: HeardEvent, now: datetime) -> None:
    """Look again at an invoice that Stripe says has moved; one that is none of ours is left alone."""
    async with connections.transaction() as connection:
        funding_id = await connection.fetchval("SELECT id FROM fundings WHERE invoice_id = $1", job.object_id)
    if funding_id is None:
        # We may never have heard which invoice our own request made.
        invoice = await stripe.read_invoice(job.object_id)
        funding_id = None if invoice is None else await arrive.named(invoice.funding_id)
    if funding_id is not None:
        await charge(stripe, ChargeFunding(funding_id), now)
    await _handled(job.event_id, now)


async def read_movements(stripe: StripeConnect, job: HeardEvent, now: datetime) -> None:
    """Book what Stripe says has moved, and go on with what waited for it."""
    await movements.book_movements(stripe, now)
    await pay(stripe, now)
    await _handled(job.event_id, now)


async def read_account(stripe: StripeConnect, job: HeardEvent, now: datetime) -> None:
    """Re-read an account that Stripe says has changed, and send what waited for it."""
    await accounts.read_account(stripe, job.object_id, now)
    await pay(stripe, now)
    await _handled(job.event_id, now)


async def read_bank_payout(stripe: StripeConnect, job: HeardBankPayout, now: datetime) -> None:
    """Look at what a partner's bank did with a payout that Stripe says has moved."""
    await bank.read_bank_payout(stripe, job.payout_id, job.account_id, now)
    await _handled(job.event_id, now)


async def reconcile_due(stripe: StripeConnect, now: datetime, wall_now: datetime) -> bool:
    """Compare our books with Stripe's once a night, by the wall's clock; tell whether it was done now.

    The night is taken when it is done: one in which Stripe cannot be reached is made up for later. Two
    workers at once compare twice, which changes nothing.
    Errors: StripeUnreachableError, then try again.
    """
    if wall_now.hour < NIGHT_BEGINS_HOUR or await _is_done(wall_now):
        return False
    await compare.compare_with_stripe(stripe, now)
    await bank.read_all(stripe, now)
    async with connections.transaction() as connection:
        await connection.execute(
            "INSERT INTO reconciliations (night, began_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            wall_now.date(),
            wall_now,
        )
    return True


async def _is_done(wall_now: datetime) -> bool:
    async with connections.transaction() as connection:
        return await connection.fetchval(
            "SELECT EXISTS (SELECT FROM reconciliations WHERE night = $1)", wall_now.date()
        )


async def _handled(event_id: str, now: datetime) -> None:
    async with connections.transaction() as connection:
        await connection.execute(
            "UPDATE stripe_events SET handled_at = $2 WHERE event_id = $1 AND handled_at IS NULL",
            event_id,
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
    crash_points.reach(7)
    await send.send_all(stripe, now)
    crash_points.reach(8)
    await reconcile.settle_arrived(stripe, now)
    crash_points.reach(9)
