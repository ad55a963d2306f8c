from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t09_00_00"
VERSION = "1.38.0"
DESCRIPTION = (
    "The language that a person is spoken to in, and the one in which a brand speaks to its customers."
)

SQL = """
-- Whoever has not chosen is answered in what their browser likes best.
ALTER TABLE members
    ADD COLUMN language text CHECK (language IN ('en', 'de')),
    ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC' CHECK (time_zone ~ '^[A-Za-z0-9_+/-]{1,64}$');
ALTER TABLE brands ADD COLUMN customer_language text NOT NULL DEFAULT 'en' CHECK (customer_language IN ('en', 'de'));

GRANT SELECT (language, time_zone) ON members TO partner_network_worker;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
