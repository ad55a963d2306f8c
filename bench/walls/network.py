"""A network of a size at which a wall that asks each row would show: facts, money and statements."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from partner_network.conversions.actions import record_conversions
from partner_network.conversions.rules.reports import ReportedConversion
from partner_network.database import connections, migration

ADVERTISERS = 20
PARTNERS = 20
ORDERS_EACH = 4_000
BATCH = 1_000
FIRST_DAY = datetime(2026, 9, 1, tzinfo=UTC)

TERMS = """
[[commission.components]]
name = "sales"
event = "sale"
tiers = [{ from = 0, rate_ppm = 50_000 }]

[settlement]
currency = "USD"
time_zone = "UTC"
"""

COMPANIES = """
INSERT INTO brands (id, slug, name, legal_name, address, country, created_at)
    SELECT gen_random_uuid(), kind || '-' || n, kind || ' ' || n, 'x', 'x', 'US', now()
    FROM (SELECT 'shop', generate_series(1, $1) UNION ALL SELECT 'blog', generate_series(1, $2)) b (kind, n)
"""
PROGRAMS = """
INSERT INTO members (id, email, name, password_hash, created_at)
    SELECT gen_random_uuid(), slug || '@x.test', name, 'x', now() FROM brands;
INSERT INTO memberships (id, member_id, brand_id, role, created_at)
    SELECT gen_random_uuid(), m.id, b.id, 'owner', now()
    FROM brands b JOIN members m ON m.email = b.slug || '@x.test';
INSERT INTO programs (id, brand_id, slug, name, offer, default_url, destination_hosts, created_at)
    SELECT gen_random_uuid(), id, slug, name, 'x', 'https://x.test', '{x.test}', now()
    FROM brands WHERE slug LIKE 'shop-%';
INSERT INTO program_versions (id, program_id, version, policy_toml, recorded_at)
    SELECT gen_random_uuid(), id, 1, 'x', now() FROM programs;
INSERT INTO partnerships (id, program_id, advertiser_id, partner_id, status, created_at, active_from)
    SELECT gen_random_uuid(), g.id, g.brand_id, b.id, 'active', now(), now()
    FROM programs g, brands b WHERE b.slug LIKE 'blog-%';
"""
AGREEMENTS = """
INSERT INTO agreements (id, number, partnership_id, program_version_id, contract_name, contract_version,
        terms_toml, content_hash, drafted_by, drafted_at)
    SELECT gen_random_uuid(), p.id::text, p.id, v.id, 'cross-promotion', '2026-11', $1, sha256('x'),
        (SELECT id FROM members LIMIT 1), now()
    FROM partnerships p JOIN program_versions v ON v.program_id = p.program_id
"""
MONEY = """
INSERT INTO terms (id, partnership_id, agreement_id, valid, recorded)
    SELECT gen_random_uuid(), partnership_id, id, tstzrange(NULL, NULL), tstzrange(now(), NULL)
    FROM agreements;
INSERT INTO links (id, token, partnership_id, program_id, advertiser_id, partner_id, name, destination_url,
        created_by, created_at)
    SELECT id, id::text, id, program_id, advertiser_id, partner_id, 'x', 'https://x.test',
        (SELECT id FROM members LIMIT 1), now() FROM partnerships;
CREATE TEMP TABLE earned AS
    SELECT v.id AS conversion_id, v.occurred_at, p.id AS partnership_id, p.advertiser_id, p.partner_id,
        a.id AS agreement_id, a.program_version_id
    FROM (SELECT *, row_number() OVER (PARTITION BY program_id ORDER BY id) AS n FROM conversions) v
    JOIN (SELECT *, row_number() OVER (PARTITION BY program_id ORDER BY id) AS n,
              count(*) OVER (PARTITION BY program_id) AS partners FROM partnerships) p
        ON p.program_id = v.program_id AND p.n = v.n % p.partners + 1
    JOIN agreements a ON a.partnership_id = p.id;
INSERT INTO clicks (click_id, at, recorded_at, link_id, partnership_id, program_id, advertiser_id, partner_id,
        consent)
    SELECT e.conversion_id, e.occurred_at, now(), p.id, p.id, p.program_id, p.advertiser_id, p.partner_id,
        'granted' FROM earned e JOIN partnerships p ON p.id = e.partnership_id;
INSERT INTO decisions (conversion_id, rev, program_version_id, model, outcome, candidates, decided_at)
    SELECT conversion_id, 1, program_version_id, 'last_click', 'attributed', '[]', now() FROM earned;
INSERT INTO receipts (conversion_id, rev, facts, salt, root, partner_ids)
    SELECT conversion_id, 1, '{}', sha256('x'), sha256('x'), ARRAY[partner_id] FROM earned;
INSERT INTO candidacies (partner_id, conversion_id) SELECT partner_id, conversion_id FROM earned;
INSERT INTO credits (conversion_id, rev, touch_id, partnership_id, touched_at, weight_numerator,
        weight_denominator)
    SELECT conversion_id, 1, conversion_id, partnership_id, occurred_at, 1, 1 FROM earned;
INSERT INTO commissions (kind, conversion_id, partnership_id, advertiser_id, partner_id, agreement_id,
        component, period, currency, earned_at, matures_at, matured_at)
    SELECT 'commission', conversion_id, partnership_id, advertiser_id, partner_id, agreement_id, 'sales',
        '2026-09', 'USD', occurred_at, occurred_at, occurred_at FROM earned;
INSERT INTO ledger_accounts (kind, holder_id, counterparty_id, currency)
    SELECT kind, CASE kind WHEN 'recv' THEN advertiser_id ELSE partner_id END,
        CASE kind WHEN 'recv' THEN partner_id ELSE advertiser_id END, 'USD'
    FROM partnerships, unnest(ARRAY['recv', 'pay_pending', 'pay']) AS kind;
INSERT INTO ledger_entries (id, kind, currency, key, payload_hash, effective_at, recorded_at)
    SELECT id, 'mature', 'USD', 'bench:' || id, 'x', earned_at, now() FROM commissions;
INSERT INTO ledger_transfers (entry_id, leg, currency, debit_account_id, credit_account_id, amount_minor,
        phase, commission_id, effective_at)
    SELECT c.id, 1, 'USD', d.id, a.id, 100, 'posted', c.id, c.earned_at
    FROM commissions c
    JOIN ledger_accounts a ON a.kind = 'pay'
        AND (a.holder_id, a.counterparty_id) = (c.partner_id, c.advertiser_id)
    JOIN ledger_accounts d ON d.kind = 'recv'
        AND (d.holder_id, d.counterparty_id) = (c.advertiser_id, c.partner_id);
INSERT INTO commission_revisions (commission_id, rev, previous_target_minor, target_minor, entry_id, inputs,
        clause, engine_version, recorded_at)
    SELECT id, 1, 0, 100, id, '{}', 'commission.components.tiers', 'x', now() FROM commissions;
INSERT INTO statements (id, number, payee_id, payer_id, currency, account_id, seq, period, starts_at, ends_at,
        opening_minor, closing_minor, minimum_minor, totals, content_hash, closed_at)
    SELECT gen_random_uuid(), a.id::text, a.holder_id, a.counterparty_id, 'USD', a.id, 1, '2026-09',
        '2026-09-01Z', '2026-10-01Z', 0, b.credits_posted_minor, 0, '{}', sha256('x'), now()
    FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id WHERE a.kind = 'pay';
INSERT INTO statement_lines (account_id, transfer_id, statement_id, kind, amount_minor, earning_period)
    SELECT s.account_id, t.id, s.id, 'earned', t.amount_minor, '2026-09'
    FROM ledger_transfers t JOIN statements s ON s.account_id = t.credit_account_id;
"""


async def found(owner_url: str) -> None:
    """Make the tables and fill them; orders come in as advertisers report them."""
    await migration.migrate(owner_url)
    await connections.open_pool(owner_url, max_size=1)
    try:
        async with connections.transaction() as connection:
            await connection.execute(COMPANIES, ADVERTISERS, PARTNERS)
            await connection.execute(PROGRAMS)
            await connection.execute(AGREEMENTS, TERMS)
            shops = await connection.fetch("SELECT id FROM brands WHERE slug LIKE 'shop-%'")
        for shop in shops:
            for first in range(0, ORDERS_EACH, BATCH):
                await record_conversions.record_conversions(orders(first, BATCH), brand_id=shop["id"])
        async with connections.transaction() as connection:
            await connection.execute(MONEY)
    finally:
        await connections.close_pool()
    owner: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(owner_url)
    await owner.execute("VACUUM ANALYZE")
    await owner.close()


def orders(first: int, count: int) -> list[ReportedConversion]:
    """Return ``count`` orders of September, numbered from ``first``."""
    return [
        ReportedConversion(
            order_id=f"order {n}",
            event="sale",
            customer_id=f"customer {n}",
            occurred_at=FIRST_DAY + timedelta(seconds=n % 2_500_000),
            currency="USD",
            net_minor=2_000,
        )
        for n in range(first, first + count)
    ]


async def brand(connection: connections.Connection, slug: str) -> UUID:
    """Return a brand by its slug."""
    return await connection.fetchval("SELECT id FROM brands WHERE slug = $1", slug)
