"""Read a payout that is to be sent, and the attempt that is under way, each under its lock."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection
from partner_network.ledger.accounts import Pair


class Attempt(msgspec.Struct, frozen=True):
    """One try to send one payout; minor units."""

    id: UUID
    payout_id: UUID
    n: int
    idempotency_key: str
    amount_minor: int
    currency: str
    payee_id: UUID
    payer_id: UUID
    destination: str
    pending_transfer_id: int
    started_at: datetime
    statement_number: str
    is_given_up: bool
    """Whether a person let the payout go after this attempt: Stripe is looked at, not asked again."""


class Payout(msgspec.Struct, frozen=True):
    """A payout before its attempt, with where it goes; minor units."""

    id: UUID
    currency: str
    payee_id: UUID
    payer_id: UUID
    amount_minor: int
    held_reason: str | None
    destination: str | None
    transfers_status: str | None


async def payout_to_send(connection: Connection, payout_id: UUID) -> Payout | None:
    """Return a payout under its lock; None when there is none of that id."""
    row = await connection.fetchrow(
        """SELECT o.id, o.currency, o.payee_id, o.payer_id, o.amount_minor, o.held_reason,
               a.account_id AS destination, a.transfers_status
           FROM payouts o LEFT JOIN stripe_accounts a ON a.brand_id = o.payee_id
           WHERE o.id = $1 FOR UPDATE OF o""",
        payout_id,
    )
    return None if row is None else Payout(**row)


async def open_attempt(connection: Connection, payout_id: UUID) -> Attempt | None:
    """Return the one attempt of a payout of which nobody knows yet what became, under its lock.

    Its payout is locked first, as everybody does: whatever changes an attempt counts what it has left.
    """
    row = await connection.fetchrow(
        """SELECT t.id, t.payout_id, t.n, t.idempotency_key, t.amount_minor, o.currency, o.payee_id,
               o.payer_id, t.destination, t.pending_transfer_id, t.started_at, s.number AS statement_number,
               EXISTS (SELECT FROM payout_releases r
                       WHERE r.payout_id = o.id AND r.attempt_n = t.n) AS is_given_up
           FROM payout_attempts t JOIN payouts o ON o.id = t.payout_id
           JOIN statements s ON s.id = o.statement_id
           WHERE t.payout_id = $1 AND t.status IN ('submitting', 'unknown') FOR UPDATE OF o, t""",
        payout_id,
    )
    return None if row is None else Attempt(**row)


async def left_minor(connection: Connection, payout: Payout) -> tuple[int, int]:
    """Return what is still to be sent of a payout, in minor units, and the number of the next attempt."""
    row = await connection.fetchrow(
        """SELECT coalesce(sum(amount_minor - reversed_minor) FILTER (WHERE status <> 'failed'), 0)::bigint
               AS sent_minor, count(*) + 1 AS n
           FROM payout_attempts WHERE payout_id = $1""",
        payout.id,
    )
    sent, n = (0, 1) if row is None else (row["sent_minor"], row["n"])
    return payout.amount_minor - sent, n


def pair(of: Attempt | Payout) -> Pair:
    """Return between whom the money moves."""
    return Pair(of.payee_id, of.payer_id, of.currency)
