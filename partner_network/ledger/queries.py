"""Read what accounts hold."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection
from partner_network.ledger.invariants import Held, Sums
from partner_network.ledger.moments import AsOf
from partner_network.ledger.rules import Account


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


_DATED = {
    None: "",
    "recorded": "JOIN ledger_entries e ON e.id = t.entry_id WHERE e.recorded_at < $1",
    "effective": "WHERE t.effective_at < $1",
}


def summed_legs(basis: str | None) -> str:
    """Return SQL that sums all legs by account, or those before $1 by one of their dates.

    Legs are summed by their two accounts first, so that each row is read once for both.
    """
    return f"""
        SELECT s.account_id,
            sum(CASE WHEN s.is_debit THEN m.posted ELSE 0 END)::bigint AS debits,
            sum(CASE WHEN s.is_debit THEN 0 ELSE m.posted END)::bigint AS credits,
            sum(CASE WHEN s.is_debit THEN m.open ELSE 0 END)::bigint AS debits_pending,
            sum(CASE WHEN s.is_debit THEN 0 ELSE m.open END)::bigint AS credits_pending
        FROM (SELECT t.debit_account_id, t.credit_account_id,
                  sum(CASE WHEN t.phase IN ('posted', 'post') THEN t.amount_minor ELSE 0 END) AS posted,
                  sum(CASE t.phase WHEN 'pending' THEN t.amount_minor WHEN 'posted' THEN 0
                      ELSE -t.amount_minor END) AS open
              FROM ledger_transfers t {_DATED[basis]} GROUP BY 1, 2) m
        CROSS JOIN LATERAL (VALUES (m.debit_account_id, true), (m.credit_account_id, false))
            AS s (account_id, is_debit)
        GROUP BY 1"""


async def held(connection: Connection, as_of: AsOf | None = None) -> list[Held]:
    """Return what accounts hold: as kept, or summed from the postings before an instant."""
    if as_of is None:
        rows = await connection.fetch(
            """SELECT a.kind, a.currency, a.holder_id, a.counterparty_id, b.debits_posted_minor,
                   b.credits_posted_minor, b.debits_pending_minor, b.credits_pending_minor
               FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id ORDER BY a.id"""
        )
    else:
        rows = await connection.fetch(
            f"""SELECT a.kind, a.currency, a.holder_id, a.counterparty_id, s.debits, s.credits,
                    s.debits_pending, s.credits_pending
                FROM ({summed_legs(as_of.basis)}) s JOIN ledger_accounts a ON a.id = s.account_id
                ORDER BY a.id""",
            as_of.until,
        )
    return [
        Held(Account(row[0], row[1], row[2], row[3]), Sums(row[4], row[5], row[6], row[7])) for row in rows
    ]
