"""Read what became of a payout at the payee's bank."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection


class BankPayout(msgspec.Struct, frozen=True):
    """A payout of the payee's own account at Stripe to its bank, with what it took along; minor units."""

    id: str
    currency: str
    amount_minor: int
    status: str
    failure: str | None
    arrives_on: date
    made_at: datetime
    transfers: tuple[str, ...]
    """The transfers of ours that it bundles, by their ids at Stripe."""


_BANK_PAYOUTS = """
    SELECT b.id, b.currency, b.amount_minor, b.status, b.failure, b.arrives_on, b.made_at,
        array(SELECT t.stripe_transfer_id FROM bank_payout_transfers x JOIN payout_attempts t
              ON t.id = x.attempt_id WHERE x.bank_payout_id = b.id ORDER BY t.id) AS transfers
    FROM bank_payouts b
"""


async def bank_payouts_of(connection: Connection, payout_id: UUID) -> Sequence[BankPayout]:
    """Return the payouts to a bank that took money of one of our payouts along, the oldest first.

    The payee and the operator see them; a payer sees the outcome alone, on its attempts.
    """
    rows = await connection.fetch(
        _BANK_PAYOUTS
        + """WHERE b.id IN (SELECT x.bank_payout_id FROM bank_payout_transfers x
                 JOIN payout_attempts t ON t.id = x.attempt_id WHERE t.payout_id = $1)
             ORDER BY b.made_at, b.id""",
        payout_id,
    )
    return [msgspec.convert(dict(row), BankPayout) for row in rows]


async def newest_of(connection: Connection, brand_id: UUID, limit: int) -> Sequence[BankPayout]:
    """Return the newest payouts of a brand's own account to its bank, the newest first."""
    rows = await connection.fetch(
        _BANK_PAYOUTS + "WHERE b.brand_id = $1 ORDER BY b.made_at DESC, b.id DESC LIMIT $2", brand_id, limit
    )
    return [msgspec.convert(dict(row), BankPayout) for row in rows]
