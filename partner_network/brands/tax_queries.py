"""Read what companies are at the tax office, and who agreed to be billed by whom."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from uuid import UUID

import asyncpg
import msgspec

from partner_network.brands import taxes
from partner_network.brands.taxes import Taxed, TaxProfile
from partner_network.database.connections import Connection

_FIELDS = ", ".join(TaxProfile.__struct_fields__)
_OF_BRAND = ("legal_name", "address", "country", "tax_rate_ppm", "tax_id")


async def taxed(connection: Connection, brand_ids: Iterable[UUID]) -> Mapping[UUID, Taxed]:
    """Return companies with their tax profiles, in the order they were recorded."""
    wanted = list(brand_ids)
    brands = await connection.fetch(
        f"SELECT id, {', '.join(_OF_BRAND)} FROM brands WHERE id = ANY($1::uuid[])", wanted
    )
    rows = await connection.fetch(
        f"SELECT brand_id, {_FIELDS} FROM tax_profiles WHERE brand_id = ANY($1::uuid[]) ORDER BY id", wanted
    )
    profiles: dict[UUID, list[TaxProfile]] = {}
    for row in rows:
        profiles.setdefault(row["brand_id"], []).append(_profile(row))
    return {
        brand["id"]: Taxed(
            taxes.before_any(**{name: brand[name] for name in _OF_BRAND}),
            tuple(profiles.get(brand["id"], ())),
        )
        for brand in brands
    }


def _profile(row: asyncpg.Record) -> TaxProfile:
    return TaxProfile(**{name: row[name] for name in TaxProfile.__struct_fields__})


async def rate_on(connection: Connection, *, payee_id: UUID, payer_id: UUID, on: date) -> int:
    """Return the rate of tax on what a payee earns from a payer on a day, in parts per million."""
    both = await taxed(connection, (payee_id, payer_id))
    return taxes.rate_on(both[payee_id], both[payer_id], on)


class SelfBilling(msgspec.Struct, frozen=True):
    """Whether a payee has agreed that a payer writes its invoices, and since when."""

    payer_id: UUID
    payer_name: str
    agreed_at: datetime | None


async def self_billings_of(connection: Connection, payee_id: UUID) -> list[SelfBilling]:
    """Return every company that owes or owed a payee something, with the agreement that holds now."""
    rows = await connection.fetch(
        """SELECT b.id AS payer_id, b.name AS payer_name, a.agreed_at
           FROM brands b LEFT JOIN self_billing_agreements a
               ON a.payee_id = $1 AND a.payer_id = b.id AND a.ended_at IS NULL
           WHERE b.id IN (SELECT advertiser_id FROM partnerships WHERE partner_id = $1)
           ORDER BY b.name, b.id""",
        payee_id,
    )
    return [SelfBilling(**row) for row in rows]


async def has_agreed(connection: Connection, *, payee_id: UUID, payer_id: UUID) -> bool:
    """Say whether a payee agrees that a payer writes its invoices."""
    return bool(
        await connection.fetchval(
            """SELECT EXISTS (SELECT FROM self_billing_agreements
                   WHERE payee_id = $1 AND payer_id = $2 AND ended_at IS NULL)""",
            payee_id,
            payer_id,
        )
    )
