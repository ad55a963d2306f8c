"""The step before all others: the payout of the payee's own account to its bank, and what it bundles."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from msgspec import Struct

from partner_network.dashboards.tracing import sums
from partner_network.dashboards.tracing.sums import Sum
from partner_network.database.connections import Connection
from partner_network.payouts import bank_queries


class Bundled(Struct, frozen=True):
    """A transfer of ours that a payout to the bank took along, and the statement it paid; minor units."""

    stripe_transfer_id: str
    amount_minor: int
    reversed_minor: int
    statement_id: UUID
    number: str


class Banked(Struct, frozen=True):
    """A payout of the payee's account to its bank with the transfers in it; minor units."""

    id: str
    amount_minor: int
    currency: str
    status: str
    arrives_on: date
    bundled: Sequence[Bundled]
    sum: Sum


async def banked_of(connection: Connection, payout_id: UUID) -> list[Banked]:
    """Return the payouts to a bank that took money of one of our payouts along, the oldest first.

    One bundles transfers of several payers, so the payee and the operator alone see any.
    Source: MONEY section 6, the bank outcome.
    """
    shown = await bank_queries.bank_payouts_of(connection, payout_id)
    bundles = await _bundles(connection, [one.id for one in shown])
    return [
        Banked(
            one.id,
            one.amount_minor,
            one.currency,
            one.status,
            one.arrives_on,
            bundles[one.id],
            sums.banked(
                [(each.number, each.amount_minor, each.reversed_minor) for each in bundles[one.id]],
                one.amount_minor,
            ),
        )
        for one in shown
    ]


async def _bundles(connection: Connection, bank_payout_ids: Sequence[str]) -> dict[str, list[Bundled]]:
    rows = await connection.fetch(
        """SELECT x.bank_payout_id, t.stripe_transfer_id, t.amount_minor, t.reversed_minor,
               s.id AS statement_id, s.number
           FROM bank_payout_transfers x JOIN payout_attempts t ON t.id = x.attempt_id
           JOIN payouts o ON o.id = t.payout_id JOIN statements s ON s.id = o.statement_id
           WHERE x.bank_payout_id = ANY($1::text[]) ORDER BY t.finished_at, t.id""",
        list(bank_payout_ids),
    )
    found: defaultdict[str, list[Bundled]] = defaultdict(list)
    for row in rows:
        found[row["bank_payout_id"]].append(Bundled(*list(row)[1:]))
    return found
