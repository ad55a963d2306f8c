"""Payments of advertisers to the network: a list, and one with all that happened to it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from admin.next_steps import Invoice
from admin.queries.statements import Sum
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.identity.web.listings import Listing
from partner_network.kernel.errors import NotFoundError

ORDER: Mapping[str, str] = {
    "advertiser": "advertiser_name",
    "amount": "amount_minor",
    "status": "status",
    "requested": "requested_at",
    "settled": "settled_at",
}
STATUSES = ("requested", "processing", "settled", "failed")


class FundingRow(msgspec.Struct, frozen=True):
    """A payment in a list; minor units."""

    id: UUID
    advertiser_id: UUID
    advertiser_name: str
    advertiser_slug: str
    amount_minor: int
    currency: str
    status: str
    failure: str | None
    failure_code: str | None
    payment_intent_id: str | None
    requested_by_name: str | None
    requested_at: datetime
    settled_at: datetime | None
    repaid_minor: int
    """How much of it settled what a bank had taken back before."""
    way: str
    """Whether a saved method is charged, or an invoice is sent."""
    invoice_number: str | None
    invoice_url: str | None
    """Stripe's own page of the invoice, where the advertiser pays it."""
    invoice_due_at: datetime | None
    invoice_sent_at: datetime | None
    void_asked_at: datetime | None

    @property
    def invoice(self) -> Invoice:
        """Say how far the invoice is, if there is one."""
        if self.way != "invoice":
            return "none"
        if self.void_asked_at is not None:
            return "called off"
        return "to be sent" if self.invoice_sent_at is None else "sent"


class Moved(msgspec.Struct, frozen=True):
    """What a bank took back of a payment, or brought again; minor units."""

    kind: str
    amount_minor: int
    at: datetime


class GivenBack(msgspec.Struct, frozen=True):
    """A part of a payment that is given back because it was not needed; minor units."""

    status: str
    amount_minor: int
    asked_at: datetime
    finished_at: datetime | None
    refund_id: str | None


class FundingRead(msgspec.Struct, frozen=True):
    """Everything on the page of a payment."""

    funding: FundingRow
    movements: Sequence[Moved]
    given_back: Sequence[GivenBack]
    is_followed: bool
    """Whether the advertiser paid again afterwards, or has a payment on its way, in the same currency."""

    @property
    def taken_back_minor(self) -> int:
        """How much of it banks hold now, in minor units."""
        return sum(one.amount_minor if one.kind == "return" else -one.amount_minor for one in self.movements)


_LISTED = """
    listed AS (
        SELECT f.id, f.advertiser_id, b.name AS advertiser_name, b.slug AS advertiser_slug, f.amount_minor,
            f.currency, f.status, f.failure, f.failure_code, f.payment_intent_id,
            m.name AS requested_by_name, f.requested_at, f.settled_at, f.repaid_minor,
            f.way, f.invoice_number, f.invoice_url, f.invoice_due_at, f.invoice_sent_at, f.void_asked_at
        FROM fundings f JOIN brands b ON b.id = f.advertiser_id
        LEFT JOIN member_names m ON m.id = f.requested_by)
"""
_FOUND = """($1 = '' OR status = $1) AND (advertiser_name ILIKE $2 OR advertiser_slug ILIKE $2
    OR payment_intent_id ILIKE $2 OR invoice_number ILIKE $2)"""


async def funding_rows(listing: Listing) -> tuple[Listing, Sequence[FundingRow], Sequence[Sum]]:
    """Return one page of the payments found, and the sums of all of them."""
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
        [msgspec.convert(dict(row), FundingRow) for row in rows],
        [msgspec.convert(dict(row), Sum) for row in sums],
    )


async def read_funding(funding_id: UUID) -> FundingRead:
    """Return one payment with all that happened to it. Errors: NotFoundError."""
    async with connections.transaction(eyes="operator") as connection:
        row = await connection.fetchrow(f"WITH {_LISTED} SELECT * FROM listed WHERE id = $1", funding_id)
        if row is None:
            raise NotFoundError("There is no such payment; open it from the list of payments.")
        funding = msgspec.convert(dict(row), FundingRow)
        return FundingRead(
            funding,
            await _movements(connection, funding_id),
            await _given_back(connection, funding_id),
            await _is_followed(connection, funding),
        )


async def _movements(connection: Connection, funding_id: UUID) -> Sequence[Moved]:
    rows = await connection.fetch(
        "SELECT kind, amount_minor, at FROM stripe_movements WHERE funding_id = $1 ORDER BY at, id",
        funding_id,
    )
    return [Moved(**row) for row in rows]


async def _given_back(connection: Connection, funding_id: UUID) -> Sequence[GivenBack]:
    rows = await connection.fetch(
        """SELECT status, amount_minor, asked_at, finished_at, refund_id FROM prepaid_returns
           WHERE funding_id = $1 ORDER BY id""",
        funding_id,
    )
    return [GivenBack(**row) for row in rows]


async def _is_followed(connection: Connection, funding: FundingRow) -> bool:
    # Ids ascend with time: whatever was asked for later has a larger one.
    found = await connection.fetchval(
        """SELECT EXISTS (SELECT FROM fundings WHERE advertiser_id = $1 AND currency = $2 AND id > $3
               AND status <> 'failed')""",
        funding.advertiser_id,
        funding.currency,
        funding.id,
    )
    return bool(found)
