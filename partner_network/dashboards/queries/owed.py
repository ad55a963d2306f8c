"""Read what an advertiser owes its partners and what it has to fund."""

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from partner_network.database.connections import Connection
from partner_network.ledger import queries as ledger
from partner_network.payouts import ages
from partner_network.payouts import queries as payouts
from partner_network.payouts.queries import Fundable, Need

_FIRST_DAYS = (0, *(last + 1 for last in ages.STEPS_DAYS))
_LAST_DAYS = (*ages.STEPS_DAYS, 0)


class Age(msgspec.Struct, frozen=True):
    """What is owed and was approved some days ago, in minor units."""

    first_day: int
    last_day: int
    """0 where there is no last."""
    minor: int


class Debt(msgspec.Struct, frozen=True):
    """What an advertiser owes its partners in one currency, and what it has to bring now; minor units."""

    currency: str
    pending_minor: int
    payable_minor: int
    need: Need
    payment_under_way_minor: int
    fundable: tuple[Fundable, ...]
    """The approved statements that the money is for, the first to be funded first."""

    def by_age(self, now: datetime) -> tuple[Age, ...]:
        """Sort what is approved and not funded by the days since its approval."""
        sums = [0] * len(_FIRST_DAYS)
        for one in self.fundable:
            sums[ages.step_of(_days_since(one.statement.approved_at, now))] += one.amount_minor
        return tuple(map(Age, _FIRST_DAYS, _LAST_DAYS, sums))

    @property
    def owed_minor(self) -> int:
        """Everything that partners have earned and that is not yet funded."""
        return self.pending_minor + self.payable_minor


class StripeDetails(msgspec.Struct, frozen=True):
    """What Stripe told us of a brand, and when we last asked."""

    account_id: str | None = None
    transfers_status: str | None = None
    payment_method_id: str | None = None
    read_at: datetime | None = None


def _days_since(approved_at: datetime | None, now: datetime) -> int:
    return 0 if approved_at is None else max(0, (now - approved_at).days)


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
    return [await _debt(connection, payer_id, row) for row in rows]


async def _debt(connection: Connection, payer_id: UUID, row: asyncpg.Record) -> Debt:
    currency: str = row["currency"]
    fundable = await payouts.fundable_statements(connection, payer_id, currency)
    prepaid = await ledger.posted_minor(connection, "prepaid", currency=currency, holder_id=payer_id)
    return Debt(
        currency,
        row["pending_minor"],
        row["payable_minor"],
        Need(currency, sum(one.amount_minor for one in fundable), prepaid),
        row["under_way_minor"],
        tuple(fundable),
    )


async def stripe_details_of(connection: Connection, brand_id: UUID) -> StripeDetails:
    """Return what is known of a brand at Stripe; all None before it introduced itself."""
    row = await connection.fetchrow(
        """SELECT account_id, transfers_status, payment_method_id, read_at FROM stripe_accounts
           WHERE brand_id = $1""",
        brand_id,
    )
    return StripeDetails() if row is None else StripeDetails(**row)


async def currencies_of(connection: Connection, payee_id: UUID) -> list[str]:
    """Return the currencies in which a brand is owed money or has been."""
    rows = await connection.fetch(
        """SELECT DISTINCT currency FROM ledger_accounts
           WHERE holder_id = $1 AND kind IN ('pay_pending', 'pay') ORDER BY currency""",
        payee_id,
    )
    return [row["currency"] for row in rows]
