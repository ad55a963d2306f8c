from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t22_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Commissions held and released, clawbacks contested, and why a clawback was made."

ME = "(SELECT looking_brand())"
OWN = f"(SELECT c.id FROM commissions c WHERE {ME} IN (c.advertiser_id, c.partner_id))"

SQL = f"""
-- Kinds are only ever added: whatever is allowed by now stays so.
DO $$
DECLARE allowed text;
BEGIN
    SELECT string_agg(DISTINCT quote_literal(kind), ', ') INTO allowed FROM (
        SELECT (regexp_matches(pg_get_constraintdef(oid), '''([a-z_]+)''::text', 'g'))[1] FROM pg_constraint
        WHERE conrelid = 'ledger_entries'::regclass AND conname = 'ledger_entries_kind_check'
        UNION SELECT unnest(ARRAY['hold', 'release'])) kinds (kind);
    ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_kind_check;
    EXECUTE format('ALTER TABLE ledger_entries ADD CONSTRAINT ledger_entries_kind_check CHECK (kind IN (%s))',
        allowed);
    SELECT string_agg(DISTINCT quote_literal(kind), ', ') INTO allowed FROM (
        SELECT (regexp_matches(pg_get_constraintdef(oid), '''([a-z_]+)''::text', 'g'))[1] FROM pg_constraint
        WHERE conrelid = 'statement_lines'::regclass AND conname = 'statement_lines_kind_check'
        UNION SELECT unnest(ARRAY['held', 'released'])) kinds (kind);
    ALTER TABLE statement_lines DROP CONSTRAINT statement_lines_kind_check;
    EXECUTE format('ALTER TABLE statement_lines ADD CONSTRAINT statement_lines_kind_check CHECK (kind IN (%s))',
        allowed);
END $$;

CREATE TABLE commission_holds (
    commission_id bigint NOT NULL REFERENCES commissions,
    n integer NOT NULL CHECK (n >= 1),
    previous_n integer,
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    decided_by uuid NOT NULL REFERENCES members,
    at timestamptz NOT NULL,
    PRIMARY KEY (commission_id, n),
    CHECK (previous_n IS NOT DISTINCT FROM nullif(n - 1, 0))
);
CALL make_append_only('commission_holds');

CREATE TABLE commission_releases (
    commission_id bigint NOT NULL,
    n integer NOT NULL,
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    decided_by uuid NOT NULL REFERENCES members,
    at timestamptz NOT NULL,
    PRIMARY KEY (commission_id, n),
    FOREIGN KEY (commission_id, n) REFERENCES commission_holds (commission_id, n)
);
CALL make_append_only('commission_releases');
-- a commission is held once at a time: the next hold names the release of the one before
ALTER TABLE commission_holds ADD CONSTRAINT one_hold_at_a_time
    FOREIGN KEY (commission_id, previous_n) REFERENCES commission_releases (commission_id, n);

-- A work list: filled in the transaction of the decision, emptied in that of the posting.
CREATE TABLE unmoved_commissions (
    commission_id bigint NOT NULL,
    n integer NOT NULL,
    move text NOT NULL CHECK (move IN ('hold', 'release')),
    PRIMARY KEY (commission_id, n, move),
    FOREIGN KEY (commission_id, n) REFERENCES commission_holds (commission_id, n)
);

-- What of each commission lies apart from where it would be payable.
CREATE VIEW set_apart WITH (security_invoker = true) AS
    SELECT t.commission_id,
        coalesce(sum(t.minor) FILTER (WHERE a.kind = 'pay_held'), 0)::bigint AS held_minor,
        coalesce(sum(t.minor) FILTER (WHERE a.kind = 'pay_disputed'), 0)::bigint AS disputed_minor
    FROM (SELECT commission_id, credit_account_id AS account_id, amount_minor AS minor FROM ledger_transfers
              WHERE phase = 'posted' AND commission_id IS NOT NULL
          UNION ALL SELECT commission_id, debit_account_id, -amount_minor FROM ledger_transfers
              WHERE phase = 'posted' AND commission_id IS NOT NULL) t
    JOIN ledger_accounts a ON a.id = t.account_id
    WHERE a.kind IN ('pay_held', 'pay_disputed')
    GROUP BY t.commission_id;

-- An adjustment may name its component, and a clawback says what made it.
ALTER TABLE adjustments ADD COLUMN component text;
ALTER TABLE clawbacks ADD COLUMN cause text CHECK (cause IN
        ('refund', 'refund elsewhere', 'adjustment', 'late order', 'attribution', 'terms')),
    ADD COLUMN cause_id uuid,
    ADD COLUMN reason text;

CREATE TABLE clawback_contests (
    clawback_id bigint PRIMARY KEY REFERENCES clawbacks (transfer_id),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    contested_by uuid NOT NULL REFERENCES members,
    at timestamptz NOT NULL,
    made_in xid8 NOT NULL DEFAULT this_transaction()
);
CALL make_append_only('clawback_contests');

CREATE TABLE contest_decisions (
    clawback_id bigint PRIMARY KEY REFERENCES clawback_contests,
    outcome text NOT NULL CHECK (outcome IN ('upheld', 'declined')),
    adjustment_id uuid UNIQUE REFERENCES adjustments,
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    decided_by uuid NOT NULL REFERENCES members,
    at timestamptz NOT NULL,
    made_in xid8 NOT NULL DEFAULT this_transaction(),
    CHECK ((outcome = 'upheld') = (adjustment_id IS NOT NULL))
);
CALL make_append_only('contest_decisions');
-- NOT VALID, so that a restore puts them behind the data: what it brings was made in other transactions.
ALTER TABLE clawback_contests
    ADD CONSTRAINT clawback_contests_made_in_check CHECK (made_in = this_transaction()) NOT VALID;
ALTER TABLE contest_decisions
    ADD CONSTRAINT contest_decisions_made_in_check CHECK (made_in = this_transaction()) NOT VALID;

GRANT SELECT ON commission_holds, commission_releases, unmoved_commissions, set_apart, clawback_contests,
    contest_decisions TO partner_network_web, partner_network_worker;
GRANT INSERT ON commission_holds, commission_releases, unmoved_commissions, clawback_contests,
    contest_decisions TO partner_network_web;
GRANT UPDATE, DELETE ON unmoved_commissions TO partner_network_worker;

-- The operator's people hold, release and decide; a partner contests what is taken back from itself.
CALL wall_off('commission_holds', $$commission_id IN {OWN}$$, 'false');
CALL wall_off('commission_releases', $$commission_id IN {OWN}$$, 'false');
CALL wall_off('unmoved_commissions', $$commission_id IN {OWN}$$, 'false');
CALL wall_off('clawback_contests',
    $$EXISTS (SELECT FROM clawbacks c WHERE c.transfer_id = clawback_contests.clawback_id)$$,
    $$EXISTS (SELECT FROM clawbacks b JOIN commissions c ON c.id = b.commission_id
        WHERE b.transfer_id = clawback_contests.clawback_id AND c.partner_id = {ME})$$);
CALL wall_off('contest_decisions',
    $$EXISTS (SELECT FROM clawbacks c WHERE c.transfer_id = contest_decisions.clawback_id)$$, 'false');
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
