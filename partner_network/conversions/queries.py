"""Read what advertisers reported."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.conversions.rules.reports import Event, Status
from partner_network.database.connections import Connection
from partner_network.kernel import ids


class ListedConversion(msgspec.Struct, frozen=True):
    """A conversion as its advertiser sees it; ``net_minor`` is before refunds, in ``currency``."""

    id: str
    order_id: str
    event: Event
    program: str
    customer_id: str | None
    """The brand's own id of the customer; none once the customer was erased."""
    occurred_at: datetime
    recorded_at: datetime
    currency: str
    net_minor: int
    refunded_minor: int
    status: Status


def facts_lock(brand_id: UUID) -> str:
    """Name the lock under which a brand's reports are stored one batch after the other.

    So an order and an identification of the same customer, sent at once, never miss each other, and no
    two refunds together give back more than an order's net.
    """
    return f"conversions:{brand_id}"


def decision_lock(program_id: UUID) -> str:
    """Name the lock under which a program's conversions are decided."""
    return f"attribution:{program_id}"


async def conversions_of(
    connection: Connection,
    brand_id: UUID,
    *,
    only: UUID | None = None,
    after: UUID | None = None,
    limit: int = 1,
) -> list[ListedConversion]:
    """Return up to ``limit`` of a brand's conversions, first recorded first, or ``only`` the one."""
    rows = await connection.fetch(
        """SELECT c.id, c.order_id, c.event, p.slug AS program, u.external_id AS customer_id, c.occurred_at,
               c.recorded_at, c.currency, c.net_minor,
               (SELECT coalesce(sum(r.net_minor), 0)::bigint FROM refunds r WHERE r.conversion_id = c.id)
                   AS refunded_minor,
               coalesce((SELECT d.outcome FROM current_decisions d WHERE d.conversion_id = c.id), 'received')
                   AS status
           FROM conversions c JOIN programs p ON p.id = c.program_id JOIN customers u ON u.id = c.customer_id
           WHERE c.brand_id = $1 AND ($2::uuid IS NULL OR c.id > $2) AND ($4::uuid IS NULL OR c.id = $4)
           ORDER BY c.id LIMIT $3""",
        brand_id,
        after,
        limit,
        only,
    )
    return [msgspec.convert({**row, "id": ids.shown("cnv", row["id"])}, ListedConversion) for row in rows]


async def programs_of(connection: Connection, brand_id: UUID) -> dict[str, UUID]:
    """Return a brand's programs by slug."""
    rows = await connection.fetch("SELECT id, slug FROM programs WHERE brand_id = $1 ORDER BY id", brand_id)
    return {row["slug"]: row["id"] for row in rows}


async def clicks_of_erased(
    connection: Connection, brand_id: UUID, click_ids: Sequence[UUID]
) -> frozenset[UUID]:
    """Return those of the clicks behind which a customer of the brand stood who was erased."""
    rows = await connection.fetch(
        """SELECT DISTINCT i.click_id FROM identifications i JOIN customers u ON u.id = i.customer_id
           WHERE i.click_id = ANY($2::uuid[]) AND u.brand_id = $1 AND u.erased_at IS NOT NULL""",
        brand_id,
        click_ids,
    )
    return frozenset(row["click_id"] for row in rows)


async def programs_of_clicks(
    connection: Connection, brand_id: UUID, click_ids: Sequence[UUID]
) -> dict[UUID, UUID]:
    """Return the program of each click that led to this brand; other clicks are left out."""
    rows = await connection.fetch(
        "SELECT click_id, program_id FROM clicks WHERE click_id = ANY($2::uuid[]) AND advertiser_id = $1",
        brand_id,
        click_ids,
    )
    return {row["click_id"]: row["program_id"] for row in rows}
