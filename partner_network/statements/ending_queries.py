"""Read whether anything can still come between two brands whose partnerships have ended."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from partner_network.agreements import terms_reading
from partner_network.database.connections import Connection
from partner_network.statements.standing_queries import PairAccount

Names = tuple[UUID, UUID, str]
"""Payer, payee and currency."""


async def over_at(connection: Connection, pairs: Sequence[Names]) -> list[datetime | None]:
    """Return of each pair from when on no order can earn any more; None while a partnership goes on.

    All partnerships count by which the payer signed terms in that currency and that pay the payee, each with
    the days of run-off of its last terms. Source: the contract's clauses 8.8, 5.7 and 10.3.
    """
    rows = await connection.fetch(
        """SELECT w.n, y.partnership_id, h.ended_at, g.terms_toml
           FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS w (payer_id, payee_id, n)
           JOIN payees y ON y.advertiser_id = w.payer_id AND y.payee_id = w.payee_id
           JOIN partnerships h ON h.id = y.partnership_id
           JOIN terms t ON t.partnership_id = h.id AND upper_inf(t.recorded)
           JOIN agreements g ON g.id = t.agreement_id
           ORDER BY w.n, y.partnership_id, lower(t.valid) NULLS FIRST""",
        [payer_id for payer_id, _, _ in pairs],
        [payee_id for _, payee_id, _ in pairs],
    )
    ends: list[dict[UUID, datetime | None]] = [{} for _ in pairs]
    earning: list[set[UUID]] = [set() for _ in pairs]
    for row in rows:
        n, terms = row["n"] - 1, terms_reading.read_terms(row["terms_toml"])
        if terms.settlement.currency == pairs[n][2]:
            earning[n].add(row["partnership_id"])
        run_off = timedelta(days=terms.windows.run_off_days)
        ends[n][row["partnership_id"]] = None if row["ended_at"] is None else row["ended_at"] + run_off
    return [_latest([by[one] for one in of]) for by, of in zip(ends, earning, strict=True)]


def _latest(ends: Sequence[datetime | None]) -> datetime | None:
    told = [one for one in ends if one is not None]
    return max(told) if told and len(told) == len(ends) else None


async def is_over(connection: Connection, account: PairAccount, before: datetime) -> bool:
    """Tell whether no order from an instant on can earn a payee anything of a payer any more."""
    (over,) = await over_at(connection, [account.names])
    return over is not None and over <= before


async def is_last(connection: Connection, account: PairAccount, ends_at: datetime) -> bool:
    """Tell whether a statement that ends then is the last one: nothing is left that another could state.

    The caller knows that no order before that instant waits to be computed.
    """
    return (
        await is_over(connection, account, ends_at)
        and not await is_set_apart(connection, account.names)
        and not await is_unstated(connection, account.account_id, since=ends_at)
    )


async def is_set_apart(connection: Connection, names: Names) -> bool:
    """Tell whether something is pending, held or disputed between two brands."""
    payer_id, payee_id, currency = names
    return bool(
        await connection.fetchval(
            """SELECT EXISTS (SELECT FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
               WHERE a.kind IN ('pay_pending', 'pay_held', 'pay_disputed') AND a.holder_id = $1
                   AND a.counterparty_id = $2 AND a.currency = $3
                   AND b.credits_posted_minor <> b.debits_posted_minor)""",
            payee_id,
            payer_id,
            currency,
        )
    )


async def is_unstated(connection: Connection, account_id: int, *, since: datetime | None = None) -> bool:
    """Tell whether something became payable, at any time or since an instant, and is on no statement yet."""
    return bool(
        await connection.fetchval(
            """SELECT EXISTS (SELECT FROM ledger_transfers t WHERE t.credit_account_id = $1
               AND t.phase IN ('posted', 'post') AND ($2::timestamptz IS NULL OR t.effective_at >= $2)
               AND NOT EXISTS (
                   SELECT FROM statement_lines l WHERE l.account_id = $1 AND l.transfer_id = t.id))""",
            account_id,
            since,
        )
    )


async def partnerships_of(connection: Connection, names: Names) -> list[UUID]:
    """Return by which partnerships a payer may owe a payee something, those of any currency."""
    payer_id, payee_id, _ = names
    rows = await connection.fetch(
        "SELECT partnership_id FROM payees WHERE advertiser_id = $1 AND payee_id = $2 ORDER BY 1",
        payer_id,
        payee_id,
    )
    return [row["partnership_id"] for row in rows]
