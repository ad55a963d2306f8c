from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t04_01_00"
VERSION = "1.38.0"
DESCRIPTION = "What machines with a test key report: kept for a while, beside everything that counts."

SQL = """
CREATE TABLE test_facts (
    id uuid PRIMARY KEY,
    brand_id uuid NOT NULL REFERENCES brands,
    kind text NOT NULL CHECK (kind IN ('conversion', 'refund', 'identification')),
    key text NOT NULL,
    program_id uuid REFERENCES programs,
    conversion_id uuid REFERENCES test_facts ON DELETE CASCADE,
    payload_hash bytea NOT NULL,
    body jsonb NOT NULL,
    recorded_at timestamptz NOT NULL,
    UNIQUE (brand_id, kind, key),
    CHECK ((kind = 'conversion') = (program_id IS NOT NULL)),
    CHECK ((kind = 'refund') = (conversion_id IS NOT NULL))
);
CREATE INDEX test_facts_by_age ON test_facts (recorded_at);
CREATE INDEX test_refunds_of_conversion ON test_facts (conversion_id) WHERE kind = 'refund';
CALL wall_off('test_facts', 'brand_id = (SELECT looking_brand())');
GRANT SELECT, INSERT, DELETE ON test_facts TO partner_network_web;
GRANT SELECT, DELETE ON test_facts TO partner_network_worker;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
