from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_23t20_00_00"
VERSION = "1.38.0"
DESCRIPTION = "An advertiser may be asked for its money by an invoice instead of being charged."

SQL = """
ALTER TABLE fundings
    ADD COLUMN way text NOT NULL DEFAULT 'charge' CONSTRAINT known_way CHECK (way IN ('charge', 'invoice')),
    -- how long the contract gives to fund what is approved, as it was when the invoice was asked for
    ADD COLUMN days_until_due integer CONSTRAINT due_within_a_year CHECK (days_until_due BETWEEN 0 AND 365),
    ADD COLUMN invoice_id text UNIQUE,
    ADD COLUMN invoice_number text,
    ADD COLUMN invoice_url text,
    ADD COLUMN invoice_due_at timestamptz,
    ADD COLUMN invoice_sent_at timestamptz,
    ADD COLUMN void_asked_by uuid REFERENCES members,
    ADD COLUMN void_asked_at timestamptz,
    DROP CONSTRAINT asked_with_a_method,
    -- an invoice names no method: whoever pays it chooses one on Stripe's page
    ADD CONSTRAINT asked_with_a_method CHECK (CASE way
        WHEN 'charge' THEN num_nulls(customer_id, payment_method_id, asked_at) IN (0, 3)
        ELSE payment_method_id IS NULL AND num_nulls(customer_id, asked_at) IN (0, 2) END),
    ADD CONSTRAINT invoiced_only_by_invoice CHECK (CASE way
        WHEN 'invoice' THEN days_until_due IS NOT NULL
        ELSE num_nonnulls(days_until_due, invoice_id, void_asked_at) = 0 END),
    ADD CONSTRAINT sent_in_whole CHECK (
        num_nulls(invoice_number, invoice_url, invoice_due_at, invoice_sent_at) IN (0, 4)
        AND (invoice_sent_at IS NULL OR invoice_id IS NOT NULL)),
    ADD CONSTRAINT settled_by_its_invoice CHECK (way = 'charge' OR status <> 'settled'
        OR invoice_id IS NOT NULL AND payment_intent_id IS NOT NULL),
    ADD CONSTRAINT void_asked_in_whole CHECK (num_nulls(void_asked_by, void_asked_at) IN (0, 2));
GRANT UPDATE (void_asked_by, void_asked_at) ON fundings TO partner_network_web;
GRANT UPDATE (invoice_id, invoice_number, invoice_url, invoice_due_at, invoice_sent_at, void_asked_by,
    void_asked_at) ON fundings TO partner_network_worker;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
