from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_23t15_00_00"
VERSION = "1.38.0"
DESCRIPTION = "What a credit note could not take of its tax is a clawback, recovered by later closes."

OPERATOR = "(SELECT operator_looks())"

SQL = f"""
-- Kinds are only ever added: whatever is allowed by now stays so.
DO $$
DECLARE allowed text;
BEGIN
    SELECT string_agg(DISTINCT quote_literal(kind), ', ') INTO allowed FROM (
        SELECT (regexp_matches(pg_get_constraintdef(oid), '''([a-z_]+)''::text', 'g'))[1] FROM pg_constraint
        WHERE conrelid = 'ledger_entries'::regclass AND conname = 'ledger_entries_kind_check'
        UNION SELECT 'recover_tax') kinds (kind);
    ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_kind_check;
    EXECUTE format('ALTER TABLE ledger_entries ADD CONSTRAINT ledger_entries_kind_check CHECK (kind IN (%s))',
        allowed);
    SELECT string_agg(DISTINCT quote_literal(kind), ', ') INTO allowed FROM (
        SELECT (regexp_matches(pg_get_constraintdef(oid), '''([a-z_]+)''::text', 'g'))[1] FROM pg_constraint
        WHERE conrelid = 'statement_lines'::regclass AND conname = 'statement_lines_kind_check'
        UNION SELECT 'tax_recovered') kinds (kind);
    ALTER TABLE statement_lines DROP CONSTRAINT statement_lines_kind_check;
    EXECUTE format('ALTER TABLE statement_lines ADD CONSTRAINT statement_lines_kind_check CHECK (kind IN (%s))',
        allowed);
END $$;

-- A clawback is of a commission, or of the tax on a whole statement; whose it is, its posting says.
ALTER TABLE clawbacks ALTER COLUMN commission_id DROP NOT NULL,
    DROP CONSTRAINT clawbacks_cause_check,
    ADD CONSTRAINT clawbacks_cause_check CHECK (cause IN ('refund', 'refund elsewhere', 'refund undone',
        'adjustment', 'late order', 'attribution', 'terms', 'tax')),
    ADD CONSTRAINT of_a_commission_or_of_tax
        CHECK ((commission_id IS NULL) = (cause IS NOT DISTINCT FROM 'tax'));

-- Postings have walls of their own: both brands of the pair read them.
ALTER POLICY walls ON clawbacks USING ({OPERATOR}
    OR EXISTS (SELECT FROM commissions c WHERE c.id = clawbacks.commission_id)
    OR commission_id IS NULL AND EXISTS (SELECT FROM ledger_transfers t WHERE t.id = clawbacks.transfer_id));
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
