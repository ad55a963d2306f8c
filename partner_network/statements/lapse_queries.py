"""Read which clawbacks nothing can recover any more, since their partnership has ended."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from partner_network.agreements import terms_reading
from partner_network.database.connections import Connection
from partner_network.ledger.accounts import Pair
from partner_network.statements import due_queries, standing_queries


class Lapsing(msgspec.Struct, frozen=True):
    """What is still due of one clawback, in minor units."""

    clawback_id: int
    commission_id: int
    partnership_id: UUID
    due_minor: int


class EndedPair(msgspec.Struct, frozen=True):
    """Two brands and a currency between which something is due, and whose partnerships have all ended."""

    account_id: int
    pair: Pair
    partnership_ids: Sequence[UUID]


async def ended_pairs(connection: Connection, now: datetime) -> list[EndedPair]:
    """Return the pairs that ended, their days of run-off too, while something was due of clawbacks.

    A clawback is recovered from whatever the payer owes the payee, so all their partnerships count.
    Source: the contract's clauses 5.7 and 10.3.
    """
    rows = await connection.fetch(
        """SELECT p.id AS account_id, p.holder_id, p.counterparty_id, p.currency,
               array_agg(y.partnership_id) AS partnership_ids, array_agg(h.ended_at) AS ended_at,
               array_agg((SELECT g.terms_toml FROM terms t JOIN agreements g ON g.id = t.agreement_id
                   WHERE t.partnership_id = h.id AND upper_inf(t.recorded)
                   ORDER BY lower(t.valid) DESC NULLS LAST LIMIT 1)) AS terms
           FROM ledger_accounts d JOIN ledger_balances b
               ON b.account_id = d.id AND b.debits_posted_minor > b.credits_posted_minor
           JOIN ledger_accounts p ON p.kind = 'pay' AND p.holder_id = d.holder_id
               AND p.counterparty_id = d.counterparty_id AND p.currency = d.currency
           JOIN payees y ON y.payee_id = d.holder_id AND y.advertiser_id = d.counterparty_id
           JOIN partnerships h ON h.id = y.partnership_id AND h.status <> 'declined'
           WHERE d.kind = 'clawback_due'
           GROUP BY p.id HAVING bool_and(h.status = 'ended' AND h.ended_at <= $1) ORDER BY p.id""",
        now,
    )
    return [
        EndedPair(
            row["account_id"],
            Pair(row["holder_id"], row["counterparty_id"], row["currency"]),
            sorted(row["partnership_ids"]),
        )
        for row in rows
        if all(
            ended_at + _run_off(terms) <= now
            for ended_at, terms in zip(row["ended_at"], row["terms"], strict=True)
        )
    ]


def _run_off(terms_toml: str | None) -> timedelta:
    """Return how long after its end a partnership may still earn: it may not where nothing was signed."""
    if terms_toml is None:
        return timedelta()
    return timedelta(days=terms_reading.read_terms(terms_toml).windows.run_off_days)


async def may_still_recover(connection: Connection, of: EndedPair, now: datetime) -> bool:
    """Tell whether something may still come from which a close could recover.

    That is what is pending, held, disputed, payable and on no statement yet, or not computed yet.
    """
    open_minor = await connection.fetchval(
        """SELECT coalesce(sum(b.credits_posted_minor - b.debits_posted_minor), 0)::bigint
           FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
           WHERE a.kind IN ('pay_pending', 'pay_held', 'pay_disputed') AND a.holder_id = $1
               AND a.counterparty_id = $2 AND a.currency = $3""",
        of.pair.partner_id,
        of.pair.advertiser_id,
        of.pair.currency,
    )
    if open_minor:
        return True
    if await connection.fetchval(
        """SELECT EXISTS (SELECT FROM ledger_transfers t WHERE t.credit_account_id = $1
               AND t.phase IN ('posted', 'post') AND NOT EXISTS (
                   SELECT FROM statement_lines l WHERE l.account_id = $1 AND l.transfer_id = t.id))""",
        of.account_id,
    ):
        return True
    (standing,) = await standing_queries.standings(connection, [of.account_id])
    return await due_queries.waiting_orders(connection, standing.account, now) > 0


async def lapsing(connection: Connection, of: EndedPair, now: datetime) -> list[Lapsing]:
    """Return what is due of a pair's clawbacks past their time to contest, and that no contest keeps open."""
    rows = await connection.fetch(
        """SELECT o.transfer_id AS clawback_id, o.commission_id, c.partnership_id, o.due_minor
           FROM open_clawbacks o JOIN commissions c ON c.id = o.commission_id
           WHERE coalesce(c.charity_id, c.partner_id) = $1 AND c.advertiser_id = $2 AND c.currency = $3
               AND o.contest_until <= $4 AND o.due_minor > 0
               AND NOT EXISTS (SELECT FROM clawback_contests x WHERE x.clawback_id = o.transfer_id
                   AND NOT EXISTS (SELECT FROM contest_decisions e WHERE e.clawback_id = x.clawback_id))
           ORDER BY o.transfer_id""",
        of.pair.partner_id,
        of.pair.advertiser_id,
        of.pair.currency,
        now,
    )
    return [Lapsing(**row) for row in rows]
