"""Read redemptions, as they stand."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection
from partner_network.kernel.errors import NotFoundError


class Redeemed(msgspec.Struct, frozen=True):
    """A redemption; ``returned_minor`` is what came back when it was cancelled."""

    id: UUID
    key: str
    payload_hash: bytes
    customer_id: UUID | None
    customer: str | None
    partner_id: UUID | None
    currency: str
    amount_minor: int
    redeemed_at: datetime
    cancelled_at: datetime | None
    returned_minor: int


_REDEMPTIONS = """
    SELECT r.id, r.key, r.payload_hash, r.customer_id, u.external_id AS customer, r.partner_id, r.currency,
        r.amount_minor, r.redeemed_at, x.cancelled_at,
        coalesce((SELECT sum(m.change_minor) FROM reward_moves m
                  WHERE m.redemption_id = r.id AND m.kind = 'returned'), 0)::bigint AS returned_minor
    FROM credit_redemptions r LEFT JOIN customers u ON u.id = r.customer_id
    LEFT JOIN credit_redemption_cancels x ON x.redemption_id = r.id
    WHERE r.advertiser_id = $1
"""


async def by_key(connection: Connection, advertiser_id: UUID, key: str) -> Redeemed | None:
    """Return the redemption under an advertiser's own key."""
    row = await connection.fetchrow(_REDEMPTIONS + "AND r.key = $2", advertiser_id, key)
    return None if row is None else Redeemed(**row)


async def redemption_of(connection: Connection, advertiser_id: UUID, redemption_id: UUID) -> Redeemed:
    """Return one of an advertiser's redemptions. Errors: NotFoundError."""
    row = await connection.fetchrow(_REDEMPTIONS + "AND r.id = $2", advertiser_id, redemption_id)
    if row is None:
        raise NotFoundError("There is no such redemption of your brand.")
    return Redeemed(**row)


async def redemptions_of(
    connection: Connection, advertiser_id: UUID, *, key: str | None, after: UUID | None, limit: int
) -> list[Redeemed]:
    """Return an advertiser's redemptions, in the order of their ids, or the one under its own key."""
    rows = await connection.fetch(
        _REDEMPTIONS
        + "AND ($2::uuid IS NULL OR r.id > $2) AND ($4::text IS NULL OR r.key = $4) ORDER BY r.id LIMIT $3",
        advertiser_id,
        after,
        limit,
        key,
    )
    return [Redeemed(**row) for row in rows]


async def customer_of(connection: Connection, advertiser_id: UUID, external_id: str) -> UUID:
    """Find a customer by the advertiser's own id. Errors: NotFoundError."""
    customer_id: UUID | None = await connection.fetchval(
        "SELECT id FROM customers WHERE brand_id = $1 AND external_id = $2", advertiser_id, external_id
    )
    if customer_id is None:
        raise NotFoundError("No customer of that id was reported, or it was erased; there is no credit.")
    return customer_id


async def external_ids(connection: Connection, customer_ids: Sequence[UUID]) -> dict[UUID, str | None]:
    """Return how an advertiser calls customers, of those that it may see; None for who was erased."""
    rows = await connection.fetch(
        "SELECT id, external_id FROM customers WHERE id = ANY($1::uuid[])", list(customer_ids)
    )
    return {row["id"]: row["external_id"] for row in rows}
