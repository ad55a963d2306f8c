"""Partnerships, programs and brands across the network, as lists."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from partner_network.agreements import queries as agreements
from partner_network.agreements.queries import HeldTerms
from partner_network.database import connections
from partner_network.identity.web.listings import Listing
from partner_network.programs.rules import Status

Row = TypeVar("Row")
PARTNERSHIP_ORDER: Mapping[str, str] = {
    "partner": "partner_name",
    "program": "program_name",
    "advertiser": "advertiser_name",
    "status": "status",
    "active": "active_from",
    "begun": "created_at",
}
PROGRAM_ORDER: Mapping[str, str] = {"program": "name", "advertiser": "brand_name", "partners": "partners"}
BRAND_ORDER: Mapping[str, str] = {
    "brand": "name",
    "country": "country",
    "tax": "tax_rate_ppm",
    "programs": "programs",
    "promotes": "partnerships",
}


class PartnershipRow(msgspec.Struct, frozen=True):
    """A partnership in a list."""

    id: UUID
    program_name: str
    advertiser_name: str
    partner_name: str
    status: Status
    mirror_id: UUID | None
    created_at: datetime
    active_from: datetime | None


class ProgramRow(msgspec.Struct, frozen=True):
    """A program in a list, with how many partners promote it."""

    id: UUID
    name: str
    brand_name: str
    offer: str
    destination_hosts: tuple[str, ...]
    version: int | None
    partners: int


class BrandRow(msgspec.Struct, frozen=True):
    """A brand in a list, with what it does here and whether Stripe can pay it."""

    id: UUID
    name: str
    legal_name: str
    country: str
    tax_rate_ppm: int
    programs: int
    partnerships: int
    transfers_status: str | None
    has_payment_method: bool


_PARTNERSHIPS = """
    SELECT p.id, g.name AS program_name, a.name AS advertiser_name, r.name AS partner_name, p.status,
        p.mirror_id, p.created_at, p.active_from
    FROM partnerships p JOIN program_names g ON g.id = p.program_id
    JOIN brands a ON a.id = p.advertiser_id JOIN brands r ON r.id = p.partner_id
    WHERE ($2 = '' OR p.status = $2) AND (g.name ILIKE $1 OR a.name ILIKE $1 OR r.name ILIKE $1)"""
_PROGRAMS = """
    SELECT g.id, g.name, b.name AS brand_name, g.offer, g.destination_hosts,
        (SELECT max(v.version) FROM program_versions v WHERE v.program_id = g.id) AS version,
        (SELECT count(*) FROM partnerships p WHERE p.program_id = g.id AND p.status = 'active') AS partners
    FROM programs g JOIN brands b ON b.id = g.brand_id
    WHERE g.name ILIKE $1 OR b.name ILIKE $1 OR g.offer ILIKE $1"""
_BRANDS = """
    SELECT b.id, b.name, b.legal_name, b.country, b.tax_rate_ppm,
        (SELECT count(*) FROM programs g WHERE g.brand_id = b.id) AS programs,
        (SELECT count(*) FROM partnerships p WHERE p.partner_id = b.id) AS partnerships,
        s.transfers_status, s.payment_method_id IS NOT NULL AS has_payment_method
    FROM brands b LEFT JOIN stripe_accounts s ON s.brand_id = b.id
    WHERE b.name ILIKE $1 OR b.legal_name ILIKE $1"""


async def partnership_rows(listing: Listing) -> tuple[Listing, Sequence[PartnershipRow]]:
    """Return one page of the partnerships found."""
    status = listing.chosen("status")
    return await _page(listing, _PARTNERSHIPS, PARTNERSHIP_ORDER, PartnershipRow, status)


async def program_rows(listing: Listing) -> tuple[Listing, Sequence[ProgramRow]]:
    """Return one page of the programs found."""
    return await _page(listing, _PROGRAMS, PROGRAM_ORDER, ProgramRow)


async def brand_rows(listing: Listing) -> tuple[Listing, Sequence[BrandRow]]:
    """Return one page of the brands found."""
    return await _page(listing, _BRANDS, BRAND_ORDER, BrandRow)


async def brands_to_choose(limit: int) -> Sequence[tuple[UUID, str]]:
    """Return brands by name, for a list to choose from."""
    async with connections.transaction(eyes="operator") as connection:
        rows = await connection.fetch("SELECT id, name FROM brands ORDER BY name, id LIMIT $1", limit)
    return [(row["id"], row["name"]) for row in rows]


async def newest_policy(program_id: UUID) -> str | None:
    """Return the newest policy of a program as it was published; none yet, or no such program, is None."""
    async with connections.transaction(eyes="operator") as connection:
        return await connection.fetchval(
            "SELECT policy_toml FROM program_versions WHERE program_id = $1 ORDER BY version DESC LIMIT 1",
            program_id,
        )


async def terms_of(partnership_id: UUID) -> Sequence[HeldTerms]:
    """Return the signed terms of a partnership by time."""
    async with connections.transaction(eyes="operator") as connection:
        return await agreements.terms_versions_of(connection, partnership_id)


async def _page(
    listing: Listing, found: str, order: Mapping[str, str], kind: type[Row], *more: Any
) -> tuple[Listing, Sequence[Row]]:
    async with connections.transaction(eyes="operator") as connection:
        total = await connection.fetchval(f"SELECT count(*) FROM ({found}) found", listing.like, *more)
        counted = listing.counted(total)
        rows = await connection.fetch(
            f"""SELECT * FROM ({found}) found ORDER BY {counted.order_by(order, tie="id")}
                OFFSET ${len(more) + 2} LIMIT ${len(more) + 3}""",
            listing.like,
            *more,
            counted.offset,
            counted.limit,
        )
    return counted, [msgspec.convert(dict(row), kind) for row in rows]
