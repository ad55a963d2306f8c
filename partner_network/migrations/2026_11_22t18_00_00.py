from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t18_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Maturing looks at one stream's commissions, and what lines refer to is proved set by set."

SQL = """
-- Streams mature one by one, so what is due is looked up by stream.
CREATE INDEX commissions_to_mature_of_stream ON commissions (partnership_id, matures_at) WHERE matured_at IS NULL;
DROP INDEX commissions_to_mature;

-- The same rule, comparing rows and not their JSON.
CREATE OR REPLACE FUNCTION mature_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.matured_at IS NULL AND NEW.matured_at IS NOT NULL THEN
        OLD.matured_at := NEW.matured_at;
        IF OLD IS NOT DISTINCT FROM NEW THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a commission never changes but for maturing once' USING ERRCODE = 'restrict_violation';
END $$;

-- Statements and transfers are append-only, so what a line refers to when it joins is there for good. The check
-- that every batch of lines goes through anyway looks both of them up; two foreign keys did so again, row by row.
CREATE OR REPLACE FUNCTION check_statement_lines() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong bigint;
BEGIN
    SELECT n.transfer_id INTO wrong FROM new_lines n
        LEFT JOIN statements s ON s.id = n.statement_id AND s.account_id = n.account_id
        LEFT JOIN ledger_transfers t ON t.id = n.transfer_id
        WHERE s.id IS NULL OR t.id IS NULL
            OR s.made_in <> this_transaction() OR t.phase <> 'posted' OR t.effective_at >= s.ends_at
            OR n.amount_minor <> CASE n.account_id WHEN t.credit_account_id THEN t.amount_minor
                                 WHEN t.debit_account_id THEN -t.amount_minor ELSE 0 END LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'transfer % cannot be a line: its statement is closed, or amount, phase or date differ', wrong
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
ALTER TABLE statement_lines
    DROP CONSTRAINT statement_lines_transfer_id_fkey,
    DROP CONSTRAINT statement_lines_statement_id_account_id_fkey;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
