"""Read which clawbacks nothing can recover any more, since their partnership has ended."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection
from partner_network.ledger.accounts import Pair
from partner_network.statements import due_queries, ending_queries, standing_queries


class Lapsing(msgspec.Struct, frozen=True):
    """What is still due of one clawback, in minor units; of tax it is of no commission."""

    clawback_id: int
    commission_id: int | None
    due_minor: int
    is_borne: bool
    """Whether two people decided that the network bears it."""


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
        """SELECT p.id AS account_id, p.holder_id, p.counterparty_id, p.currency
           FROM ledger_accounts d JOIN ledger_balances b
               ON b.account_id = d.id AND b.debits_posted_minor > b.credits_posted_minor
           JOIN ledger_accounts p ON p.kind = 'pay' AND p.holder_id = d.holder_id
               AND p.counterparty_id = d.counterparty_id AND p.currency = d.currency
           WHERE d.kind = 'clawback_due' ORDER BY p.id"""
    )
    names = [(row["counterparty_id"], row["holder_id"], row["currency"]) for row in rows]
    return [
        EndedPair(
            row["account_id"],
            Pair(row["holder_id"], row["counterparty_id"], row["currency"]),
            await ending_queries.partnerships_of(connection, name),
        )
        for row, name, over in zip(rows, names, await ending_queries.over_at(connection, names), strict=True)
        if over is not None and over <= now
    ]


async def may_still_recover(connection: Connection, of: EndedPair, now: datetime) -> bool:
    """Tell whether something may still come from which a close could recover.

    That is what is pending, held, disputed, payable and on no statement yet, or not computed yet.
    """
    if await ending_queries.is_set_apart(
        connection, (of.pair.advertiser_id, of.pair.partner_id, of.pair.currency)
    ) or await ending_queries.is_unstated(connection, of.account_id):
        return True
    (standing,) = await standing_queries.standings(connection, [of.account_id])
    return await due_queries.waiting_orders(connection, standing.account, now) > 0


async def lapsing(connection: Connection, of: EndedPair, now: datetime) -> list[Lapsing]:
    """Return what is due of a pair's clawbacks past their time to contest, which nothing keeps open.

    A contest that nobody has decided keeps it open, and so does a proposal that the network bears it.
    """
    rows = await connection.fetch(
        """SELECT o.transfer_id AS clawback_id, o.commission_id, o.due_minor, w.id IS NOT NULL AS is_borne
           FROM ledger_accounts a JOIN ledger_transfers t ON t.debit_account_id = a.id
           JOIN open_clawbacks o ON o.transfer_id = t.id
           LEFT JOIN write_offs w ON w.clawback_id = t.id AND w.status = 'approved'
           WHERE a.kind = 'clawback_due' AND a.holder_id = $1 AND a.counterparty_id = $2 AND a.currency = $3
               AND o.contest_until <= $4 AND o.due_minor > 0
               AND NOT EXISTS (SELECT FROM write_offs x WHERE x.clawback_id = t.id
                   AND (x.status = 'proposed' OR x.decided_at > $4))
               AND NOT EXISTS (SELECT FROM clawback_contests x WHERE x.clawback_id = o.transfer_id
                   AND NOT EXISTS (SELECT FROM contest_decisions e WHERE e.clawback_id = x.clawback_id))
           ORDER BY o.transfer_id""",
        of.pair.partner_id,
        of.pair.advertiser_id,
        of.pair.currency,
        now,
    )
    return [Lapsing(**row) for row in rows]
