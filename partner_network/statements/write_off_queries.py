"""Read which clawbacks are due, and which of them the network shall bear at the end of a partnership."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection

ROWS_MAX = 200


class WriteOff(msgspec.Struct, frozen=True):
    """A proposal that the network bears what nothing recovers of one clawback; minor units."""

    id: UUID
    clawback_id: int
    advertiser: str
    partner: str
    currency: str
    limit_minor: int
    due_minor: int
    borne_minor: int
    """What of it was booked."""
    reason: str
    status: str
    proposed_by: UUID
    proposer: str
    proposed_at: datetime
    decider: str | None
    decided_at: datetime | None
    decided_reason: str | None

    @property
    def state(self) -> str:
        """Say where it stands: the status, and once approved what came of it."""
        if self.status != "approved":
            return self.status
        if self.borne_minor:
            return "borne"
        return "approved" if self.due_minor else "nothing_left"


class Due(msgspec.Struct, frozen=True):
    """A clawback of which something is due and nothing is proposed; minor units."""

    clawback_id: int
    advertiser: str
    partner: str
    currency: str
    due_minor: int
    is_tax: bool
    order_id: str | None


_OF_CLAWBACK = """
    JOIN open_clawbacks o ON o.transfer_id = {clawback} JOIN ledger_transfers t ON t.id = o.transfer_id
    JOIN ledger_accounts u ON u.id = t.debit_account_id
    JOIN brands p ON p.id = u.holder_id JOIN brands a ON a.id = u.counterparty_id
"""


async def write_offs(connection: Connection, clawback_id: int | None = None) -> list[WriteOff]:
    """Return what was proposed, what waits for a decision first; of one clawback or of all."""
    rows = await connection.fetch(
        f"""SELECT w.id, w.clawback_id, a.name AS advertiser, p.name AS partner, u.currency, w.limit_minor,
               o.due_minor, coalesce((SELECT sum(s.amount_minor) FROM clawback_settlements s
                   WHERE s.clawback_id = w.clawback_id AND s.kind = 'written_off'
                       AND w.status = 'approved'), 0)::bigint AS borne_minor,
               w.reason, w.status, w.proposed_by, m.name AS proposer, w.proposed_at, d.name AS decider,
               w.decided_at, w.decided_reason
           FROM write_offs w {_OF_CLAWBACK.format(clawback="w.clawback_id")}
           JOIN member_names m ON m.id = w.proposed_by LEFT JOIN member_names d ON d.id = w.decided_by
           WHERE $1::bigint IS NULL OR w.clawback_id = $1
           ORDER BY w.status = 'proposed' DESC, w.proposed_at DESC, w.id LIMIT $2""",
        clawback_id,
        ROWS_MAX,
    )
    return [WriteOff(**row) for row in rows]


async def due(connection: Connection) -> Sequence[Due]:
    """Return of which clawbacks something is due while nothing is proposed, the oldest first."""
    rows = await connection.fetch(
        f"""SELECT k.transfer_id AS clawback_id, a.name AS advertiser, p.name AS partner, u.currency,
               o.due_minor, k.commission_id IS NULL AS is_tax, v.order_id
           FROM clawbacks k {_OF_CLAWBACK.format(clawback="k.transfer_id")}
           LEFT JOIN commissions c ON c.id = k.commission_id LEFT JOIN conversions v ON v.id = c.conversion_id
           WHERE o.due_minor > 0 AND NOT EXISTS (SELECT FROM write_offs w
               WHERE w.clawback_id = k.transfer_id AND w.status IN ('proposed', 'approved'))
           ORDER BY k.transfer_id LIMIT $1""",
        ROWS_MAX,
    )
    return [Due(**row) for row in rows]
