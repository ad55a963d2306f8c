from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t20_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Credit with an advertiser and perks of partners: what was granted, what became of it, and why."

ME = "(SELECT looking_brand())"
OWN = f"(SELECT c.id FROM reward_credits c WHERE {ME} IN (c.advertiser_id, c.partner_id))"

SQL = f"""
-- Units of their own, one for each advertiser and currency: no entry can mix them with money, or with the credit
-- of another advertiser.
DO $$
DECLARE allowed text;
BEGIN
    SELECT string_agg(DISTINCT quote_literal(kind), ', ') INTO allowed FROM (
        SELECT (regexp_matches(pg_get_constraintdef(oid), '''([a-z_]+)''::text', 'g'))[1] FROM pg_constraint
        WHERE conrelid = 'ledger_entries'::regclass AND conname = 'ledger_entries_kind_check'
        UNION SELECT unnest(ARRAY['grant', 'withdraw', 'redeem', 'unredeem'])) kinds (kind);
    ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_kind_check;
    EXECUTE format('ALTER TABLE ledger_entries ADD CONSTRAINT ledger_entries_kind_check CHECK (kind IN (%s))', allowed);
    SELECT string_agg(DISTINCT quote_literal(kind), ', ') INTO allowed FROM (
        SELECT (regexp_matches(pg_get_constraintdef(oid), '''([a-z_]+)''::text', 'g'))[1] FROM pg_constraint
        WHERE conrelid = 'ledger_accounts'::regclass AND conname = 'ledger_accounts_kind_check'
        UNION SELECT unnest(ARRAY['credit_granted', 'credit_customers', 'credit_partner'])) kinds (kind);
    ALTER TABLE ledger_accounts DROP CONSTRAINT ledger_accounts_kind_check;
    EXECUTE format('ALTER TABLE ledger_accounts ADD CONSTRAINT ledger_accounts_kind_check CHECK (kind IN (%s))', allowed);
END $$;

-- A generated column cannot be told otherwise before PostgreSQL 17, so it is made anew.
ALTER TABLE ledger_balances DROP CONSTRAINT ledger_balances_account_id_currency_is_debit_normal_fkey;
ALTER TABLE ledger_accounts DROP COLUMN is_debit_normal;
ALTER TABLE ledger_accounts ADD COLUMN is_debit_normal boolean NOT NULL GENERATED ALWAYS AS (kind IN (
    'cash', 'recv', 'clawback_due', 'chargeback', 'stripe_fees', 'writeoff', 'credit_granted')) STORED;
ALTER TABLE ledger_accounts ADD UNIQUE (id, currency, is_debit_normal);
ALTER TABLE ledger_balances ADD FOREIGN KEY (account_id, currency, is_debit_normal)
    REFERENCES ledger_accounts (id, currency, is_debit_normal);
ALTER TABLE ledger_accounts DROP CONSTRAINT ledger_accounts_check, ADD CONSTRAINT ledger_accounts_check CHECK (CASE
    WHEN kind IN ('cash', 'stripe_fees', 'writeoff', 'own') THEN holder_id IS NULL AND counterparty_id IS NULL
    WHEN kind IN ('prepaid', 'chargeback', 'credit_granted', 'credit_customers')
        THEN holder_id IS NOT NULL AND counterparty_id IS NULL
    ELSE holder_id IS NOT NULL AND counterparty_id IS NOT NULL AND holder_id <> counterparty_id END);
ALTER TABLE ledger_accounts ADD CONSTRAINT credit_is_no_money CHECK (CASE
    WHEN kind IN ('credit_granted', 'credit_customers')
        THEN currency ~ '^X-[A-Z]{{3}}-' AND right(currency, 12) = upper(right(holder_id::text, 12))
    WHEN kind = 'credit_partner'
        THEN currency ~ '^X-[A-Z]{{3}}-' AND right(currency, 12) = upper(right(counterparty_id::text, 12))
    ELSE currency ~ '^[A-Z]{{3}}$' END);

CREATE TABLE reward_credits (
    id uuid PRIMARY KEY,
    conversion_id uuid NOT NULL REFERENCES conversions,
    partnership_id uuid NOT NULL,
    advertiser_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    agreement_id uuid NOT NULL REFERENCES agreements,
    reward text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('customer_credit', 'partner_credit')),
    customer_id uuid NOT NULL REFERENCES customers,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{{3}}$'),
    granted_at timestamptz NOT NULL,
    ends_at timestamptz CHECK (ends_at > granted_at),
    worth jsonb NOT NULL,
    clause text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT one_credit_per_order UNIQUE (conversion_id, partnership_id, agreement_id, reward),
    FOREIGN KEY (partnership_id, advertiser_id, partner_id) REFERENCES partnerships (id, advertiser_id, partner_id),
    FOREIGN KEY (customer_id, advertiser_id) REFERENCES customers (id, brand_id)
);
CREATE INDEX reward_credits_of_customer ON reward_credits (customer_id, kind);
CREATE INDEX reward_credits_of_partner ON reward_credits (partner_id, advertiser_id, kind);
CREATE INDEX reward_credits_of_advertiser ON reward_credits (advertiser_id, id);
CALL make_append_only('reward_credits');

CREATE TABLE credit_redemptions (
    id uuid PRIMARY KEY,
    advertiser_id uuid NOT NULL REFERENCES brands,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    payload_hash bytea NOT NULL,
    customer_id uuid REFERENCES customers,
    partner_id uuid REFERENCES brands,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{{3}}$'),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    redeemed_at timestamptz NOT NULL,
    UNIQUE (advertiser_id, key),
    FOREIGN KEY (customer_id, advertiser_id) REFERENCES customers (id, brand_id),
    CHECK (num_nonnulls(customer_id, partner_id) = 1)
);
CREATE INDEX credit_redemptions_of_customer ON credit_redemptions (customer_id);
CALL make_append_only('credit_redemptions');

CREATE TABLE credit_redemption_cancels (
    redemption_id uuid PRIMARY KEY REFERENCES credit_redemptions,
    cancelled_at timestamptz NOT NULL
);
CALL make_append_only('credit_redemption_cancels');

-- What became of a credit, bit by bit. `face_minor` is what it was granted for, refunds and growth counted,
-- and `worth_ppm` what part of that time has left: both as they stood after the move.
CREATE TABLE reward_moves (
    credit_id uuid NOT NULL REFERENCES reward_credits,
    rev integer NOT NULL CHECK (rev >= 1),
    previous_rev integer,
    previous_left_minor bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('granted', 'grown', 'taken_back', 'lost', 'redeemed', 'returned')),
    change_minor bigint NOT NULL,
    left_minor bigint NOT NULL,
    face_minor bigint NOT NULL CHECK (face_minor >= 0),
    worth_ppm integer NOT NULL CHECK (worth_ppm BETWEEN 0 AND 1000000),
    redemption_id uuid REFERENCES credit_redemptions,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (credit_id, rev),
    UNIQUE (credit_id, rev, left_minor),
    -- two who start from the same figure cannot both go on
    CONSTRAINT no_fork_of_credit FOREIGN KEY (credit_id, previous_rev, previous_left_minor)
        REFERENCES reward_moves (credit_id, rev, left_minor),
    CONSTRAINT never_more_credit_than_there_is CHECK (left_minor >= 0),
    CHECK (left_minor = previous_left_minor + change_minor),
    CHECK (previous_rev IS NOT DISTINCT FROM nullif(rev - 1, 0)),
    CHECK (rev > 1 OR previous_left_minor = 0 AND kind = 'granted'),
    CHECK ((redemption_id IS NOT NULL) = (kind IN ('redeemed', 'returned'))),
    CHECK (CASE WHEN kind IN ('granted', 'grown', 'returned') THEN change_minor >= 0
        WHEN kind = 'redeemed' THEN change_minor < 0 ELSE change_minor <= 0 END)
);
CREATE UNIQUE INDEX one_move_per_redemption ON reward_moves (redemption_id, credit_id, kind)
    WHERE redemption_id IS NOT NULL;
CALL make_append_only('reward_moves');

-- Work lists. Who redeems is a machine at the web's door, and only the worker posts.
CREATE TABLE unposted_moves (
    credit_id uuid NOT NULL,
    rev integer NOT NULL,
    PRIMARY KEY (credit_id, rev),
    FOREIGN KEY (credit_id, rev) REFERENCES reward_moves (credit_id, rev)
);
CREATE TABLE rewarded_programs (program_id uuid PRIMARY KEY REFERENCES programs);
CREATE TABLE unrewarded_customers (
    program_id uuid NOT NULL REFERENCES programs,
    customer_id uuid NOT NULL REFERENCES customers,
    PRIMARY KEY (program_id, customer_id)
);

CREATE TABLE unmeasured_perks (
    partnership_id uuid NOT NULL REFERENCES partnerships,
    kind text NOT NULL CHECK (kind IN ('month', 'quarter', 'year')),
    starts_at timestamptz NOT NULL,
    PRIMARY KEY (partnership_id, kind, starts_at)
);

CREATE TABLE entitlements (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL,
    advertiser_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    agreement_id uuid NOT NULL REFERENCES agreements,
    reward text NOT NULL,
    perk text NOT NULL CHECK (perk IN ('co_branded_event', 'lead_routing', 'enhanced_analytics')),
    period text NOT NULL,
    n integer NOT NULL CHECK (n >= 1),
    conversion_id uuid NOT NULL REFERENCES conversions,
    reached bigint NOT NULL,
    granted_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > granted_at),
    clause text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT one_entitlement_each UNIQUE (partnership_id, agreement_id, reward, period, n),
    FOREIGN KEY (partnership_id, advertiser_id, partner_id) REFERENCES partnerships (id, advertiser_id, partner_id)
);
CREATE INDEX entitlements_of_partner ON entitlements (partner_id, ends_at);
CREATE INDEX entitlements_of_advertiser ON entitlements (advertiser_id, ends_at);
CALL make_append_only('entitlements');
CREATE TABLE entitlement_ends (
    entitlement_id uuid PRIMARY KEY REFERENCES entitlements,
    ended_at timestamptz NOT NULL
);
CALL make_append_only('entitlement_ends');

-- Facts of a program in which somebody may earn rewards make its customers wait; others pay nothing for it.
CREATE FUNCTION await_rewards() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM rewarded_programs) THEN
        INSERT INTO unrewarded_customers AS u (program_id, customer_id)
        SELECT DISTINCT v.program_id, v.customer_id
        FROM new_facts f JOIN conversions v ON v.id = f.conversion_id
        JOIN rewarded_programs r ON r.program_id = v.program_id
        ORDER BY 1, 2
        ON CONFLICT (program_id, customer_id) DO UPDATE SET program_id = u.program_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER await_rewards AFTER INSERT ON decisions REFERENCING NEW TABLE AS new_facts
    FOR EACH STATEMENT EXECUTE FUNCTION await_rewards();
CREATE TRIGGER await_rewards AFTER INSERT ON refunds REFERENCING NEW TABLE AS new_facts
    FOR EACH STATEMENT EXECUTE FUNCTION await_rewards();

CREATE FUNCTION await_rewards_of_terms() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO rewarded_programs (program_id)
    SELECT DISTINCT p.program_id FROM new_terms t JOIN partnerships p ON p.id = t.partnership_id
    JOIN agreements a ON a.id = t.agreement_id WHERE a.terms_toml ~ 'rewards'
    ON CONFLICT DO NOTHING;
    -- what was credited already is looked at again: terms may hold from before they were signed
    INSERT INTO unrewarded_customers (program_id, customer_id)
    SELECT DISTINCT v.program_id, v.customer_id FROM new_terms t
    JOIN credits c ON c.partnership_id = t.partnership_id
    JOIN conversions v ON v.id = c.conversion_id AND t.valid @> v.occurred_at
    JOIN rewarded_programs r ON r.program_id = v.program_id
    ORDER BY 1, 2
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER await_rewards AFTER INSERT ON terms REFERENCING NEW TABLE AS new_terms
    FOR EACH STATEMENT EXECUTE FUNCTION await_rewards_of_terms();

GRANT SELECT ON reward_credits, reward_moves, credit_redemptions, credit_redemption_cancels, entitlements,
    entitlement_ends, unposted_moves, rewarded_programs, unrewarded_customers, unmeasured_perks
    TO partner_network_web, partner_network_worker;
GRANT INSERT ON reward_moves, credit_redemptions, credit_redemption_cancels, unposted_moves TO partner_network_web;
GRANT INSERT ON reward_credits, reward_moves, entitlements, entitlement_ends, unposted_moves, unmeasured_perks
    TO partner_network_worker;
GRANT UPDATE, DELETE ON unposted_moves, unrewarded_customers, unmeasured_perks TO partner_network_worker;

-- A partner sees the credit it brought and the perks it has, never who redeemed what: that is the advertiser's.
CALL wall_off('reward_credits', $${ME} IN (advertiser_id, partner_id)$$, 'false');
CALL wall_off('reward_moves', $$credit_id IN {OWN}$$, 'false',
    $$kind IN ('lost', 'redeemed', 'returned') AND EXISTS (SELECT FROM reward_credits c
        WHERE c.id = reward_moves.credit_id AND c.advertiser_id = {ME})$$);
CALL wall_off('credit_redemptions', $$advertiser_id = {ME} OR partner_id = {ME}$$, 'false', $$advertiser_id = {ME}$$);
CALL wall_off('credit_redemption_cancels', $$EXISTS (SELECT FROM credit_redemptions r
    WHERE r.id = credit_redemption_cancels.redemption_id)$$, 'false',
    $$EXISTS (SELECT FROM credit_redemptions r
        WHERE r.id = credit_redemption_cancels.redemption_id AND r.advertiser_id = {ME})$$);
CALL wall_off('unposted_moves', $$EXISTS (SELECT FROM reward_credits c
    WHERE c.id = unposted_moves.credit_id AND c.advertiser_id = {ME})$$);
CALL wall_off('rewarded_programs', $$EXISTS (SELECT FROM programs g WHERE g.id = rewarded_programs.program_id
    AND g.brand_id = {ME})$$, 'false');
CALL wall_off('unrewarded_customers', $$EXISTS (SELECT FROM customers u
    WHERE u.id = unrewarded_customers.customer_id AND u.brand_id = {ME})$$, 'false');
CALL wall_off('unmeasured_perks', $$EXISTS (SELECT FROM partnerships p
    WHERE p.id = unmeasured_perks.partnership_id AND p.advertiser_id = {ME})$$, 'false');
CALL wall_off('entitlements', $${ME} IN (advertiser_id, partner_id)$$, 'false');
CALL wall_off('entitlement_ends',
    $$EXISTS (SELECT FROM entitlements e WHERE e.id = entitlement_ends.entitlement_id)$$, 'false');
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
