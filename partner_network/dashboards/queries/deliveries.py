"""Read what a brand's machines reported last, and what became of it."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection

LATELY = timedelta(days=7)
"""Identifications are looked for no further back: nothing tells them apart by brand but their customer."""


class Delivery(msgspec.Struct, frozen=True):
    """One fact as it was stored; what was refused or sent twice stored nothing."""

    kind: Literal["conversion", "refund", "identification", "touch"]
    name: str
    """The order's, refund's or touch's id, or the customer's."""
    recorded_at: datetime
    outcome: str
    is_test: bool = False


class ProgramKey(msgspec.Struct, frozen=True):
    """How an advertiser's machine names one of its programs, and where its links may lead."""

    slug: str
    name: str


async def deliveries_of(connection: Connection, brand_id: UUID, now: datetime, limit: int) -> list[Delivery]:
    """Return the newest facts that a brand's machines reported, the newest first."""
    rows = await connection.fetch(
        """(SELECT 'conversion' AS kind, c.order_id AS name, c.recorded_at,
                coalesce((SELECT d.outcome FROM current_decisions d WHERE d.conversion_id = c.id), 'received')
                    AS outcome, false AS is_test
            FROM conversions c WHERE c.brand_id = $1 ORDER BY c.id DESC LIMIT $3)
           UNION ALL
           (SELECT 'refund', r.refund_id, r.recorded_at, 'accepted', false
            FROM refunds r WHERE r.brand_id = $1 ORDER BY r.id DESC LIMIT $3)
           UNION ALL
           (SELECT 'identification', coalesce(u.external_id, ''), i.recorded_at, 'accepted', false
            FROM identifications i JOIN customers u ON u.id = i.customer_id
            WHERE u.brand_id = $1 AND i.recorded_at >= $2 ORDER BY i.recorded_at DESC LIMIT $3)
           UNION ALL
           (SELECT 'touch', t.touch_id, t.recorded_at, 'accepted', false
            FROM touches t WHERE t.brand_id = $1 AND t.conversion_id IS NULL ORDER BY t.id DESC LIMIT $3)
           UNION ALL
           (SELECT t.kind,
                coalesce(t.body ->> 'touch_id', t.body ->> 'refund_id', t.body ->> 'order_id',
                    t.body ->> 'customer_id', t.key),
                t.recorded_at, 'accepted', true
            FROM test_facts t WHERE t.brand_id = $1 ORDER BY t.recorded_at DESC LIMIT $3)
           ORDER BY recorded_at DESC, name LIMIT $3""",
        brand_id,
        now - LATELY,
        limit,
    )
    return [Delivery(**row) for row in rows]


async def program_keys_of(connection: Connection, brand_id: UUID, limit: int) -> list[ProgramKey]:
    """Return the programs of an advertiser, the oldest first."""
    rows = await connection.fetch(
        "SELECT slug, name FROM programs WHERE brand_id = $1 ORDER BY id LIMIT $2", brand_id, limit
    )
    return [ProgramKey(**row) for row in rows]
