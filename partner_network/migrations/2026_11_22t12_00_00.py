from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t12_00_00"
VERSION = "1.38.0"
DESCRIPTION = "What home pages and lists show first, found without reading all the rest."

SQL = """
CREATE INDEX commissions_by_time ON commissions (partnership_id, earned_at);
CREATE INDEX refunds_of_brand ON refunds (brand_id, id);
CREATE INDEX identifications_by_time ON identifications (recorded_at);
CREATE INDEX links_of_partner ON links (partner_id, created_at);
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
