"""Cases about money that somebody has to clear up, and how far the month's end has come."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from admin.queries.standing import LISTED
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.identity.web.listings import Listing

ORDER: Mapping[str, str] = {
    "case": "kind",
    "owner": "owner_name",
    "opened": "opened_at",
    "closed": "closed_at",
}
STATES = ("open", "closed")


class Case(msgspec.Struct, frozen=True):
    """One case with who owns it and how it ended."""

    id: UUID
    kind: str
    subject: str
    said: str
    owner_id: UUID | None
    owner_name: str | None
    opened_at: datetime
    closed_at: datetime | None
    closer_name: str | None
    reason: str | None


class MonthEnd(msgspec.Struct, frozen=True):
    """What is left to do before a month is done with; each figure counts things."""

    to_prepare: int
    to_approve: int
    to_fund: int
    to_send: int
    held: int
    cases: int
    compared_on: date | None
    """The last night in which our books were compared with Stripe's to the end."""


_FOUND = """
    SELECT c.id, c.kind, c.subject, c.said, c.owner_id, o.name AS owner_name, c.opened_at, c.closed_at,
        b.name AS closer_name, c.reason
    FROM cases c LEFT JOIN member_names o ON o.id = c.owner_id LEFT JOIN member_names b ON b.id = c.closed_by
    WHERE ($1 = '' OR (c.closed_at IS NULL) = ($1 = 'open'))
        AND (c.kind ILIKE $2 OR c.subject ILIKE $2 OR c.said ILIKE $2 OR o.name ILIKE $2)"""


async def cases(listing: Listing) -> tuple[Listing, Sequence[Case]]:
    """Return one page of the cases."""
    found = listing.chosen("show"), listing.like
    async with connections.transaction(eyes="operator") as connection:
        counted = listing.counted(await connection.fetchval(f"SELECT count(*) FROM ({_FOUND}) found", *found))
        rows = await connection.fetch(
            f"""SELECT * FROM ({_FOUND}) found ORDER BY {counted.order_by(ORDER, tie="id")}
                OFFSET $3 LIMIT $4""",
            *found,
            counted.offset,
            counted.limit,
        )
    return counted, [Case(**row) for row in rows]


async def month_end() -> MonthEnd:
    """Return what is left to do, over all statements that were closed."""
    async with connections.transaction(eyes="operator") as connection:
        return await _month_end(connection)


async def _month_end(connection: Connection) -> MonthEnd:
    # What is counted of statements is what their list shows: one place says where a statement stands.
    row = await connection.fetchrow(
        f"""WITH {LISTED} SELECT count(*) FILTER (WHERE status = 'draft') AS to_prepare,
               count(*) FILTER (WHERE status = 'issued') AS to_approve,
               count(*) FILTER (WHERE status = 'approved' AND payout_id IS NULL) AS to_fund,
               (SELECT count(*) FROM payouts o WHERE o.held_reason IS NULL AND o.amount_minor > (
                       SELECT coalesce(sum(t.amount_minor - t.reversed_minor), 0) FROM payout_attempts t
                       WHERE t.payout_id = o.id AND t.stripe_transfer_id IS NOT NULL)) AS to_send,
               (SELECT count(*) FROM payouts o WHERE o.held_reason IS NOT NULL) AS held,
               (SELECT count(*) FROM cases c WHERE c.closed_at IS NULL) AS cases,
               (SELECT max(night) FROM reconciliations) AS compared_on
           FROM listed"""
    )
    return MonthEnd(**(row or {}))
