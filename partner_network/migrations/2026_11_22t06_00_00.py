from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t06_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Counts of requests and attempts, which all web processes share."

SQL = """
-- Unlogged: a crash may empty it, and in return counting writes no log and waits for no disk. Half-full pages
-- let a count be rewritten in place.
CREATE UNLOGGED TABLE rate_limits (
    key bytea PRIMARY KEY CHECK (length(key) = 16),
    empty_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Keys are keyed hashes: no row can be told to be anybody's, so there is nobody to wall off from another.
CALL wall_off('rate_limits', 'true');
GRANT SELECT, INSERT, UPDATE, DELETE ON rate_limits TO partner_network_web;
GRANT SELECT, DELETE ON rate_limits TO partner_network_worker;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
