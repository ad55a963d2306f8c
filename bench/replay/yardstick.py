"""The same credits by the best SQL we know by hand: the yardstick, tuned as a person in a hurry would."""

import time

import asyncpg
from msgspec import Struct

ROUNDS = 3

_TUNED = """
SET work_mem = '512MB';
SET hash_mem_multiplier = 2;
SET jit = off;
SET max_parallel_workers_per_gather = 2;
"""
# So that the clicks that can count are read from an index alone. It is the yardstick's own and goes with it.
_COVERED = """
CREATE INDEX clicks_by_hand ON clicks (click_id) INCLUDE (at, partnership_id)
    WHERE excluded IS NULL AND consent <> 'denied'
"""
_LAST_CLICKS = """
    SELECT DISTINCT ON (v.id) v.id AS conversion_id, k.click_id AS touch_id, k.partnership_id, v.net_minor
    FROM conversions v
    JOIN identifications i ON i.customer_id = v.customer_id
    JOIN clicks k ON k.click_id = i.click_id
    WHERE k.at <= v.occurred_at AND k.at > v.occurred_at - interval '30 days'
        AND k.excluded IS NULL AND k.consent <> 'denied'
    ORDER BY v.id, k.at DESC, k.click_id DESC
"""
_STORED = """
    SELECT c.conversion_id, c.touch_id, c.partnership_id, v.net_minor
    FROM credits c JOIN conversions v ON v.id = c.conversion_id
"""
_DIGEST = """
    SELECT count(*) AS credits,
        sum(hashtextextended(conversion_id::text || touch_id || partnership_id, 0)::numeric) AS digest
    FROM ({}) c
"""
_BY_PARTNERSHIP = """
    SELECT partnership_id, count(*) AS conversions, sum(net_minor)::bigint AS net_minor
    FROM ({}) c GROUP BY partnership_id ORDER BY partnership_id
"""


class Credited(Struct, frozen=True):
    """How long the SQL took, and what it says each partnership is credited with."""

    seconds: float
    credits: int
    by_partnership: dict[str, tuple[int, int]]
    """Conversions and their net."""


async def measure(owner_url: str) -> Credited:
    """Return the best of some rounds, having proved that the credits are one by one those that are stored."""
    owner: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(owner_url)
    await owner.execute(_TUNED)
    await owner.execute(_COVERED)
    await owner.execute("ANALYZE clicks")
    by_hand, stored = [await owner.fetchrow(_DIGEST.format(sql)) for sql in (_LAST_CLICKS, _STORED)]
    if by_hand is None or by_hand != stored:
        raise RuntimeError(f"By hand the credits are {by_hand}, but {stored} are stored.")
    taken: list[float] = []
    rows: list[asyncpg.Record] = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        rows = await owner.fetch(_BY_PARTNERSHIP.format(_LAST_CLICKS))
        taken.append(time.perf_counter() - started)
    await owner.execute("DROP INDEX clicks_by_hand")
    await owner.close()
    found = {str(row["partnership_id"]): (row["conversions"], row["net_minor"]) for row in rows}
    return Credited(min(taken), by_hand["credits"], found)
