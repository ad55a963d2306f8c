"""Look at the whole ledger, set-based: whether its rows hold together and every invariant holds.

Each look is one statement that PostgreSQL answers from all rows at once, and says at most a few of what it
found: the first is what somebody follows up.
"""

from collections.abc import AsyncGenerator, Sequence

import asyncpg
import msgspec

from partner_network.database.connections import Connection
from partner_network.ledger import invariants, queries
from partner_network.ledger.moments import AsOf

SAID_MAX = 20
_OWED = ", ".join(f"'{kind}'" for kind in ("recv", *invariants.OWED))
_CLAWED_BACK = "'clawback_due', 'clawback_owed'"
_MONEY = ", ".join(f"'{kind}'" for kind in (*invariants.THERE_IS, *invariants.WHOSE, *invariants.SPENT))
# Both accounts of a pair, whoever of the two holds them, come to the same words.
_GROUPS = f"""
    WITH grouped AS MATERIALIZED (
        SELECT id, CASE WHEN kind IN ({_OWED}) THEN 'owed ' WHEN kind IN ({_CLAWED_BACK}) THEN 'clawback '
                WHEN kind IN ({_MONEY}) THEN 'money ' ELSE 'units ' END
            || CASE WHEN kind IN ({_OWED}, {_CLAWED_BACK}) THEN CASE WHEN kind IN ('recv', 'clawback_owed')
                THEN concat(counterparty_id, holder_id) ELSE concat(holder_id, counterparty_id) END
               ELSE '' END AS at
        FROM ledger_accounts)"""


class Look(msgspec.Struct, frozen=True):
    """One kind of look: at how many things, and what is wrong with some of them."""

    name: str
    count: int
    wrong: Sequence[str]


async def examine(connection: Connection, as_of: AsOf | None = None) -> AsyncGenerator[Look]:
    """Yield each look at the ledger, to be taken in one repeatable-read transaction.

    With ``as_of`` what the accounts held then is looked at too; rows are always looked at as they are.
    Source: MONEY section 5.
    """
    yield await _legs(connection)
    yield await _reservations(connection)
    yield await _entries(connection)
    yield await _balances(connection)
    held = await queries.held(connection, as_of)
    # What was known at some date may name a debit before the credit that it takes from: only sums say a lie.
    wrong = invariants.breaches(held) if as_of is None else invariants.equations(held)
    yield Look("invariants", len(held), list(wrong))


async def _look(connection: Connection, name: str, counted: str, sql: str) -> Look:
    rows = await connection.fetch(f"{sql} LIMIT {SAID_MAX}")
    return Look(name, await connection.fetchval(counted), [_sentence(row) for row in rows])


def _sentence(row: asyncpg.Record) -> str:
    return row["said"]


async def _legs(connection: Connection) -> Look:
    """Look whether each leg belongs to its entry and to accounts of its currency."""
    return await _look(
        connection,
        "legs",
        "SELECT count(*) FROM ledger_transfers",
        """SELECT format('Leg %s of entry %s is not of its entry: currency, date or accounts differ.',
                   t.id, t.entry_id) AS said
           FROM ledger_transfers t LEFT JOIN ledger_entries e ON e.id = t.entry_id
           LEFT JOIN ledger_accounts d ON d.id = t.debit_account_id
           LEFT JOIN ledger_accounts c ON c.id = t.credit_account_id
           WHERE e.id IS NULL OR e.currency <> t.currency OR e.effective_at <> t.effective_at
               OR d.currency IS DISTINCT FROM t.currency OR c.currency IS DISTINCT FROM t.currency
               OR d.id = c.id OR t.amount_minor <= 0""",
    )


async def _reservations(connection: Connection) -> Look:
    """Look whether each reservation ended once at most, by a leg that is its own."""
    return await _look(
        connection,
        "reservations",
        "SELECT count(*) FROM ledger_transfers WHERE phase = 'pending'",
        """SELECT format('Leg %s does not end leg %s, which it names.', t.id, t.pending_id) AS said
           FROM ledger_transfers t LEFT JOIN ledger_transfers p ON p.id = t.pending_id
           WHERE t.phase IN ('post', 'void') AND (p.phase IS DISTINCT FROM 'pending'
               OR (p.debit_account_id, p.credit_account_id, p.amount_minor)
                  <> (t.debit_account_id, t.credit_account_id, t.amount_minor))
           UNION ALL
           SELECT format('Leg %s was ended %s times.', pending_id, count(*)) FROM ledger_transfers
           WHERE pending_id IS NOT NULL GROUP BY pending_id HAVING count(*) > 1""",
    )


async def _entries(connection: Connection) -> Look:
    """Look whether each entry has legs, and by itself keeps every equation.

    Each equation is a group of accounts whose debits equal their credits: what is owed between two brands,
    the clawbacks between them, and all money there is. Only a leg from one group to another can break one.
    """
    return await _look(
        connection,
        "entries",
        "SELECT count(*) FROM ledger_entries",
        f"""{_GROUPS}
            SELECT format('Entry %s (%s) has no legs.', e.key, e.id) AS said FROM ledger_entries e
            WHERE NOT EXISTS (SELECT FROM ledger_transfers t WHERE t.entry_id = e.id)
            UNION ALL
            SELECT format('Entry %s (%s) debits %s more than it credits in the group: %s.', e.key, e.id,
                l.minor, split_part(l.at, ' ', 1))
            FROM (SELECT t.entry_id, x.at, sum(x.minor) AS minor
                  FROM ledger_transfers t JOIN grouped d ON d.id = t.debit_account_id
                  JOIN grouped c ON c.id = t.credit_account_id
                  CROSS JOIN LATERAL (VALUES (d.at, t.amount_minor), (c.at, -t.amount_minor)) AS x (at, minor)
                  WHERE d.at <> c.at AND t.phase IN ('posted', 'post')
                  GROUP BY 1, 2 HAVING sum(x.minor) <> 0) l
            JOIN ledger_entries e ON e.id = l.entry_id""",
    )


async def _balances(connection: Connection) -> Look:
    """Look whether each balance is the sum of its account's legs, and marked as its account is."""
    return await _look(
        connection,
        "balances",
        "SELECT count(*) FROM ledger_accounts",
        f"""SELECT format('The balance of account %s (%s in %s) is not the sum of its legs.', a.id, a.kind,
                a.currency) AS said
            FROM ledger_accounts a LEFT JOIN ledger_balances b ON b.account_id = a.id
            LEFT JOIN ({queries.summed_legs(None)}) s ON s.account_id = a.id
            WHERE (b.debits_posted_minor, b.credits_posted_minor, b.debits_pending_minor,
                   b.credits_pending_minor) IS DISTINCT FROM
                  (coalesce(s.debits, 0), coalesce(s.credits, 0), coalesce(s.debits_pending, 0),
                   coalesce(s.credits_pending, 0))
                OR (b.currency, b.is_debit_normal, b.may_go_negative)
                   IS DISTINCT FROM (a.currency, a.is_debit_normal, a.kind = 'cash')""",
    )
