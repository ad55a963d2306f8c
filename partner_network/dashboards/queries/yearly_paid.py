"""Read what each partner was paid in a calendar year, by whom and in which currency."""

from uuid import UUID

import msgspec

from partner_network.brands import form_1099
from partner_network.brands.form_1099 import Reached
from partner_network.database.connections import Connection


class YearlyPaid(msgspec.Struct, frozen=True):
    """What one payer paid one payee in a year (UTC), less what came back in it; minor units."""

    year: int
    payee_name: str
    payer_name: str
    currency: str
    paid_minor: int

    @property
    def form_1099(self) -> Reached:
        """Whether it reaches the threshold of the United States."""
        return form_1099.reached(self.paid_minor, year=self.year, currency=self.currency)


async def yearly_paid(connection: Connection, payee_id: UUID | None = None) -> list[YearlyPaid]:
    """Return what a payee was paid, or everybody (None), by year, the newest first.

    It is read from the ledger: what left for the payee, and what Stripe brought back.
    """
    rows = await connection.fetch(
        """SELECT extract(year FROM t.effective_at AT TIME ZONE 'UTC')::int AS year,
               payee.name AS payee_name, payer.name AS payer_name, a.currency,
               sum(CASE e.kind WHEN 'settle' THEN t.amount_minor ELSE -t.amount_minor END)::bigint
                   AS paid_minor
           FROM ledger_accounts a
           JOIN ledger_transfers t ON t.debit_account_id = a.id OR t.credit_account_id = a.id
           JOIN ledger_entries e ON e.id = t.entry_id
           JOIN brands payee ON payee.id = a.holder_id
           JOIN brands payer ON payer.id = a.counterparty_id
           WHERE ($1::uuid IS NULL OR a.holder_id = $1)
               AND (a.kind = 'payout_clearing' AND e.kind = 'settle' AND t.debit_account_id = a.id
                   OR a.kind = 'pay_funded' AND e.kind = 'reverse_transfer' AND t.credit_account_id = a.id)
           GROUP BY 1, payee.id, payee.name, payer.id, payer.name, a.currency
           ORDER BY 1 DESC, payee.name, payer.name, a.currency""",
        payee_id,
    )
    return [YearlyPaid(**row) for row in rows]
