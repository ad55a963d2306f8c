"""What the worker does about money that is to come in, asked for by the calendar."""

import contextlib
from datetime import datetime, timedelta

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeConnect, StripeUnreachableError
from partner_network.kernel.errors import ConflictError
from partner_network.payouts.actions import cases, fund, give_back

READ_AGAIN_AFTER = timedelta(minutes=10)
"""How long a payment on its way is left alone: debits take days, and webhooks say when they are decided."""


async def look_after_fundings(stripe: StripeConnect, now: datetime) -> None:
    """Ask again about every payment on its way, though no webhook comes; give back what is approved."""
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT id, coalesce(payment_intent_id, invoice_id, id::text) AS subject FROM fundings
               WHERE status IN ('requested', 'processing') AND (read_at IS NULL OR read_at < $1)
               ORDER BY id""",
            clock.wall_now() - READ_AGAIN_AFTER,
        )
    for row in rows:
        with contextlib.suppress(StripeUnreachableError):  # the next run asks again
            try:
                await fund.charge_funding(stripe, row["id"], now)
            except ConflictError as differs:
                # One that a person must look at stops no other.
                await _alert(row["subject"], differs.detail, now)
    await give_back.give_back_approved(stripe, now)


async def _alert(subject: str, said: str, now: datetime) -> None:
    async with connections.transaction() as connection:
        await cases.open_case(connection, "payment not booked", subject, said, now)
