from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t23_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Every event of money has a kind, and each night's look at the ledger is kept."

SQL = """
-- Kinds are only ever added: whatever is allowed by now stays so.
DO $$
DECLARE allowed text;
BEGIN
    SELECT string_agg(DISTINCT quote_literal(kind), ', ') INTO allowed FROM (
        SELECT (regexp_matches(pg_get_constraintdef(oid), '''([a-z_]+)''::text', 'g'))[1] FROM pg_constraint
        WHERE conrelid = 'ledger_entries'::regclass AND conname = 'ledger_entries_kind_check'
        UNION SELECT unnest(ARRAY['hold', 'release', 'dispute', 'repay', 'reverse_transfer'])) kinds (kind);
    ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_kind_check;
    EXECUTE format('ALTER TABLE ledger_entries ADD CONSTRAINT ledger_entries_kind_check CHECK (kind IN (%s))', allowed);
END $$;

-- What a night's look at the whole ledger found. No money depends on it; it is for people to see.
CREATE TABLE ledger_checks (
    night date PRIMARY KEY,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    -- the trial balance of everything recorded until then, which never changes any more
    recorded_until timestamptz NOT NULL,
    digest bytea CHECK (length(digest) = 32),
    accounts bigint CHECK (accounts >= 0),
    entries bigint CHECK (entries >= 0),
    transfers bigint CHECK (transfers >= 0),
    differing bigint CHECK (differing >= 0),
    differences text[] NOT NULL DEFAULT '{}',
    CHECK ((ended_at IS NULL) = (differing IS NULL)),
    CHECK ((ended_at IS NULL) = (digest IS NULL))
);
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON ledger_checks
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_removed BEFORE DELETE ON ledger_checks FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- Entries are recorded in nearly the order of their ids, so this costs next to nothing to keep.
CREATE INDEX ledger_entries_by_recording ON ledger_entries USING brin (recorded_at);
CALL wall_off('ledger_checks', 'false');
GRANT SELECT ON ledger_checks TO partner_network_web, partner_network_worker;
GRANT INSERT, UPDATE ON ledger_checks TO partner_network_worker;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
