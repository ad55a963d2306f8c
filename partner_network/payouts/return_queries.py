"""Read what of an advertiser's prepaid money is unused, what of which payment may go back, and what does."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection
from partner_network.gateways.stripe_movements import Movement
from partner_network.payouts import queries


class Part(msgspec.Struct, frozen=True):
    """How much of one payment goes back, in minor units."""

    funding_id: UUID
    amount_minor: int


class Unused(msgspec.Struct, frozen=True):
    """Prepaid money of an advertiser, in minor units."""

    advertiser_id: UUID
    advertiser: str
    currency: str
    held_minor: int
    is_asked_for: bool
    """Whether some of it is being given back already: one at a time."""


class Return(msgspec.Struct, frozen=True):
    """What somebody asked to give back, its parts together; amounts in minor units."""

    ask_id: UUID
    advertiser_id: UUID
    advertiser: str
    currency: str
    amount_minor: int
    returned_minor: int
    came_back_minor: int
    """What of it a bank did not take, and is prepaid again."""
    statuses: Sequence[str]
    payments: int
    reason: str
    asked_by: UUID
    asked_by_name: str | None
    asked_at: datetime
    decided_by_name: str | None
    decided_at: datetime | None
    decided_reason: str | None
    answers: Sequence[str]

    @property
    def status(self) -> str:
        """How far it has come: asked, declined, under way, given back whole, in part, or not at all."""
        if self.statuses[0] in {"asked", "declined"}:
            return self.statuses[0]
        if "approved" in self.statuses:
            return "approved"
        if self.came_back_minor:
            return "came_back"
        if "failed" not in self.statuses:
            return "returned"
        return "part_returned" if self.returned_minor else "failed"


_LEFT = """
    SELECT f.id, f.amount_minor
        - (SELECT coalesce(sum(p.amount_minor), 0) FROM prepaid_returns p
           WHERE p.funding_id = f.id AND p.status IN ('asked', 'approved', 'accepted'))
        - (SELECT coalesce(sum(CASE m.kind WHEN 'return' THEN m.amount_minor ELSE -m.amount_minor END), 0)
           FROM stripe_movements m WHERE m.funding_id = f.id) AS left_minor
    FROM fundings f
    WHERE f.advertiser_id = $1 AND f.currency = $2 AND f.status = 'settled'
        AND f.payment_intent_id IS NOT NULL
    ORDER BY f.settled_at DESC, f.id DESC"""

_HELD = """
    SELECT a.holder_id AS advertiser_id, b.name AS advertiser, a.currency,
        (l.credits_posted_minor - l.debits_posted_minor - coalesce(r.on_its_way, 0))::bigint AS held_minor,
        coalesce(r.is_asked_for, false) AS is_asked_for
    FROM ledger_accounts a JOIN ledger_balances l ON l.account_id = a.id JOIN brands b ON b.id = a.holder_id
    LEFT JOIN (SELECT f.advertiser_id, f.currency, true AS is_asked_for,
            sum(p.amount_minor) FILTER (WHERE p.status = 'approved') AS on_its_way
        FROM prepaid_returns p JOIN fundings f ON f.id = p.funding_id
        WHERE p.status IN ('asked', 'approved') GROUP BY f.advertiser_id, f.currency) r
        ON r.advertiser_id = a.holder_id AND r.currency = a.currency
    WHERE a.kind = 'prepaid' AND l.credits_posted_minor > l.debits_posted_minor
    ORDER BY held_minor DESC, b.name LIMIT $1"""

_RETURNS = """
    SELECT p.ask_id, f.advertiser_id, b.name AS advertiser, f.currency,
        sum(p.amount_minor)::bigint AS amount_minor,
        coalesce(sum(p.amount_minor) FILTER (
            WHERE p.status = 'accepted' AND p.came_back_at IS NULL), 0)::bigint AS returned_minor,
        coalesce(sum(p.amount_minor) FILTER (WHERE p.came_back_at IS NOT NULL), 0)::bigint AS came_back_minor,
        array_agg(DISTINCT p.status) AS statuses, count(*) AS payments, p.reason, p.asked_by,
        o.name AS asked_by_name, p.asked_at, d.name AS decided_by_name, p.decided_at, p.decided_reason,
        coalesce(array_agg(DISTINCT p.answer) FILTER (WHERE p.answer IS NOT NULL), '{}') AS answers
    FROM prepaid_returns p JOIN fundings f ON f.id = p.funding_id JOIN brands b ON b.id = f.advertiser_id
    LEFT JOIN member_names o ON o.id = p.asked_by LEFT JOIN member_names d ON d.id = p.decided_by
    WHERE ($1::uuid IS NULL OR f.advertiser_id = $1)
    GROUP BY p.ask_id, f.advertiser_id, b.name, f.currency, p.reason, p.asked_by, o.name, p.asked_at,
        d.name, p.decided_at, p.decided_reason
    ORDER BY p.asked_at DESC, p.ask_id DESC LIMIT $2"""


async def free_minor(connection: Connection, advertiser_id: UUID, currency: str) -> int:
    """Return the prepaid money that no refund under way, approved statement or debt waits for."""
    need = await queries.need_of(connection, advertiser_id, currency)
    return max(0, need.prepaid_minor - need.approved_minor - need.owed_minor)


async def parts(connection: Connection, advertiser_id: UUID, currency: str, amount_minor: int) -> list[Part]:
    """Split an amount over the payments that brought it, the newest first; less where they brought less.

    Of no payment goes back more than it brought in less what went back of it.
    """
    found: list[Part] = []
    for row in await connection.fetch(_LEFT, advertiser_id, currency):
        minor = min(amount_minor, int(row["left_minor"]))
        if minor > 0:
            found.append(Part(row["id"], minor))
            amount_minor -= minor
    return found


async def is_under_way(connection: Connection, advertiser_id: UUID, currency: str) -> bool:
    """Tell whether some of an advertiser's prepaid money is asked for or on its way back."""
    return await connection.fetchval(
        """SELECT EXISTS (SELECT FROM prepaid_returns p JOIN fundings f ON f.id = p.funding_id
            WHERE f.advertiser_id = $1 AND f.currency = $2 AND p.status IN ('asked', 'approved'))""",
        advertiser_id,
        currency,
    )


async def unused(connection: Connection, limit: int = 100) -> list[Unused]:
    """Return the advertisers whose prepaid accounts hold money that is not on its way back, most first."""
    rows = await connection.fetch(_HELD, limit)
    return [Unused(**row) for row in rows]


async def returns(
    connection: Connection, *, advertiser_id: UUID | None = None, limit: int = 50
) -> list[Return]:
    """Return what was asked to be given back, newest first: all, or an advertiser's."""
    rows = await connection.fetch(_RETURNS, advertiser_id, limit)
    return [Return(**row) for row in rows]


async def may_be_ours(connection: Connection, one: Movement, funding_id: UUID) -> bool:
    """Tell whether money that left a payment is a refund of our own, or may be one that has no answer yet.

    The refund's own answer books it; one that proves not to be ours is booked when no answer is missing.
    """
    return await connection.fetchval(
        """SELECT EXISTS (SELECT FROM prepaid_returns WHERE refund_id = $1 OR (
               funding_id = $2 AND amount_minor = $3 AND status = 'approved' AND sent_at IS NOT NULL))""",
        one.source_id,
        funding_id,
        abs(one.amount_minor),
    )
