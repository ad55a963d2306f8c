"""Read which signed terms hold for a brand's partnerships, and which of them end soon."""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec

from partner_network.agreements import terms_reading
from partner_network.agreements.terms import Terms
from partner_network.database.connections import Connection

SOON = timedelta(days=60)


class InForce(msgspec.Struct, frozen=True):
    """The terms that hold now between a brand and another, and until when where that is known."""

    agreement_id: UUID
    partnership_id: UUID
    advertiser_id: UUID
    partner_id: UUID
    advertiser: str
    partner: str
    program: str
    terms: Terms
    ends_at: datetime | None


async def promoted_by(connection: Connection, partner_id: UUID, now: datetime, limit: int) -> list[InForce]:
    """Return the terms under which a brand promotes others now, the oldest partnership first."""
    rows = await connection.fetch(
        _IN_FORCE + "WHERE p.partner_id = $1 AND t.valid @> $2::timestamptz ORDER BY p.id LIMIT $3",
        partner_id,
        now,
        limit,
    )
    return [_in_force(row) for row in rows]


async def ending_soon(connection: Connection, brand_id: UUID, now: datetime, limit: int) -> list[InForce]:
    """Return the agreements of a brand, on either side, that end soon and that no terms follow."""
    rows = await connection.fetch(
        _IN_FORCE
        + """WHERE $1 IN (p.advertiser_id, p.partner_id) AND t.valid @> $2::timestamptz
                 AND upper(t.valid) <= $3 AND NOT EXISTS (
                     SELECT FROM terms later WHERE later.partnership_id = p.id AND upper_inf(later.recorded)
                         AND lower(later.valid) >= upper(t.valid))
             ORDER BY upper(t.valid), p.id LIMIT $4""",
        brand_id,
        now,
        now + SOON,
        limit,
    )
    return [_in_force(row) for row in rows]


_IN_FORCE = """
    SELECT t.agreement_id, t.partnership_id, p.advertiser_id, p.partner_id, a.name AS advertiser,
        r.name AS partner, n.name AS program, g.terms_toml, upper(t.valid) AS ends_at
    FROM terms t JOIN agreements g ON g.id = t.agreement_id JOIN partnerships p ON p.id = t.partnership_id
        AND p.status NOT IN ('ended', 'declined')
    JOIN program_names n ON n.id = p.program_id
    JOIN brands a ON a.id = p.advertiser_id JOIN brands r ON r.id = p.partner_id AND upper_inf(t.recorded)
"""


def _in_force(row: asyncpg.Record) -> InForce:
    facts = dict(row)
    return InForce(terms=terms_reading.read_terms(facts.pop("terms_toml")), **facts)
