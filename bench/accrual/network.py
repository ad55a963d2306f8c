"""One program with a hundred partners and a year of decided orders, made set by set in SQL.

Each order is credited whole to one partner. One more partner has the orders that are booked one by one.
"""

from datetime import UTC, datetime, timedelta

import asyncpg

from bench import alone
from bench.replay import network, progress
from partner_network.database import migration

PARTNERS = 100
LOOPED = 2_000
"""How many orders are booked one by one at most, and never more than a tenth of the others."""
STARTS = datetime(2025, 10, 1, tzinfo=UTC)
DAYS = 365
MONTHS = ("2025-10-01", "2026-09-01", "2026-10-01")
LIVE_DAYS = 20
"""Into how many days of one month the orders of the stream go that the live ones are added to."""

TERMS = """
[[commission.components]]
name = "sales"
event = "sale"
tiers = [{ from = 0, rate_ppm = 50_000 }, { from = 10_000_000, rate_ppm = 80_000 },
         { from = 50_000_000, rate_ppm = 100_000 }]

[settlement]
currency = "USD"
time_zone = "Europe/Berlin"
"""

# The orders of the partner that is last are those from LOOPED before the end on.
_ORDERS = """
CREATE TEMP TABLE promoting AS
    SELECT row_number() OVER (ORDER BY length(b.slug), b.slug) - 1 AS n, p.*
    FROM partnerships p JOIN brands b ON b.id = p.partner_id;
CREATE UNLOGGED TABLE made_orders AS
    SELECT n, at, pg_temp.id_at(at, n, 8) AS id, gen_random_uuid() AS customer_id,
        CASE WHEN n <= {conversions} THEN n % {partners} ELSE {partners} END AS partner,
        1000 + floor(pg_temp.chance(n, 9) * 19000)::bigint AS net_minor
    FROM (SELECT n, '{starts}'::timestamptz + interval '1 microsecond'
              * floor(pg_temp.chance(n, 2) * {days} * 86400 * 1e6)::bigint AS at
          FROM generate_series(1::bigint, {all_orders}) AS n) o;
ANALYZE made_orders;
INSERT INTO customers (id, brand_id, external_id, first_seen_at, pseudonym)
    SELECT o.customer_id, b.id, 'customer ' || o.n, '2025-01-01Z', sha256(('customer ' || o.n)::bytea)
    FROM made_orders o, brands b WHERE b.slug = 'shop-1';
INSERT INTO conversions (id, brand_id, program_id, customer_id, event, order_id, occurred_at, recorded_at,
        currency, net_minor, lines, payload_hash)
    SELECT o.id, g.brand_id, g.id, o.customer_id, 'sale', 'order ' || o.n, o.at, o.at + interval '1 minute',
        'USD', o.net_minor, '[]', sha256(('order ' || o.n)::bytea)
    FROM made_orders o, programs g ORDER BY o.at;
INSERT INTO decisions (conversion_id, rev, program_version_id, model, outcome, candidates, decided_at)
    SELECT o.id, 1, v.id, 'last_click', 'attributed', '[]', o.at + interval '2 minutes'
    FROM made_orders o, program_versions v ORDER BY o.at;
INSERT INTO credits (conversion_id, rev, touch_id, partnership_id, touched_at, weight_numerator,
        weight_denominator)
    SELECT o.id, 1, gen_random_uuid(), p.id, o.at - interval '1 hour', 1, 1
    FROM made_orders o JOIN promoting p ON p.n = o.partner ORDER BY o.at;
INSERT INTO unaccrued_conversions (partnership_id, conversion_id)
    SELECT p.id, o.id FROM made_orders o JOIN promoting p ON p.n = o.partner;
DROP TABLE made_orders
"""
_SET_WISE = ("customers", "conversions", "decisions", "credits", "unaccrued_conversions")


async def found(owner_url: str, conversions: int, *, partners: int = PARTNERS, looped: int = LOOPED) -> None:
    """Make the tables and fill them with decided orders; nothing is booked yet."""
    await migration.migrate(owner_url)
    owner: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(owner_url)
    await owner.execute("SET work_mem = '256MB'; SET maintenance_work_mem = '256MB'")
    await owner.execute("SELECT ensure_click_partition(m::date) FROM unnest($1::text[]) AS m", list(MONTHS))
    with progress.timed("companies and terms"):
        names = {"partners": partners + 1, "policy": network.POLICY, "terms": TERMS}
        await owner.execute(network.COMPANIES.format(**names))
    sizes = {
        "partners": partners,
        "conversions": conversions,
        "all_orders": conversions + looped,
        "starts": STARTS.isoformat() if looped else (STARTS + timedelta(days=DAYS)).isoformat(),
        "days": DAYS if looped else LIVE_DAYS,
    }
    with progress.timed(f"{conversions:,} orders"):
        await owner.execute(network.FIGURES)
        async with network.set_wise(owner, *_SET_WISE):
            await owner.execute(_ORDERS.format(**sizes))
    await alone.settle(owner)
    await owner.close()
