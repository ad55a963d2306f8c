"""Read the link that carries most visitors: the one to copy first."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection

LATELY = timedelta(days=90)


class BestLink(msgspec.Struct, frozen=True):
    """A link that is on, and how many valid clicks it had lately."""

    id: UUID
    token: str
    name: str
    program: str
    clicks_lately: int


async def best_link_of(connection: Connection, partner_id: UUID, now: datetime) -> BestLink | None:
    """Return the link of a brand with the most valid clicks lately, of equal ones the newest."""
    row = await connection.fetchrow(
        """WITH counted AS (
               SELECT c.link_id, count(*) AS clicks FROM clicks c
               WHERE c.partnership_id IN (SELECT id FROM partnerships WHERE partner_id = $1)
                   AND c.at >= $2 AND c.excluded IS NULL GROUP BY c.link_id)
           SELECT l.id, l.token, l.name, n.name AS program, coalesce(c.clicks, 0) AS clicks_lately
           FROM links l JOIN partnerships p ON p.id = l.partnership_id AND p.status = 'active'
           JOIN program_names n ON n.id = l.program_id LEFT JOIN counted c ON c.link_id = l.id
           WHERE l.partner_id = $1 AND l.disabled_at IS NULL
           ORDER BY coalesce(c.clicks, 0) DESC, l.created_at DESC, l.id DESC LIMIT 1""",
        partner_id,
        now - LATELY,
    )
    return None if row is None else BestLink(**row)
