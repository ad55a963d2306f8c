from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t00_03_01"
VERSION = "1.38.0"
DESCRIPTION = "The back office may put a failed job back into the queue."

SQL = """
GRANT UPDATE (status, execute_after, updated, attempts, queue_manager_id) ON pgqueuer TO partner_network_web;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
