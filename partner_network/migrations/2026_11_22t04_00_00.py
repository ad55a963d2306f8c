from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t04_00_00"
VERSION = "1.38.0"
DESCRIPTION = "API keys that end, follow one another and tell of their last use."

SQL = """
ALTER TABLE api_keys
    ADD COLUMN created_by uuid REFERENCES members,
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN replaced_by uuid UNIQUE REFERENCES api_keys CHECK (replaced_by <> id),
    ADD COLUMN last_used_at timestamptz,
    ADD COLUMN last_used_from text;
CREATE INDEX api_keys_of_brand ON api_keys (brand_id);
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
