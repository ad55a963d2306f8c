"""Read the newest conversions that earned a brand something."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection


class Credited(msgspec.Struct, frozen=True):
    """A commission on one conversion, and how far its money has come."""

    conversion_id: UUID
    order_id: str
    event: str
    occurred_at: datetime
    advertiser: str
    program: str
    currency: str
    order_currency: str
    order_net_minor: int
    commission_minor: int
    matures_at: datetime
    matured_at: datetime | None
    statement_id: UUID | None
    statement_period: str | None


async def recently_credited(connection: Connection, payee_id: UUID, limit: int) -> list[Credited]:
    """Return the newest conversions that earned a payee something, the newest first; minor units."""
    rows = await connection.fetch(
        """SELECT v.id AS conversion_id, v.order_id, v.event, v.occurred_at, b.name AS advertiser,
               g.name AS program, c.currency,
               v.currency AS order_currency, v.net_minor AS order_net_minor,
               r.target_minor AS commission_minor, c.matures_at, c.matured_at,
               s.id AS statement_id, s.period AS statement_period
           FROM (SELECT newest.* FROM partnerships p CROSS JOIN LATERAL (
                     SELECT * FROM commissions m WHERE m.partnership_id = p.id AND m.kind = 'commission'
                     ORDER BY m.earned_at DESC, m.id DESC LIMIT $2) newest
                 WHERE p.partner_id = $1 ORDER BY newest.earned_at DESC, newest.id DESC LIMIT $2) c
           JOIN current_targets r ON r.commission_id = c.id
           JOIN conversions v ON v.id = c.conversion_id
           JOIN brands b ON b.id = c.advertiser_id
           JOIN program_names g ON g.id = v.program_id
           LEFT JOIN LATERAL (
               SELECT s.id, s.period FROM ledger_transfers t
               JOIN statement_lines l ON l.transfer_id = t.id
               JOIN statements s ON s.id = l.statement_id AND s.payee_id = $1
               WHERE t.commission_id = c.id ORDER BY s.seq LIMIT 1) s ON true
           ORDER BY c.earned_at DESC, c.id DESC""",
        payee_id,
        limit,
    )
    return [Credited(**row) for row in rows]
