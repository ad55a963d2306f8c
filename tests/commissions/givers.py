"""Tune House and Blog, whose terms give to Trees, a charity that the operator lists."""

from typing import TypeAlias
from uuid import UUID

import asyncpg

from partner_network.database import connections
from partner_network.database.connections import Connection
from tests.conversions import cast
from tests.conversions.cast import YEAR_START, Cast, Partner

AnyConnection: TypeAlias = "Connection | asyncpg.Connection[asyncpg.Record]"

GIFT = """
[[donations]]
name = "trees"
event = "sale"
charity = "trees"
rate_ppm = 12_345
"""


async def charity(connection: AnyConnection, slug: str, listed_by: UUID) -> UUID:
    """A brand that the operator lists as a charity."""
    brand_id = await cast.brand(connection, slug)
    await connection.execute(
        "INSERT INTO charities (brand_id, listed_at, listed_by) VALUES ($1, $2, $3)",
        brand_id,
        YEAR_START,
        listed_by,
    )
    return brand_id


async def giver(
    connection: AnyConnection, shop: Cast, slug: str, charity_ids: list[UUID], terms: str = GIFT
) -> Partner:
    """A partner for whose orders the shop gives."""
    joined = await cast.partner(connection, shop, slug, more_terms=terms, contract_version="2027-01")
    await connection.execute(
        """INSERT INTO agreement_charities
               (agreement_id, charity_id, partnership_id, advertiser_id, partner_id)
           SELECT g.id, c, $1, $2, $3 FROM agreements g, unnest($4::uuid[]) AS c
           WHERE g.partnership_id = $1""",
        joined.partnership_id,
        joined.advertiser_id,
        joined.partner_id,
        charity_ids,
    )
    return joined


async def balances() -> dict[tuple[str, str, str], int]:
    """What accounts hold, by kind and the two brands; empty ones left out."""
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT a.kind, h.slug AS holder, o.slug AS other,
                   (b.credits_posted_minor - b.debits_posted_minor)
                   * CASE WHEN a.is_debit_normal THEN -1 ELSE 1 END AS minor
               FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
               JOIN brands h ON h.id = a.holder_id JOIN brands o ON o.id = a.counterparty_id"""
        )
    return {(r["kind"], r["holder"], r["other"]): r["minor"] for r in rows if r["minor"]}
