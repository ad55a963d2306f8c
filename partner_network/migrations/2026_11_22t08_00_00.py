from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t08_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Transactions are numbered on through a restore, so that a closed entry stays closed."

SQL = """
-- Entries and statements remember in made_in which transaction made them, and take legs and lines in no other.
-- A server that a backup is restored into counts its transactions from the beginning: without more, one of them
-- would some day have an old entry's number and could add to it. So a restore lets the count go on from the
-- greatest number in the backup: it replaces this function (partner_network/database/numbering.py). STABLE, for
-- plans keep what an IMMUTABLE one once answered.
CREATE FUNCTION transactions_before() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE RETURN 0::bigint;
CREATE FUNCTION this_transaction() RETURNS xid8 LANGUAGE sql STABLE PARALLEL RESTRICTED
    RETURN (transactions_before() + pg_current_xact_id()::text::bigint)::text::xid8;

-- NOT VALID: every new row is checked, and rows that a restore brings are not, since pg_dump puts such a
-- constraint behind the data.
ALTER TABLE ledger_entries
    DROP CONSTRAINT ledger_entries_made_in_check,
    ALTER COLUMN made_in SET DEFAULT this_transaction(),
    ADD CONSTRAINT ledger_entries_made_in_check CHECK (made_in = this_transaction()) NOT VALID;
ALTER TABLE statements
    DROP CONSTRAINT statements_made_in_check,
    ALTER COLUMN made_in SET DEFAULT this_transaction(),
    ADD CONSTRAINT statements_made_in_check CHECK (made_in = this_transaction()) NOT VALID;

-- The two triggers that hold it, unchanged but for whom they ask.
DO $$
DECLARE told text;
BEGIN
    FOREACH told IN ARRAY ARRAY['keep_ledger_balances', 'check_statement_lines'] LOOP
        IF pg_get_functiondef(told::regproc) NOT LIKE '%made_in <> pg_current_xact_id()%' THEN
            RAISE EXCEPTION '% does not ask which transaction it is', told;
        END IF;
        EXECUTE replace(pg_get_functiondef(told::regproc), 'pg_current_xact_id()', 'this_transaction()');
    END LOOP;
END $$;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
