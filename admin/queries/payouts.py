"""Payouts across all brands: a list, and one with every attempt to send it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from admin.queries.statements import Sum
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.identity.web.listings import Listing
from partner_network.kernel.errors import NotFoundError
from partner_network.payouts import bank_queries
from partner_network.payouts import queries as payouts
from partner_network.payouts.bank_queries import BankPayout
from partner_network.payouts.queries import Payout

ORDER: Mapping[str, str] = {
    "statement": "statement_number",
    "payee": "payee_name",
    "payer": "payer_name",
    "amount": "amount_minor",
    "status": "shown",
    "reserved": "reserved_at",
}
STATUSES = ("reserved", "submitting", "unknown", "accepted", "settled", "failed", "reversed", "held")


class Attempt(msgspec.Struct, frozen=True):
    """One try to send a payout; minor units."""

    n: int
    status: str
    amount_minor: int
    destination: str
    stripe_transfer_id: str | None
    answer: str | None
    started_at: datetime
    finished_at: datetime | None


class SentPayout(msgspec.Struct, frozen=True):
    """A payout with all its attempts and what is known of the payee at Stripe."""

    payout: Payout
    attempts: Sequence[Attempt]
    transfers_status: str | None
    banked: Sequence[BankPayout] = ()
    """What the payee's own account paid out to its bank, with money of this payout."""


_LISTED = """
    listed AS (
        SELECT o.id, o.statement_id, s.number AS statement_number, o.payee_id, o.payer_id,
            payee.name AS payee_name, payer.name AS payer_name, payee.slug AS payee_slug,
            payer.slug AS payer_slug, o.currency, o.amount_minor, o.reserved_at,
            o.held_reason, coalesce(t.status, 'reserved') AS status, t.stripe_transfer_id, t.finished_at,
            CASE WHEN o.held_reason IS NULL THEN coalesce(t.status, 'reserved') ELSE 'held' END AS shown
        FROM payouts o JOIN statements s ON s.id = o.statement_id
        JOIN brands payee ON payee.id = o.payee_id JOIN brands payer ON payer.id = o.payer_id
        LEFT JOIN LATERAL (SELECT status, stripe_transfer_id, finished_at FROM payout_attempts
                           WHERE payout_id = o.id ORDER BY n DESC LIMIT 1) t ON true)
"""
_FOUND = """($1 = '' OR shown = $1) AND (statement_number ILIKE $2 OR payee_name ILIKE $2
    OR payer_name ILIKE $2 OR stripe_transfer_id ILIKE $2)"""


async def payout_rows(listing: Listing) -> tuple[Listing, Sequence[Payout], Sequence[Sum]]:
    """Return one page of the payouts found, and the sums of all of them."""
    found = listing.chosen("show"), listing.like
    async with connections.transaction(eyes="operator") as connection:
        sums = await connection.fetch(
            f"""WITH {_LISTED} SELECT currency, count(*), sum(amount_minor)::bigint AS minor FROM listed
                WHERE {_FOUND} GROUP BY 1 ORDER BY 1""",
            *found,
        )
        counted = listing.counted(sum(row["count"] for row in sums))
        rows = await connection.fetch(
            f"""WITH {_LISTED} SELECT * FROM listed WHERE {_FOUND}
                ORDER BY {counted.order_by(ORDER, tie="id")} OFFSET $3 LIMIT $4""",
            *found,
            counted.offset,
            counted.limit,
        )
    return (
        counted,
        [msgspec.convert(dict(row), Payout) for row in rows],
        [msgspec.convert(dict(row), Sum) for row in sums],
    )


async def read_payout(payout_id: UUID) -> SentPayout:
    """Return one payout with its attempts, the first one first. Errors: NotFoundError."""
    async with connections.transaction(eyes="operator") as connection:
        payout = await _payout(connection, payout_id)
        attempts = await connection.fetch(
            """SELECT n, status, amount_minor, destination, stripe_transfer_id, answer, started_at,
                   finished_at
               FROM payout_attempts WHERE payout_id = $1 ORDER BY n""",
            payout_id,
        )
        status = await connection.fetchval(
            "SELECT transfers_status FROM stripe_accounts WHERE brand_id = $1", payout.payee_id
        )
        banked = await bank_queries.bank_payouts_of(connection, payout_id)
    return SentPayout(payout, [Attempt(**row) for row in attempts], status, banked)


async def _payout(connection: Connection, payout_id: UUID) -> Payout:
    # The list is read newest first from just above the wanted one: one query to keep in step, not two.
    found = await payouts.payouts(connection, before=UUID(int=payout_id.int + 1), limit=1)
    if not found or found[0].id != payout_id:
        raise NotFoundError("There is no such payout; open it from the list of payouts.")
    return found[0]
