from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_21t00_01_01"
VERSION = "1.38.0"
DESCRIPTION = "The salt of the day, under which visitors are recognised and which is then destroyed."

SQL = """
-- UNLOGGED keeps salts out of the write-ahead log and so out of every backup and replica; a crash of the
-- server empties the table, and the rest of that day goes on under a new salt.
CREATE UNLOGGED TABLE visitor_salts (
    day date PRIMARY KEY,
    salt bytea NOT NULL CHECK (length(salt) = 32)
) WITH (
    -- a deleted salt must leave the disk too: one dead row is enough for the next vacuum
    autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0
);

REVOKE ALL ON visitor_salts FROM partner_network_web, partner_network_worker;
GRANT SELECT, INSERT, DELETE ON visitor_salts TO partner_network_redirect;
GRANT SELECT (day), DELETE ON visitor_salts TO partner_network_worker;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
