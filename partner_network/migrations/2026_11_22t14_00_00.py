from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t14_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Promo codes of partnerships, and reported touches that are no clicks."

ME = "(SELECT looking_brand())"

SQL = f"""
-- So that what names a partnership and its parties can never name the wrong ones.
ALTER TABLE partnerships ADD CONSTRAINT partnerships_and_parties UNIQUE (id, program_id, advertiser_id, partner_id);

CREATE TABLE codes (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL,
    program_id uuid NOT NULL,
    advertiser_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    code text NOT NULL CHECK (length(code) BETWEEN 1 AND 40),
    folded text NOT NULL,
    created_by uuid REFERENCES members,
    created_by_key uuid REFERENCES api_keys,
    created_at timestamptz NOT NULL,
    withdrawn_at timestamptz CHECK (withdrawn_at >= created_at),
    -- for all time: whoever was given a code may have printed it on paper
    CONSTRAINT codes_never_change_hands UNIQUE (advertiser_id, folded),
    FOREIGN KEY (partnership_id, program_id, advertiser_id, partner_id)
        REFERENCES partnerships (id, program_id, advertiser_id, partner_id),
    CHECK ((created_by IS NULL) <> (created_by_key IS NULL))
);
CREATE INDEX codes_of_partnership ON codes (partnership_id);
CREATE INDEX codes_of_partner ON codes (partner_id, created_at);
CREATE FUNCTION withdraw_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL
        AND to_jsonb(NEW) - 'withdrawn_at' = to_jsonb(OLD) - 'withdrawn_at' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a code never changes but for being withdrawn once' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER only_withdraw BEFORE UPDATE OR DELETE ON codes FOR EACH ROW EXECUTE FUNCTION withdraw_once();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON codes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CALL wall_off('codes', $${ME} IN (advertiser_id, partner_id)$$, $$advertiser_id = {ME}$$);
GRANT SELECT, INSERT ON codes TO partner_network_web;
GRANT UPDATE (withdrawn_at) ON codes TO partner_network_web;
GRANT SELECT ON codes TO partner_network_worker;

-- What the order named, as it was told; whose code that was says the touch that came with it, if any.
ALTER TABLE conversions ADD COLUMN code text CHECK (length(code) BETWEEN 1 AND 200);

CREATE TABLE touches (
    id uuid PRIMARY KEY,
    brand_id uuid NOT NULL,
    program_id uuid NOT NULL,
    partnership_id uuid,
    partner_id uuid,
    customer_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('click', 'view', 'code', 'self_report')),
    evidence text NOT NULL CHECK (evidence IN ('click_id', 'cookie', 'code', 'self_report')),
    channel text NOT NULL CHECK (channel IN ('partner', 'direct')),
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL CHECK (recorded_at >= at),
    consent text NOT NULL CHECK (consent IN ('granted', 'denied', 'unknown')),
    code text CHECK (length(code) BETWEEN 1 AND 200),
    conversion_id uuid UNIQUE REFERENCES conversions,
    touch_id text CHECK (length(touch_id) BETWEEN 1 AND 200),
    payload_hash bytea NOT NULL CHECK (length(payload_hash) = 32),
    UNIQUE (brand_id, touch_id),
    FOREIGN KEY (program_id, brand_id) REFERENCES programs (id, brand_id),
    FOREIGN KEY (customer_id, brand_id) REFERENCES customers (id, brand_id),
    FOREIGN KEY (partnership_id, program_id, brand_id, partner_id)
        REFERENCES partnerships (id, program_id, advertiser_id, partner_id),
    CHECK ((channel = 'direct') = (partnership_id IS NULL)),
    CHECK ((partnership_id IS NULL) = (partner_id IS NULL)),
    CHECK ((kind = 'code') = (code IS NOT NULL)),
    -- told by itself, or named by an order
    CHECK ((touch_id IS NULL) = (conversion_id IS NOT NULL)),
    CHECK (conversion_id IS NULL OR kind = 'code')
);
CREATE INDEX touches_of_customer ON touches (customer_id, at, id) WHERE conversion_id IS NULL;
CREATE INDEX touches_of_brand ON touches (brand_id, id) WHERE conversion_id IS NULL;
CREATE INDEX touches_of_partnership ON touches (partnership_id, at);
CALL make_append_only('touches');
CALL wall_off('touches', $${ME} IN (brand_id, partner_id)$$, $$brand_id = {ME}$$);
GRANT SELECT, INSERT ON touches TO partner_network_web;
GRANT SELECT ON touches TO partner_network_worker;

ALTER TABLE test_facts DROP CONSTRAINT test_facts_kind_check,
    ADD CONSTRAINT test_facts_kind_check CHECK (kind IN ('conversion', 'refund', 'identification', 'touch'));
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
