from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t01_03_01"
VERSION = "1.38.0"
DESCRIPTION = (
    "Whoever works for a brand may ask for jobs, and reads neither what jobs carry nor why they failed."
)

SQL = """
-- No policy here: adding a job returns its number, and who asks for a job of one brand looks at no other's.
REVOKE SELECT ON pgqueuer FROM partner_network_web;
DO $$
BEGIN
    EXECUTE (SELECT format('GRANT SELECT (%s) ON pgqueuer TO partner_network_web',
                           string_agg(quote_ident(attname), ', '))
             FROM pg_attribute WHERE attrelid = 'pgqueuer'::regclass AND attnum > 0 AND NOT attisdropped
                 AND attname NOT IN ('payload', 'headers'));
END $$;

-- A failure's last words may quote anybody's data: the operator alone reads them.
CALL wall_off('pgqueuer_log', 'false', added_when => 'true');
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
