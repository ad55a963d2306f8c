from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_23t21_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Prepaid money that was given back may come back, when a bank does not take it."

SQL = """
ALTER TABLE prepaid_returns
    -- it stays booked as given back; a movement books that it is prepaid again
    ADD COLUMN came_back_at timestamptz,
    ADD CONSTRAINT came_back_once_given CHECK (came_back_at IS NULL OR status = 'accepted');
GRANT UPDATE (came_back_at) ON prepaid_returns TO partner_network_worker;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
