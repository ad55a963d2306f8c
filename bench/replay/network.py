"""One program with twenty partners, and as many clicks and orders as are asked for, made set by set in SQL.

Nothing is left to chance: figures come from hashes of a row's number, so two runs work on the same facts.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg

from bench import alone
from bench.replay import progress
from partner_network.database import migration

PARTNERS = 20
CURRENCY = "USD"
CLICKS_EACH = 5
STARTS = datetime(2026, 6, 1, tzinfo=UTC)
ENDS = datetime(2026, 10, 1, tzinfo=UTC)
MONTHS = ("2026-04-01", "2026-05-01", "2026-06-01", "2026-07-01", "2026-08-01", "2026-09-01", "2026-10-01")

TERMS = """
[windows]
click_days = 30

[[commission.components]]
name = "sales"
event = "sale"
tiers = [{{ from = 0, rate_ppm = 50_000 }}, {{ from = 10_000_000, rate_ppm = {upper_ppm} }}]

[settlement]
currency = "{currency}"
time_zone = "UTC"
"""
POLICY = '[program.attribution]\nmodel = "last_click"\n'

COMPANIES = """
INSERT INTO brands (id, slug, name, legal_name, address, country, created_at)
    SELECT gen_random_uuid(), kind || '-' || n, kind || ' ' || n, 'x', 'x', 'US', '2026-01-01Z'
    FROM (SELECT 'shop', 1 UNION ALL SELECT 'blog', generate_series(1, {partners})) b (kind, n);
INSERT INTO members (id, email, name, password_hash, created_at)
    SELECT gen_random_uuid(), slug || '@x.test', name, 'x', '2026-01-01Z' FROM brands;
INSERT INTO memberships (id, member_id, brand_id, role, created_at)
    SELECT gen_random_uuid(), m.id, b.id, 'owner', '2026-01-01Z'
    FROM brands b JOIN members m ON m.email = b.slug || '@x.test';
INSERT INTO programs (id, brand_id, slug, name, offer, default_url, destination_hosts, created_at)
    SELECT gen_random_uuid(), id, slug, name, 'x', 'https://x.test', '{{x.test}}', '2026-01-01Z'
    FROM brands WHERE slug = 'shop-1';
INSERT INTO program_versions (id, program_id, version, policy_toml, recorded_at)
    SELECT gen_random_uuid(), id, 1, '{policy}', '2026-01-01Z' FROM programs;
INSERT INTO partnerships (id, program_id, advertiser_id, partner_id, status, created_at, active_from)
    SELECT gen_random_uuid(), g.id, g.brand_id, b.id, 'active', '2026-01-01Z', '2026-01-01Z'
    FROM programs g, brands b WHERE b.slug LIKE 'blog-%';
INSERT INTO agreements (id, number, partnership_id, program_version_id, contract_name, contract_version,
        terms_toml, content_hash, drafted_by, drafted_at)
    SELECT gen_random_uuid(), p.id::text, p.id, v.id, 'cross-promotion', '2026-11', '{terms}', sha256('x'),
        (SELECT id FROM members LIMIT 1), '2026-01-01Z'
    FROM partnerships p JOIN program_versions v ON v.program_id = p.program_id;
INSERT INTO terms (id, partnership_id, agreement_id, valid, recorded)
    SELECT gen_random_uuid(), partnership_id, id, tstzrange(NULL, NULL), tstzrange('2026-01-01Z', NULL)
    FROM agreements;
INSERT INTO links (id, token, partnership_id, program_id, advertiser_id, partner_id, name, destination_url,
        created_by, created_at)
    SELECT id, id::text, id, program_id, advertiser_id, partner_id, 'x', 'https://x.test',
        (SELECT id FROM members LIMIT 1), '2026-01-01Z' FROM partnerships;
"""

FIGURES = """
-- A figure in [0, 1) for a row's number, another one for each seed.
CREATE FUNCTION pg_temp.chance(n bigint, seed bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    'SELECT (hashint8extended(n, seed) & 4294967295) / 4294967296.0::float8';
-- A UUIDv7 of an instant, the same one for the same number.
CREATE FUNCTION pg_temp.id_at(at timestamptz, n bigint, seed bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    'SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, ''0'') || ''7''
        || substr(md5(n || ''/'' || seed), 1, 3) || ''8'' || substr(md5(n || ''/'' || seed), 4, 15))::uuid';
"""
_MADE_CUSTOMERS = """
CREATE TEMP TABLE promoting AS
    SELECT row_number() OVER (ORDER BY b.slug) - 1 AS n, p.*
    FROM partnerships p JOIN brands b ON b.id = p.partner_id;
CREATE UNLOGGED TABLE made_customers AS
    SELECT n, pg_temp.id_at('2026-01-01Z', n, 1) AS id,
        '2026-06-01Z'::timestamptz + interval '1 microsecond'
            * floor(pg_temp.chance(n, 2) * 100 * 86400 * 1e6)::bigint AS at
    FROM generate_series(1::bigint, {customers}) AS n;
ALTER TABLE made_customers ADD PRIMARY KEY (n);
ANALYZE made_customers;
"""
# A customer's clicks lie from 45 days before its first order to 5 days after it: some of them are too old
# for the window of 30 days, and some come too late.
_CLICKS = """
CREATE UNLOGGED TABLE made_clicks AS
    SELECT j, customer_id, at, pg_temp.id_at(at, j, 3) AS click_id,
        floor(pg_temp.chance(j, 4) * {partners})::int AS partner,
        CASE WHEN pg_temp.chance(j, 5) < 0.02 THEN 'bot' END AS excluded,
        CASE WHEN pg_temp.chance(j, 6) < 0.03 THEN 'denied' ELSE 'granted' END AS consent
    FROM (SELECT j, c.id AS customer_id, date_trunc('milliseconds', c.at + interval '1 microsecond'
                * floor((5 - 50 * pg_temp.chance(j, 7)) * 86400 * 1e6)::bigint) AS at
          FROM generate_series(1::bigint, {clicks}) AS j
          JOIN made_customers c ON c.n = (j - 1) % {customers} + 1 OFFSET 0) m
    ORDER BY at;
INSERT INTO clicks (click_id, at, recorded_at, link_id, partnership_id, program_id, advertiser_id, partner_id,
        consent, excluded, country, network_prefix)
    SELECT m.click_id, m.at, m.at + interval '40 milliseconds', p.id, p.id, p.program_id, p.advertiser_id,
        p.partner_id, m.consent, m.excluded, 'US', '192.0.2.0/24'
    FROM made_clicks m JOIN promoting p ON p.n = m.partner ORDER BY m.click_id;
"""
_CUSTOMERS = """
INSERT INTO customers (id, brand_id, external_id, first_seen_at, pseudonym)
    SELECT c.id, b.id, 'customer ' || c.n, '2026-01-01Z', sha256(('customer ' || c.n)::bytea)
    FROM made_customers c, brands b WHERE b.slug = 'shop-1' ORDER BY c.id;
INSERT INTO customer_keys (customer_id, pseudonym_key)
    SELECT id, sha256(id::text::bytea) FROM made_customers ORDER BY id;
INSERT INTO identifications (customer_id, click_id, recorded_at)
    SELECT customer_id, click_id, at + interval '1 second' FROM made_clicks ORDER BY customer_id, click_id;
"""
# The first order of each customer; those that are left over are second orders, up to 20 days later. Two in
# five name their click, the customer's last one before the order, as a shop does that keeps it.
_CONVERSIONS = """
INSERT INTO conversions (id, brand_id, program_id, customer_id, event, order_id, occurred_at, recorded_at,
        currency, net_minor, click_id, lines, payload_hash)
    SELECT pg_temp.id_at(o.at, o.n, 8), g.brand_id, g.id, o.customer_id, 'sale', 'order ' || o.n, o.at,
        o.at + interval '1 minute', 'USD', 1000 + floor(pg_temp.chance(o.n, 9) * 19000)::bigint,
        k.click_id, '[]', sha256(('order ' || o.n)::bytea)
    FROM programs g, (
        SELECT s.n, c.id AS customer_id, c.at + CASE WHEN s.n <= {customers} THEN '0' ELSE
            interval '1 microsecond' * floor(pg_temp.chance(s.n, 10) * 20 * 86400 * 1e6)::bigint END AS at
        FROM generate_series(1::bigint, {conversions}) AS s (n)
        JOIN made_customers c ON c.n = (s.n - 1) % {customers} + 1 OFFSET 0) o
    LEFT JOIN LATERAL (
        SELECT i.click_id FROM identifications i
        WHERE i.customer_id = o.customer_id AND i.click_id < first_click_id(o.at)
            AND pg_temp.chance(o.n, 11) < 0.4
        ORDER BY i.click_id DESC LIMIT 1) k ON true
    ORDER BY o.at;
DROP TABLE made_clicks, made_customers
"""


async def found(owner_url: str, conversions: int) -> None:
    """Make the tables and fill them with facts; nothing is decided yet."""
    await migration.migrate(owner_url)
    owner: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(owner_url)
    sizes = {
        "partners": PARTNERS,
        "conversions": conversions,
        "clicks": CLICKS_EACH * conversions,
        "customers": max(1, conversions * 9 // 10),
        "policy": POLICY,
        "terms": terms(upper_ppm=80_000),
    }
    await owner.execute("SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'")
    await owner.execute("SELECT ensure_click_partition(m::date) FROM unnest($1::text[]) AS m", list(MONTHS))
    async with set_wise(owner, "identifications", "conversions"):
        for what, sql in (
            ("companies and terms", COMPANIES),
            ("customers", FIGURES + _MADE_CUSTOMERS),
            ("clicks", _CLICKS),
            ("identifications", _CUSTOMERS),
            ("conversions", _CONVERSIONS),
        ):
            with progress.timed(what):
                await owner.execute(sql.format(**sizes))
    await alone.settle(owner)
    await owner.close()


@asynccontextmanager
async def set_wise(owner: "asyncpg.Connection[asyncpg.Record]", *tables: str) -> AsyncGenerator[None]:
    """Check what these tables refer to once for all rows at the end, not for each row as it comes."""
    rows = await owner.fetch(
        """SELECT conrelid::regclass::text AS "table", conname AS name, pg_get_constraintdef(oid) AS rule
           FROM pg_constraint
           WHERE contype = 'f' AND conparentid = 0 AND conrelid = ANY($1::text[]::regclass[])""",
        list(tables),
    )
    for row in rows:
        await owner.execute(f"ALTER TABLE {row['table']} DROP CONSTRAINT {row['name']}")
    yield
    with progress.timed("references of " + ", ".join(tables)):
        for row in rows:
            await owner.execute(f"ALTER TABLE {row['table']} ADD CONSTRAINT {row['name']} {row['rule']}")


def terms(*, upper_ppm: int) -> str:
    """Return the terms that every partner signs, or that are tried; the upper tier's rate is theirs."""
    return TERMS.format(currency=CURRENCY, upper_ppm=upper_ppm)
