"""Write clicks into PostgreSQL, many at a time, each once however often it is tried."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import asyncpg

from partner_network.clicks.rules import Click

if TYPE_CHECKING:  # generic in its stubs only
    from asyncpg.pool import PoolConnectionProxy

    AnyConnection = PoolConnectionProxy[asyncpg.Record] | asyncpg.Connection[asyncpg.Record]


_PART = "\x1f"  # what parts the sub ids of one click; no sub id holds it

_INSERT = f"""
    INSERT INTO clicks (click_id, at, recorded_at, link_id, partnership_id, program_id, advertiser_id,
        partner_id, visitor_key, consent, excluded, country, network_prefix, subs)
    SELECT click_id, at, greatest(at, $14), link_id, partnership_id, program_id, advertiser_id,
        partner_id, visitor_key, consent, excluded, country, network_prefix,
        string_to_array(subs, E'\\x{ord(_PART):02x}')
    FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[],
        $8::bytea[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[])
        AS c (click_id, at, link_id, partnership_id, program_id, advertiser_id, partner_id, visitor_key,
            consent, excluded, country, network_prefix, subs)
    ON CONFLICT (click_id) DO NOTHING
"""


async def insert_clicks(
    connection: "AnyConnection", clicks: Sequence[Click], *, late_at: datetime | None = None
) -> None:
    """Insert and commit; ``late_at`` says when clicks that had to wait became known, else it was at once."""
    await connection.execute(
        _INSERT,
        [c.click_id for c in clicks],
        [c.at for c in clicks],
        [c.link_id for c in clicks],
        [c.partnership_id for c in clicks],
        [c.program_id for c in clicks],
        [c.advertiser_id for c in clicks],
        [c.partner_id for c in clicks],
        [c.visitor_key for c in clicks],
        [c.consent for c in clicks],
        [c.excluded for c in clicks],
        [c.country for c in clicks],
        [c.network_prefix for c in clicks],
        [_PART.join(c.subs) for c in clicks],
        late_at,
    )
