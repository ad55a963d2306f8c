from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_21t00_00_05"
VERSION = "1.38.0"
DESCRIPTION = "Statements, approvals, fundings, payouts and what Stripe told us."

SQL = """
CREATE TABLE statements (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    payee_id uuid NOT NULL REFERENCES brands,
    payer_id uuid NOT NULL REFERENCES brands,
    currency text NOT NULL,
    account_id bigint NOT NULL,
    seq integer NOT NULL CHECK (seq >= 1),
    previous_seq integer,
    period text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
    opening_minor bigint NOT NULL CHECK (opening_minor >= 0),
    closing_minor bigint NOT NULL CHECK (closing_minor >= 0),
    minimum_minor bigint NOT NULL,
    carried_reason text,
    totals jsonb NOT NULL,
    content_hash bytea NOT NULL CHECK (length(content_hash) = 32),
    closed_at timestamptz NOT NULL,
    made_in xid8 NOT NULL DEFAULT pg_current_xact_id() CHECK (made_in = pg_current_xact_id()),
    UNIQUE (payee_id, payer_id, currency, period),
    UNIQUE (payee_id, payer_id, currency, seq, closing_minor),
    UNIQUE (payee_id, payer_id, currency, seq),
    UNIQUE (id, content_hash, closing_minor, currency),
    UNIQUE (id, account_id),
    FOREIGN KEY (account_id, currency) REFERENCES ledger_accounts (id, currency),
    -- each statement opens with what the one before closed with
    CONSTRAINT statements_chain FOREIGN KEY (payee_id, payer_id, currency, previous_seq, opening_minor)
        REFERENCES statements (payee_id, payer_id, currency, seq, closing_minor),
    CHECK (previous_seq IS NOT DISTINCT FROM nullif(seq - 1, 0)),
    CHECK (seq > 1 OR opening_minor = 0)
);
CALL make_append_only('statements');

CREATE TABLE statement_lines (
    account_id bigint NOT NULL,
    transfer_id bigint NOT NULL REFERENCES ledger_transfers,
    statement_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN
        ('earned', 'bonus', 'reversed', 'adjustment', 'late', 'recovered', 'tax', 'netted', 'paid', 'returned')),
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    earning_period text,
    PRIMARY KEY (account_id, transfer_id),
    FOREIGN KEY (statement_id, account_id) REFERENCES statements (id, account_id)
);
CREATE INDEX statement_lines_of_statement ON statement_lines (statement_id);
CALL make_append_only('statement_lines');

CREATE FUNCTION check_statement_footing() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE s statements; lines bigint;
BEGIN
    SELECT * INTO s FROM statements WHERE id =
        CASE TG_TABLE_NAME WHEN 'statements' THEN (to_jsonb(NEW) ->> 'id')::uuid
             ELSE (to_jsonb(NEW) ->> 'statement_id')::uuid END;
    SELECT coalesce(sum(amount_minor), 0) INTO lines FROM statement_lines WHERE statement_id = s.id;
    IF s.opening_minor + lines <> s.closing_minor THEN
        RAISE EXCEPTION 'statement % does not add up: % + % is not %', s.number, s.opening_minor, lines, s.closing_minor
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER adds_up AFTER INSERT ON statements DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_statement_footing();

-- Lines join only in the transaction that closes their statement, so footing is checked once, there;
-- and a line is worth exactly what its transfer moved on that account.
CREATE FUNCTION check_statement_lines() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong bigint;
BEGIN
    SELECT n.transfer_id INTO wrong FROM new_lines n
        JOIN statements s ON s.id = n.statement_id
        JOIN ledger_transfers t ON t.id = n.transfer_id
        WHERE s.made_in <> pg_current_xact_id() OR t.phase <> 'posted' OR t.effective_at >= s.ends_at
            OR n.amount_minor <> CASE n.account_id WHEN t.credit_account_id THEN t.amount_minor
                                 WHEN t.debit_account_id THEN -t.amount_minor ELSE 0 END LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'transfer % cannot be a line: its statement is closed, or amount, phase or date differ', wrong
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER lines_are_postings AFTER INSERT ON statement_lines
    REFERENCING NEW TABLE AS new_lines FOR EACH STATEMENT EXECUTE FUNCTION check_statement_lines();

CREATE TABLE statement_documents (
    statement_id uuid NOT NULL REFERENCES statements,
    kind text NOT NULL CHECK (kind IN ('pdf', 'csv')),
    file_key text NOT NULL,
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    size_bytes bigint NOT NULL,
    rendered_at timestamptz NOT NULL,
    PRIMARY KEY (statement_id, kind)
);
CALL make_append_only('statement_documents');

CREATE TABLE statement_preparations (
    statement_id uuid PRIMARY KEY,
    content_hash bytea NOT NULL,
    closing_minor bigint NOT NULL,
    currency text NOT NULL,
    preparer_id uuid NOT NULL REFERENCES members,
    prepared_at timestamptz NOT NULL,
    UNIQUE (statement_id, preparer_id),
    FOREIGN KEY (statement_id, content_hash, closing_minor, currency)
        REFERENCES statements (id, content_hash, closing_minor, currency)
);
CALL make_append_only('statement_preparations');

CREATE TABLE statement_approvals (
    statement_id uuid PRIMARY KEY,
    content_hash bytea NOT NULL,
    closing_minor bigint NOT NULL,
    currency text NOT NULL,
    preparer_id uuid NOT NULL,
    approver_id uuid NOT NULL REFERENCES members,
    reason text NOT NULL,
    approved_at timestamptz NOT NULL,
    UNIQUE (statement_id, content_hash, closing_minor, currency),
    FOREIGN KEY (statement_id, preparer_id) REFERENCES statement_preparations (statement_id, preparer_id),
    FOREIGN KEY (statement_id, content_hash, closing_minor, currency)
        REFERENCES statements (id, content_hash, closing_minor, currency),
    CONSTRAINT two_people CHECK (approver_id <> preparer_id)
);
CALL make_append_only('statement_approvals');

CREATE TABLE stripe_accounts (
    brand_id uuid PRIMARY KEY REFERENCES brands,
    account_id text UNIQUE,
    transfers_status text,
    customer_id text UNIQUE,
    payment_method_id text,
    read_at timestamptz NOT NULL
);

CREATE TABLE fundings (
    id uuid PRIMARY KEY,
    advertiser_id uuid NOT NULL REFERENCES brands,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL,
    idempotency_key text NOT NULL UNIQUE,
    payment_intent_id text UNIQUE,
    status text NOT NULL CHECK (status IN ('requested', 'processing', 'settled', 'failed')),
    failure text,
    requested_by uuid NOT NULL REFERENCES members,
    requested_at timestamptz NOT NULL,
    settled_at timestamptz
);
CREATE INDEX fundings_of_advertiser ON fundings (advertiser_id);

CREATE TABLE payouts (
    id uuid PRIMARY KEY,
    statement_id uuid NOT NULL UNIQUE,
    content_hash bytea NOT NULL,
    closing_minor bigint NOT NULL,
    currency text NOT NULL,
    payee_id uuid NOT NULL REFERENCES brands,
    payer_id uuid NOT NULL REFERENCES brands,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    fund_entry_id bigint NOT NULL UNIQUE REFERENCES ledger_entries,
    reserved_at timestamptz NOT NULL,
    held_reason text,
    -- no payout without an approval of exactly that content
    CONSTRAINT approved_content FOREIGN KEY (statement_id, content_hash, closing_minor, currency)
        REFERENCES statement_approvals (statement_id, content_hash, closing_minor, currency)
);
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON payouts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_removed BEFORE DELETE ON payouts FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE payout_attempts (
    id uuid PRIMARY KEY,
    payout_id uuid NOT NULL REFERENCES payouts,
    n integer NOT NULL CHECK (n >= 1),
    idempotency_key text NOT NULL UNIQUE,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    destination text NOT NULL,
    status text NOT NULL CHECK (status IN ('submitting', 'unknown', 'accepted', 'settled', 'failed')),
    pending_transfer_id bigint NOT NULL UNIQUE REFERENCES ledger_transfers,
    stripe_transfer_id text UNIQUE,
    answer text,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    UNIQUE (payout_id, n),
    CHECK ((status IN ('accepted', 'settled')) = (stripe_transfer_id IS NOT NULL))
);
CREATE UNIQUE INDEX one_live_attempt ON payout_attempts (payout_id) WHERE status <> 'failed';
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON payout_attempts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_removed BEFORE DELETE ON payout_attempts FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE stripe_events (
    event_id text PRIMARY KEY,
    type text NOT NULL,
    object_id text NOT NULL,
    payload bytea NOT NULL,
    received_at timestamptz NOT NULL,
    handled_at timestamptz
);

GRANT SELECT ON statements, statement_lines, statement_documents, statement_preparations,
    statement_approvals, stripe_accounts, fundings, payouts, payout_attempts, stripe_events
    TO partner_network_web, partner_network_worker;
GRANT INSERT ON statements, statement_lines, statement_documents, payouts, payout_attempts
    TO partner_network_worker;
GRANT INSERT ON statement_preparations, statement_approvals, stripe_accounts, fundings, stripe_events
    TO partner_network_web;
GRANT UPDATE ON stripe_accounts TO partner_network_web, partner_network_worker;
GRANT UPDATE (payment_intent_id, status, failure, settled_at) ON fundings
    TO partner_network_web, partner_network_worker;
GRANT UPDATE (held_reason) ON payouts TO partner_network_worker;
GRANT UPDATE (status, stripe_transfer_id, answer, finished_at) ON payout_attempts TO partner_network_worker;
GRANT UPDATE (handled_at) ON stripe_events TO partner_network_worker;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
