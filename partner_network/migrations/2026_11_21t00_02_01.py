from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_21t00_02_01"
VERSION = "1.38.0"
DESCRIPTION = "Who an agreement names, as it named them: companies move and rename, signed texts do not."

SQL = """
CREATE TABLE agreement_parties (
    agreement_id uuid PRIMARY KEY REFERENCES agreements,
    parties jsonb NOT NULL
);
CALL make_append_only('agreement_parties');
GRANT SELECT ON agreement_parties TO partner_network_web, partner_network_worker;
GRANT INSERT ON agreement_parties TO partner_network_web;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
