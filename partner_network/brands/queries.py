"""Brands as their members and the operator see them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection, Eyes
from partner_network.kernel.errors import NotFoundError

_COLUMNS = "id, slug, name, legal_name, address, country, tax_rate_ppm, tax_id, created_at, customer_language"


class Brand(msgspec.Struct, frozen=True):
    """A company in the network."""

    id: UUID
    slug: str
    name: str
    legal_name: str
    address: str
    country: str
    tax_rate_ppm: int
    """What it charges on top of its commissions on a self-billing invoice, in parts per million."""
    tax_id: str | None
    created_at: datetime
    customer_language: str
    """In which language its customers are spoken to."""


async def brand_of(brand_id: UUID, *, eyes: Eyes) -> Brand:
    """Return one brand to whoever may see it. Errors: NotFoundError."""
    async with connections.transaction(eyes=eyes) as connection:
        return await brand_within(connection, brand_id)


async def brand_within(connection: Connection, brand_id: UUID) -> Brand:
    """Return one brand within the caller's transaction. Errors: NotFoundError."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM brands WHERE id = $1", brand_id)
    if row is None:
        raise NotFoundError("There is no such brand.")
    return msgspec.convert(dict(row), Brand)


async def all_brands(*, after: UUID | None, limit: int) -> Sequence[Brand]:
    """List the network's brands to its operator, in the order they came."""
    async with connections.transaction(eyes="operator") as connection:
        rows = await connection.fetch(
            f"SELECT {_COLUMNS} FROM brands WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2",
            after,
            limit,
        )
    return [msgspec.convert(dict(row), Brand) for row in rows]
