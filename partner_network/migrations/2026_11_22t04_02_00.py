from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t04_02_00"
VERSION = "1.38.0"
DESCRIPTION = "Links that a machine made: by which key."

SQL = """
ALTER TABLE links
    ALTER COLUMN created_by DROP NOT NULL,
    ADD COLUMN created_by_key uuid REFERENCES api_keys,
    ADD CONSTRAINT links_have_a_maker CHECK (num_nonnulls(created_by, created_by_key) = 1);
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
