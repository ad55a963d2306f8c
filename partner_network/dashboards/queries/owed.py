"""Read what an advertiser owes its partners and what it has to fund."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection
from partner_network.payouts import queries as payouts
from partner_network.payouts.queries import Fundable, Need


class Debt(msgspec.Struct, frozen=True):
    """What an advertiser owes its partners in one currency, and what it has to bring now; minor units."""

    currency: str
    pending_minor: int
    payable_minor: int
    need: Need
    payment_under_way_minor: int
    fundable: tuple[Fundable, ...]
    """The approved statements that the money is for, the first to be funded first."""

    @property
    def owed_minor(self) -> int:
        """Everything that partners have earned and that is not yet funded."""
        return self.pending_minor + self.payable_minor


class FailedPayment(msgspec.Struct, frozen=True):
    """The newest payment of an advertiser, when it failed; minor units."""

    amount_minor: int
    currency: str
    failure: str
    requested_at: datetime


class StripeDetails(msgspec.Struct, frozen=True):
    """What Stripe told us of a brand, and when we last asked."""

    account_id: str | None = None
    transfers_status: str | None = None
    payment_method_id: str | None = None
    read_at: datetime | None = None


async def debts_of(connection: Connection, payer_id: UUID) -> list[Debt]:
    """Return what a payer owes, one for each currency in which it ever owed any; minor units."""
    rows = await connection.fetch(
        """SELECT a.currency,
               sum(CASE WHEN a.kind <> 'pay' THEN b.credits_posted_minor - b.debits_posted_minor
                        ELSE 0 END)::bigint AS pending_minor,
               sum(CASE WHEN a.kind = 'pay' THEN b.credits_posted_minor - b.debits_posted_minor
                        ELSE 0 END)::bigint AS payable_minor,
               (SELECT coalesce(sum(f.amount_minor), 0)::bigint FROM fundings f
                WHERE f.advertiser_id = $1 AND f.currency = a.currency
                    AND f.status IN ('requested', 'processing')) AS under_way_minor
           FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
           WHERE a.counterparty_id = $1 AND a.kind IN ('pay_pending', 'pay_held', 'pay_disputed', 'pay')
           GROUP BY a.currency ORDER BY a.currency""",
        payer_id,
    )
    return [
        Debt(
            row["currency"],
            row["pending_minor"],
            row["payable_minor"],
            await payouts.need_of(connection, payer_id, row["currency"]),
            row["under_way_minor"],
            tuple(await payouts.fundable_statements(connection, payer_id, row["currency"])),
        )
        for row in rows
    ]


async def last_payment_failed(connection: Connection, payer_id: UUID) -> FailedPayment | None:
    """Return the newest payment of an advertiser if it failed, so that somebody can mend it."""
    row = await connection.fetchrow(
        """SELECT amount_minor, currency, status, failure, requested_at FROM fundings
           WHERE advertiser_id = $1 ORDER BY id DESC LIMIT 1""",
        payer_id,
    )
    if row is None or row["status"] != "failed":
        return None
    return FailedPayment(row["amount_minor"], row["currency"], row["failure"] or "", row["requested_at"])


async def stripe_details_of(connection: Connection, brand_id: UUID) -> StripeDetails:
    """Return what is known of a brand at Stripe; all None before it introduced itself."""
    row = await connection.fetchrow(
        """SELECT account_id, transfers_status, payment_method_id, read_at FROM stripe_accounts
           WHERE brand_id = $1""",
        brand_id,
    )
    return StripeDetails() if row is None else StripeDetails(**row)
