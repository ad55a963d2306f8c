from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_23t09_00_00"
VERSION = "1.38.0"
DESCRIPTION = "One payment of an advertiser at a time, and what the banks of partners did with their payouts."

ME = "(SELECT looking_brand())"

SQL = f"""
ALTER TABLE fundings
    -- what was asked for under the key: a repeat asks for exactly the same, whatever was saved meanwhile
    ADD COLUMN customer_id text,
    ADD COLUMN payment_method_id text,
    -- by the clock on the wall, since Stripe counts the life of a key by it
    ADD COLUMN asked_at timestamptz,
    ADD COLUMN read_at timestamptz,
    ADD COLUMN failure_code text,
    ADD CONSTRAINT asked_with_a_method CHECK (
        num_nulls(customer_id, payment_method_id, asked_at) IN (0, 3)),
    ADD CONSTRAINT failed_for_a_code CHECK (failure_code IS NULL OR status = 'failed');
-- Two tabs, or two people, never pay the same statements twice.
CREATE UNIQUE INDEX one_open_funding ON fundings (advertiser_id, currency)
    WHERE status IN ('requested', 'processing');
GRANT UPDATE (customer_id, payment_method_id, asked_at, read_at, failure_code) ON fundings
    TO partner_network_worker;

-- A payout of a partner's own account at Stripe to its bank: it bundles transfers, and changes none of them.
CREATE TABLE bank_payouts (
    id text PRIMARY KEY,
    brand_id uuid NOT NULL REFERENCES brands,
    account_id text NOT NULL,
    currency text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    status text NOT NULL CHECK (status IN ('in_transit', 'paid', 'failed')),
    failure text,
    arrives_on date NOT NULL,
    made_at timestamptz NOT NULL,
    read_at timestamptz NOT NULL,
    CONSTRAINT failed_for_a_reason CHECK ((status = 'failed') = (failure IS NOT NULL))
);
CREATE INDEX bank_payouts_of_brand ON bank_payouts (brand_id);
CREATE TABLE bank_payout_transfers (
    bank_payout_id text NOT NULL REFERENCES bank_payouts,
    attempt_id uuid NOT NULL REFERENCES payout_attempts,
    PRIMARY KEY (bank_payout_id, attempt_id)
);
CREATE INDEX bank_payout_transfers_of_attempt ON bank_payout_transfers (attempt_id);
CALL make_append_only('bank_payout_transfers');
GRANT SELECT ON bank_payouts, bank_payout_transfers TO partner_network_web, partner_network_worker;
GRANT INSERT ON bank_payouts, bank_payout_transfers TO partner_network_worker;
GRANT UPDATE (status, failure, arrives_on, read_at) ON bank_payouts TO partner_network_worker;
-- One payout to a bank bundles money of several payers: the payee alone sees it, each payer its attempt.
CALL wall_off('bank_payouts', $$brand_id = {ME}$$, 'false');
CALL wall_off('bank_payout_transfers',
    $$EXISTS (SELECT FROM bank_payouts b WHERE b.id = bank_payout_transfers.bank_payout_id)$$, 'false');

-- While approved statements wait too long for their money: what was earned stays earned.
CREATE TABLE program_pauses (
    id uuid PRIMARY KEY,
    program_id uuid NOT NULL REFERENCES programs,
    statement_id uuid NOT NULL REFERENCES statements,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT ends_after_it_began CHECK (ended_at >= began_at)
);
CREATE UNIQUE INDEX one_open_pause ON program_pauses (program_id) WHERE ended_at IS NULL;
CREATE INDEX program_pauses_of_statement ON program_pauses (statement_id);
GRANT SELECT ON program_pauses TO partner_network_web, partner_network_worker;
GRANT INSERT ON program_pauses TO partner_network_worker;
GRANT UPDATE (ended_at) ON program_pauses TO partner_network_worker;
CALL wall_off('program_pauses',
    $$EXISTS (SELECT FROM programs g WHERE g.id = program_pauses.program_id)$$, 'false');
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
