from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_23t03_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Tax profiles by date, who agreed to self-billing by whom, and more documents of a statement."

ME = "(SELECT looking_brand())"

SQL = f"""
ALTER TABLE statement_documents DROP CONSTRAINT statement_documents_kind_check;
ALTER TABLE statement_documents ADD CONSTRAINT statement_documents_kind_check
    CHECK (kind IN ('pdf', 'csv', 'xlsx', 'json', 'invoice', 'xml'));

CREATE TABLE tax_profiles (
    id uuid PRIMARY KEY,
    brand_id uuid NOT NULL REFERENCES brands,
    valid_from date NOT NULL,
    legal_name text NOT NULL,
    address text NOT NULL,
    country text NOT NULL CHECK (country ~ '^[A-Z]{{2}}$'),
    status text NOT NULL CHECK (status IN ('standard', 'small_business', 'non_eu')),
    vat_id text,
    tax_number text,
    tax_rate_ppm bigint NOT NULL CHECK (tax_rate_ppm BETWEEN 0 AND 1000000),
    recorded_at timestamptz NOT NULL,
    recorded_by uuid NOT NULL REFERENCES members,
    -- No period that has ended, in whatever zone, is ever taxed by a profile recorded after its end.
    CONSTRAINT never_in_the_past CHECK (valid_from > (recorded_at AT TIME ZONE 'UTC')::date),
    CONSTRAINT some_number CHECK (vat_id IS NOT NULL OR tax_number IS NOT NULL),
    CONSTRAINT only_standard_charges CHECK (status = 'standard' OR tax_rate_ppm = 0)
);
CREATE INDEX tax_profiles_of_brand ON tax_profiles (brand_id, valid_from);
CALL make_append_only('tax_profiles');

CREATE TABLE self_billing_agreements (
    id uuid PRIMARY KEY,
    payee_id uuid NOT NULL REFERENCES brands,
    payer_id uuid NOT NULL REFERENCES brands CHECK (payer_id <> payee_id),
    agreed_at timestamptz NOT NULL,
    agreed_by uuid NOT NULL REFERENCES members,
    ended_at timestamptz CHECK (ended_at >= agreed_at),
    ended_by uuid REFERENCES members,
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE UNIQUE INDEX one_agreement_in_force ON self_billing_agreements (payee_id, payer_id)
    WHERE ended_at IS NULL;
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON self_billing_agreements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_removed BEFORE DELETE ON self_billing_agreements
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON tax_profiles, self_billing_agreements TO partner_network_web;
GRANT SELECT ON tax_profiles, self_billing_agreements TO partner_network_worker;
GRANT UPDATE (ended_at, ended_by) ON self_billing_agreements TO partner_network_web;

CALL wall_off('tax_profiles', $$brand_id = {ME}
    OR EXISTS (SELECT FROM partnerships p WHERE {ME} IN (p.advertiser_id, p.partner_id)
        AND tax_profiles.brand_id IN (p.advertiser_id, p.partner_id))$$, $$brand_id = {ME}$$);
CALL wall_off('self_billing_agreements', $${ME} IN (payee_id, payer_id)$$, $$payee_id = {ME}$$);
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
