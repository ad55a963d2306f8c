"""What five months of a random network came to, as the what-if pages count it."""

from datetime import datetime

from partner_network.database import connections
from tests.builders import Cast, at

YEAR: tuple[datetime, datetime] = (at(1, 1, 0), at(7, 1, 0))
"""All that is lived."""


async def booked(cast: Cast, slug: str, since: datetime, until: datetime) -> dict[str, tuple[int, int]]:
    """What is booked in a program by partner name: commissions and bonuses, in cents."""
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT b.name,
                   coalesce(sum(t.target_minor) FILTER (WHERE c.kind = 'commission'), 0)::bigint
                       AS commission,
                   coalesce(sum(t.target_minor) FILTER (WHERE c.kind = 'bonus'), 0)::bigint AS bonus
               FROM commissions c JOIN current_targets t ON t.commission_id = c.id
               JOIN partnerships p ON p.id = c.partnership_id JOIN brands b ON b.id = p.partner_id
               WHERE p.program_id = $1 AND c.earned_at >= $2 AND c.earned_at < $3 GROUP BY b.name""",
            cast.programs[slug],
            since,
            until,
        )
    return {
        row["name"]: (row["commission"], row["bonus"]) for row in rows if row["commission"] or row["bonus"]
    }


async def credited(cast: Cast, slug: str, since: datetime, until: datetime) -> dict[str, int]:
    """How many conversions stand credited to each partner."""
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT b.name, count(DISTINCT v.id) AS conversions
               FROM conversions v JOIN current_decisions d ON d.conversion_id = v.id
               JOIN credits k ON k.conversion_id = d.conversion_id AND k.rev = d.rev
               JOIN partnerships p ON p.id = k.partnership_id JOIN brands b ON b.id = p.partner_id
               WHERE v.program_id = $1 AND v.occurred_at >= $2 AND v.occurred_at < $3 GROUP BY b.name""",
            cast.programs[slug],
            since,
            until,
        )
    return {row["name"]: row["conversions"] for row in rows}
