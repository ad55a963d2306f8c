"""Read what accounts hold."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection


class Balance(msgspec.Struct, frozen=True):
    """What one account holds, in minor units; ``posted_minor`` is positive on the account's normal side."""

    account_id: int
    kind: str
    holder_id: UUID | None
    counterparty_id: UUID | None
    currency: str
    posted_minor: int
    pending_minor: int


_BALANCES = """
    SELECT a.id AS account_id, a.kind, a.holder_id, a.counterparty_id, a.currency,
        CASE WHEN a.is_debit_normal THEN b.debits_posted_minor - b.credits_posted_minor
             ELSE b.credits_posted_minor - b.debits_posted_minor END AS posted_minor,
        CASE WHEN a.is_debit_normal THEN b.debits_pending_minor - b.credits_pending_minor
             ELSE b.credits_pending_minor - b.debits_pending_minor END AS pending_minor
    FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
"""


async def balances(connection: Connection) -> list[Balance]:
    """Return every account's balance, in the order the accounts were opened."""
    return [Balance(**row) for row in await connection.fetch(_BALANCES + "ORDER BY a.id")]


async def posted_minor(
    connection: Connection,
    kind: str,
    *,
    currency: str,
    holder_id: UUID | None = None,
    counterparty_id: UUID | None = None,
) -> int:
    """Return one account's posted balance in minor units; 0 where it was never used."""
    found = await connection.fetchrow(
        _BALANCES
        + """WHERE a.kind = $1 AND a.currency = $2 AND a.holder_id IS NOT DISTINCT FROM $3
             AND a.counterparty_id IS NOT DISTINCT FROM $4""",
        kind,
        currency,
        holder_id,
        counterparty_id,
    )
    return 0 if found is None else found["posted_minor"]


async def balance_before(connection: Connection, account_id: int, before: datetime) -> int:
    """Return what a credit account held by postings effective before ``before``, in minor units."""
    return await connection.fetchval(
        """SELECT coalesce(sum(CASE WHEN credit_account_id = $1 THEN amount_minor ELSE -amount_minor END), 0)
               ::bigint FROM ledger_transfers
           WHERE $1 IN (credit_account_id, debit_account_id) AND effective_at < $2
               AND phase IN ('posted', 'post')""",
        account_id,
        before,
    )
