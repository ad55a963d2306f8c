"""Read what of commissions is held, or could be, and where the money of each lies."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.commissions.booking import Standing
from partner_network.database.connections import Connection
from partner_network.ledger.accounts import Pair


class Apart(msgspec.Struct, frozen=True, gc=False):
    """What of one commission is set apart, in minor units, and whether what it gains is to be held too."""

    held_minor: int = 0
    disputed_minor: int = 0
    is_held: bool = False


NOTHING_APART = Apart()


class Placed(msgspec.Struct, frozen=True, gc=False):
    """One commission as it stands: what it comes to, where that lies, and how its holds stand.

    `unstated_minor` is what of it lies in `pay` and stands on no statement yet, since `payable_at`.
    """

    id: int
    partnership_id: UUID
    payee_id: UUID
    """The partner, or the charity that a donation pays."""
    advertiser_id: UUID
    currency: str
    matured_at: datetime | None
    target_minor: int
    held_minor: int
    disputed_minor: int
    unstated_minor: int
    payable_at: datetime | None
    moved_at: datetime | None
    n: int
    is_held: bool

    @property
    def pending_minor(self) -> int:
        """What of it may still change and is not set apart."""
        return 0 if self.matured_at else self.target_minor - self.held_minor - self.disputed_minor

    @property
    def movable_minor(self) -> int:
        """What of it is payable and can still be held: it stands on no statement."""
        if self.matured_at is None:
            return 0
        return max(0, min(self.unstated_minor, self.target_minor - self.held_minor - self.disputed_minor))

    @property
    def is_holdable(self) -> bool:
        """Tell whether there is anything to hold; what has come to nothing can be held for what may come."""
        return not self.is_held and (
            self.matured_at is None or self.movable_minor > 0 or self.target_minor == 0
        )

    @property
    def owed(self) -> Pair:
        """The accounts that it lies in."""
        return Pair(self.payee_id, self.advertiser_id, self.currency)

    def standing(self, n: int) -> Standing:
        """Return it as the n-th hold of it, or that hold's release, finds it."""
        return Standing(
            self.id, n, self.pending_minor, self.held_minor, self.movable_minor, self.matured_at is not None
        )


_PLACED = """
    SELECT c.id, c.partnership_id, coalesce(c.charity_id, c.partner_id) AS payee_id, c.advertiser_id,
        c.currency, c.matured_at, r.target_minor,
        coalesce(a.held_minor, 0) AS held_minor, coalesce(a.disputed_minor, 0) AS disputed_minor,
        coalesce(u.minor, 0) AS unstated_minor, u.payable_at,
        (SELECT max(t.effective_at) FROM ledger_transfers t WHERE t.commission_id = c.id) AS moved_at,
        coalesce(h.n, 0) AS n, h.n IS NOT NULL AND NOT h.is_over AS is_held
    FROM commissions c
    JOIN LATERAL (SELECT target_minor FROM commission_revisions
                  WHERE commission_id = c.id ORDER BY rev DESC LIMIT 1) r ON true
    LEFT JOIN set_apart a ON a.commission_id = c.id
    LEFT JOIN LATERAL (
        SELECT o.n, EXISTS (SELECT FROM commission_releases e
                            WHERE e.commission_id = o.commission_id AND e.n = o.n) AS is_over
        FROM commission_holds o WHERE o.commission_id = c.id ORDER BY o.n DESC LIMIT 1) h ON true
    LEFT JOIN ledger_accounts p ON p.kind = 'pay' AND p.holder_id = coalesce(c.charity_id, c.partner_id)
        AND p.counterparty_id = c.advertiser_id AND p.currency = c.currency
    LEFT JOIN LATERAL (
        SELECT sum(CASE t.credit_account_id WHEN p.id THEN t.amount_minor ELSE -t.amount_minor END)::bigint
                AS minor, max(t.effective_at) AS payable_at
        FROM ledger_transfers t
        WHERE t.commission_id = c.id AND t.phase = 'posted'
            AND p.id IN (t.credit_account_id, t.debit_account_id)
            AND NOT EXISTS (SELECT FROM statement_lines l
                            WHERE l.account_id = p.id AND l.transfer_id = t.id)) u ON true
"""


async def placed(connection: Connection, commission_ids: Sequence[int]) -> dict[int, Placed]:
    """Return commissions as they stand, by id."""
    rows = await connection.fetch(_PLACED + "WHERE c.id = ANY($1::bigint[]) ORDER BY c.id", commission_ids)
    return {row["id"]: Placed(**row) for row in rows}


async def placed_of(connection: Connection, partnership_id: UUID) -> list[Placed]:
    """Return all that a partnership earns its partner, as it stands; a donation is held by itself."""
    earned = "WHERE c.partnership_id = $1 AND c.charity_id IS NULL ORDER BY c.id"
    rows = await connection.fetch(_PLACED + earned, partnership_id)
    return [Placed(**row) for row in rows]


async def set_apart(
    connection: Connection, commission_ids: Sequence[int], before: datetime
) -> dict[int, Apart]:
    """Return what of commissions is set apart, and which were held before an instant and not released then.

    A commission of which nothing is and that nobody holds is left out.
    """
    if not commission_ids:
        return {}
    rows = await connection.fetch(
        """SELECT i.id, coalesce(a.held_minor, 0) AS held_minor,
               coalesce(a.disputed_minor, 0) AS disputed_minor, h.n IS NOT NULL AS is_held
           FROM unnest($1::bigint[]) AS i (id)
           LEFT JOIN set_apart a ON a.commission_id = i.id
           LEFT JOIN LATERAL (
               SELECT o.n FROM commission_holds o WHERE o.commission_id = i.id AND o.at < $2
                   AND NOT EXISTS (SELECT FROM commission_releases e WHERE e.commission_id = o.commission_id
                                   AND e.n = o.n AND e.at < $2) LIMIT 1) h ON true
           WHERE a.commission_id IS NOT NULL OR h.n IS NOT NULL""",
        commission_ids,
        before,
    )
    return {row["id"]: Apart(row["held_minor"], row["disputed_minor"], row["is_held"]) for row in rows}


class Unmoved(msgspec.Struct, frozen=True, gc=False):
    """A hold or a release whose money waits to be moved."""

    commission_id: int
    n: int
    move: str
    at: datetime
    reason: str


async def unmoved(connection: Connection, partnership_id: UUID) -> list[Unmoved]:
    """Lock and return the oldest move that waits of each commission of a partnership."""
    rows = await connection.fetch(
        """SELECT u.commission_id, u.n, u.move, coalesce(e.at, h.at) AS at,
               coalesce(e.reason, h.reason) AS reason
           FROM unmoved_commissions u JOIN commissions c ON c.id = u.commission_id
           JOIN commission_holds h ON h.commission_id = u.commission_id AND h.n = u.n
           LEFT JOIN commission_releases e
               ON u.move = 'release' AND e.commission_id = u.commission_id AND e.n = u.n
           WHERE c.partnership_id = $1 AND NOT EXISTS (
               SELECT FROM unmoved_commissions o WHERE o.commission_id = u.commission_id
                   AND (o.n, o.move) < (u.n, u.move))
           ORDER BY u.commission_id FOR UPDATE OF u""",
        partnership_id,
    )
    return [Unmoved(**row) for row in rows]
