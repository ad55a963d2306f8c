"""Re-read partners' accounts at Stripe where money waits for them, and let go what a partner has mended."""

from datetime import datetime
from uuid import UUID

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways.stripe_connect import (
    Refused,
    StripeConnect,
    StripeRefusedError,
    StripeUnreachableError,
)
from partner_network.kernel.errors import NotFoundError
from partner_network.ledger import queries as ledger_queries
from partner_network.payouts import rules
from partner_network.payouts.sending_queries import Attempt

CLOSED = "closed"


async def read_waiting(stripe: StripeConnect, now: datetime) -> None:
    """Re-read the accounts for which payouts are held; nobody has to come back from Stripe's page."""
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT DISTINCT a.brand_id, a.account_id FROM payouts o
               JOIN stripe_accounts a ON a.brand_id = o.payee_id
               WHERE o.held_reason = ANY($1::text[]) AND a.account_id IS NOT NULL ORDER BY a.brand_id""",
            [str(reason) for reason in rules.MENDED_BY_PARTNER],
        )
    for row in rows:
        await _read(stripe, row["brand_id"], row["account_id"], now)


async def read_account(stripe: StripeConnect, account_id: str, now: datetime) -> None:
    """Re-read one account that Stripe says has changed; one that is nobody's is none of ours."""
    async with connections.transaction() as connection:
        brand_id = await connection.fetchval(
            "SELECT brand_id FROM stripe_accounts WHERE account_id = $1", account_id
        )
    if brand_id is not None:
        await _read(stripe, brand_id, account_id, now)


async def why_refused(stripe: StripeConnect, attempt: Attempt, refused: Refused, now: datetime) -> str:
    """Re-read the account that Stripe refused to pay and return what the payout waits for."""
    status = await _read(stripe, attempt.payee_id, attempt.destination, now)
    if status is not None and status != "active":
        return rules.held_for_account(status)
    return rules.refused_by_stripe(refused.message)


async def release_mended(connection: Connection) -> None:
    """Let go what waited for a partner whose account is active, or for a payer who owes nothing any more."""
    await connection.execute(
        """UPDATE payouts o SET held_reason = NULL FROM stripe_accounts a
           WHERE a.brand_id = o.payee_id AND a.transfers_status = 'active'
               AND o.held_reason = ANY($1::text[])""",
        [str(reason) for reason in rules.MENDED_BY_PARTNER],
    )
    rows = await connection.fetch(
        "SELECT DISTINCT payer_id, currency FROM payouts WHERE held_reason = $1", str(rules.PAYER_OWES)
    )
    for row in rows:
        owed_minor = await ledger_queries.posted_minor(
            connection, "chargeback", currency=row["currency"], holder_id=row["payer_id"]
        )
        if not owed_minor:
            await connection.execute(
                """UPDATE payouts SET held_reason = NULL
                   WHERE held_reason = $1 AND payer_id = $2 AND currency = $3""",
                str(rules.PAYER_OWES),
                row["payer_id"],
                row["currency"],
            )


async def _read(stripe: StripeConnect, brand_id: UUID, account_id: str, now: datetime) -> str | None:
    try:
        status = (await stripe.read_account(account_id)).transfers_status
    except NotFoundError:
        status = CLOSED
    except (StripeUnreachableError, StripeRefusedError):
        return None  # nobody knows; what was known stays, and the next run asks again
    await _keep(brand_id, account_id, status, now)
    return status


async def _keep(brand_id: UUID, account_id: str, status: str, now: datetime) -> None:
    async with connections.transaction() as connection:
        await connection.execute(
            """UPDATE stripe_accounts SET transfers_status = $3, read_at = $4
               WHERE brand_id = $1 AND account_id = $2""",
            brand_id,
            account_id,
            status,
            now,
        )
