"""Read what advertisers reported."""

import contextlib
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.conversions.rules.reports import Event, Status
from partner_network.database.connections import Connection
from partner_network.kernel import ids
from partner_network.kernel.errors import InvalidError


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
    code: str | None = None
    """What the order named, as it was told; it is somebody's code only where a touch of it is stored."""


def facts_lock(brand_id: UUID) -> str:
    """Name the lock under which a brand's reports are stored one batch after the other.

    So an order and an identification of the same customer, sent at once, never miss each other, and no
    two refunds together give back more than an order's net.
    """
    return f"conversions:{brand_id}"


DECISION_LOCK = "attribution:"
"""How the names of these locks begin; the program's id follows."""


def decision_lock(program_id: UUID) -> str:
    """Name the lock under which a program's conversions are decided."""
    return f"{DECISION_LOCK}{program_id}"


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
               c.recorded_at, c.currency, c.net_minor, c.code,
               (SELECT coalesce(sum(r.net_minor), 0)::bigint FROM refunds_in_force r
                WHERE r.conversion_id = c.id)
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


async def partnerships_named(
    connection: Connection, brand_id: UUID, names: Collection[str]
) -> dict[tuple[UUID, str], tuple[UUID, UUID]]:
    """Return partnership and partner by program and by the partner's slug or shown id, as it was named."""
    rows = await connection.fetch(
        """SELECT p.program_id, p.id, p.partner_id, b.slug
           FROM partnerships p JOIN brands b ON b.id = p.partner_id
           WHERE p.advertiser_id = $1 AND (b.slug = ANY($2::text[]) OR p.partner_id = ANY($3::uuid[]))""",
        brand_id,
        list(names),
        [brand_id for name in names for brand_id in _brand_shown(name)],
    )
    return {
        (row["program_id"], name): (row["id"], row["partner_id"])
        for row in rows
        for name in (row["slug"], ids.shown("bnd", row["partner_id"]))
    }


def _brand_shown(name: str) -> Iterator[UUID]:
    with contextlib.suppress(InvalidError):
        yield ids.parse("bnd", name)


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
