from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_23t02_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Money that comes back, held payouts that a person lets go, and cases that somebody owns."

ME = "(SELECT looking_brand())"

SQL = f"""
ALTER TABLE payout_attempts
    ADD COLUMN reversed_minor bigint NOT NULL DEFAULT 0,
    ADD COLUMN bank_status text NOT NULL DEFAULT 'none'
        CHECK (bank_status IN ('none', 'in_transit', 'paid', 'failed')),
    DROP CONSTRAINT payout_attempts_status_check,
    DROP CONSTRAINT payout_attempts_check,
    ADD CONSTRAINT payout_attempts_status_check
        CHECK (status IN ('submitting', 'unknown', 'accepted', 'settled', 'reversed', 'failed')),
    ADD CONSTRAINT payout_attempts_check
        CHECK ((status IN ('accepted', 'settled', 'reversed')) = (stripe_transfer_id IS NOT NULL)),
    ADD CONSTRAINT reversed_in_bounds CHECK (
        reversed_minor BETWEEN 0 AND amount_minor AND (status = 'reversed') = (reversed_minor > 0));
DROP INDEX one_live_attempt;
CREATE UNIQUE INDEX one_live_attempt ON payout_attempts (payout_id) WHERE status NOT IN ('failed', 'reversed');

-- What came back may be sent again, and no more than that: all that is sent stays within what was approved.
CREATE FUNCTION refuse_more_than_approved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    approved bigint;
BEGIN
    SELECT amount_minor INTO approved FROM payouts WHERE id = NEW.payout_id FOR UPDATE;
    IF approved < (SELECT sum(amount_minor - reversed_minor) FROM payout_attempts
                   WHERE payout_id = NEW.payout_id AND status <> 'failed') THEN
        RAISE EXCEPTION 'payout % would send more than was approved', NEW.payout_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'never_more_than_approved';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER never_more_than_approved AFTER INSERT OR UPDATE ON payout_attempts
    FOR EACH ROW EXECUTE FUNCTION refuse_more_than_approved();
GRANT UPDATE (reversed_minor, bank_status) ON payout_attempts TO partner_network_worker;

CREATE TABLE payout_releases (
    payout_id uuid NOT NULL REFERENCES payouts,
    n integer NOT NULL CHECK (n >= 1),
    attempt_n integer NOT NULL CHECK (attempt_n >= 0),
    held_reason text NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    released_by uuid NOT NULL REFERENCES members,
    released_at timestamptz NOT NULL,
    PRIMARY KEY (payout_id, n)
);
CALL make_append_only('payout_releases');

CREATE TABLE cases (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    subject text NOT NULL,
    said text NOT NULL,
    owner_id uuid REFERENCES members,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    closed_by uuid REFERENCES members,
    reason text,
    CONSTRAINT closed_for_a_reason CHECK ((closed_at IS NULL) = (reason IS NULL))
);
CREATE UNIQUE INDEX one_open_case ON cases (kind, subject) WHERE closed_at IS NULL;

CREATE TABLE stripe_movements (
    id text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('reversal', 'return', 'reinstated', 'top_up', 'fee', 'fee_back')),
    currency text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    attempt_id uuid REFERENCES payout_attempts,
    funding_id uuid REFERENCES fundings,
    -- of a return: what was free of the prepaid balance; of what is paid again: what was owed
    covered_minor bigint NOT NULL DEFAULT 0,
    entry_id bigint NOT NULL UNIQUE REFERENCES ledger_entries,
    at timestamptz NOT NULL,
    CONSTRAINT covered_in_bounds CHECK (covered_minor BETWEEN 0 AND amount_minor),
    CONSTRAINT of_an_attempt CHECK ((kind = 'reversal') = (attempt_id IS NOT NULL)),
    CONSTRAINT of_a_funding CHECK ((kind IN ('return', 'reinstated')) = (funding_id IS NOT NULL))
);
CREATE INDEX stripe_movements_of_funding ON stripe_movements (funding_id);
CREATE INDEX stripe_movements_of_attempt ON stripe_movements (attempt_id);
CALL make_append_only('stripe_movements');

-- Of a payment, what settled a debt before any other use.
ALTER TABLE fundings ADD COLUMN repaid_minor bigint NOT NULL DEFAULT 0
    CONSTRAINT repaid_in_bounds CHECK (repaid_minor BETWEEN 0 AND amount_minor);
GRANT UPDATE (repaid_minor) ON fundings TO partner_network_worker;

CREATE TABLE former_stripe_accounts (
    account_id text PRIMARY KEY,
    brand_id uuid NOT NULL REFERENCES brands,
    replaced_at timestamptz NOT NULL
);

CREATE TABLE reconciliations (
    night date PRIMARY KEY,
    began_at timestamptz NOT NULL
);

GRANT SELECT ON reconciliations, payout_releases, cases, stripe_movements, former_stripe_accounts
    TO partner_network_web, partner_network_worker;
GRANT INSERT ON payout_releases, former_stripe_accounts TO partner_network_web;
GRANT UPDATE (held_reason) ON payouts TO partner_network_web;
GRANT INSERT ON reconciliations, cases, stripe_movements TO partner_network_worker;
GRANT UPDATE (owner_id, closed_at, closed_by, reason) ON cases TO partner_network_web, partner_network_worker;
GRANT UPDATE (said) ON cases TO partner_network_worker;

CALL wall_off('payout_releases',
    $$EXISTS (SELECT FROM payouts o WHERE o.id = payout_releases.payout_id)$$, 'false');
CALL wall_off('cases', 'false');
CALL wall_off('reconciliations', 'false');
CALL wall_off('stripe_movements',
    $$EXISTS (SELECT FROM fundings f WHERE f.id = stripe_movements.funding_id)
      OR EXISTS (SELECT FROM payout_attempts t WHERE t.id = stripe_movements.attempt_id)$$, 'false');
CALL wall_off('former_stripe_accounts', $$brand_id = {ME}$$);
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
