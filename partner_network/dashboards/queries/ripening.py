"""Read when money that is not payable yet matures, and when money last moved."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection

Side = Literal["partner_id", "advertiser_id"]


class Ripening(msgspec.Struct, frozen=True):
    """What matures in one month, in one currency; minor units, as things stand."""

    currency: str
    month: str
    first: datetime
    last: datetime
    minor: int


class LastMoved(msgspec.Struct, frozen=True):
    """When money of one currency was last on its way to a payee, and last arrived."""

    currency: str
    funded_at: datetime | None
    paid_at: datetime | None
    held: int
    """How many of its payouts wait for a person."""


async def ripening_of(connection: Connection, brand_id: UUID, *, side: Side) -> list[Ripening]:
    """Return what matures in which month of UTC, of what a brand earned or of what it owes."""
    rows = await connection.fetch(
        f"""SELECT c.currency, to_char(c.matures_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month,
               min(c.matures_at) AS first, max(c.matures_at) AS last, sum(r.target_minor)::bigint AS minor
           FROM commissions c
           CROSS JOIN LATERAL (SELECT target_minor FROM commission_revisions v
                               WHERE v.commission_id = c.id ORDER BY v.rev DESC LIMIT 1) r
           WHERE c.partnership_id IN (SELECT id FROM partnerships WHERE {side} = $1)
               AND c.matured_at IS NULL AND r.target_minor > 0
               AND (c.charity_id IS NULL OR c.advertiser_id = $1)
           GROUP BY 1, 2 ORDER BY 1, 2""",
        brand_id,
    )
    return [Ripening(**row) for row in rows]


async def last_moved(connection: Connection, payee_id: UUID) -> dict[str, LastMoved]:
    """Return by currency when a payee's money was last funded and last paid."""
    rows = await connection.fetch(
        """SELECT o.currency, max(o.reserved_at) FILTER (WHERE t.finished_at IS NULL) AS funded_at,
               max(t.finished_at) AS paid_at,
               count(*) FILTER (WHERE o.held_reason IS NOT NULL AND t.finished_at IS NULL) AS held
           FROM payouts o LEFT JOIN LATERAL (
               SELECT finished_at FROM payout_attempts y WHERE y.payout_id = o.id
                   AND y.status IN ('accepted', 'settled') ORDER BY y.n DESC LIMIT 1) t ON true
           WHERE o.payee_id = $1 GROUP BY o.currency""",
        payee_id,
    )
    return {row["currency"]: LastMoved(**row) for row in rows}
