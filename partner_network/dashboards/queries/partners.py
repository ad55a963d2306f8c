"""Read which partners bring an advertiser most."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection

LATELY = timedelta(days=90)


class PartnerBrings(msgspec.Struct, frozen=True):
    """What one partner brought and earned lately in one currency; minor units, after refunds."""

    partner: str
    program: str
    currency: str
    conversions: int
    commission_minor: int


async def who_brings_most(
    connection: Connection, advertiser_id: UUID, now: datetime, limit: int
) -> list[PartnerBrings]:
    """Return the partners of an advertiser by what they earned lately, the most first; minor units."""
    rows = await connection.fetch(
        """SELECT r.name AS partner, n.name AS program, c.currency, count(*) AS conversions,
               sum(t.target_minor)::bigint AS commission_minor
           FROM commissions c
           CROSS JOIN LATERAL (SELECT target_minor FROM commission_revisions v
                               WHERE v.commission_id = c.id ORDER BY v.rev DESC LIMIT 1) t
           JOIN partnerships p ON p.id = c.partnership_id JOIN brands r ON r.id = p.partner_id
           JOIN program_names n ON n.id = p.program_id
           WHERE c.partnership_id IN (SELECT id FROM partnerships WHERE advertiser_id = $1)
               AND c.earned_at >= $2 AND c.kind = 'commission'
           GROUP BY p.id, r.name, n.name, c.currency ORDER BY 5 DESC, 1, 2, 3 LIMIT $3""",
        advertiser_id,
        now - LATELY,
        limit,
    )
    return [PartnerBrings(**row) for row in rows]
