from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t19_00_00"
VERSION = "1.38.0"
DESCRIPTION = (
    "How many of a partner's earlier customers stayed, measured once at each date and kept as a fact."
)

ME = "(SELECT looking_brand())"
MINE = f"(SELECT p.id FROM partnerships p WHERE p.advertiser_id = {ME} OR p.partner_id = {ME})"

SQL = f"""
CREATE TABLE quality_measures (
    partnership_id uuid NOT NULL REFERENCES partnerships,
    rule text NOT NULL CHECK (length(rule) BETWEEN 1 AND 100),
    measured_on date NOT NULL,
    customers bigint NOT NULL CHECK (customers >= 0),
    retained bigint NOT NULL CHECK (retained BETWEEN 0 AND customers),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (partnership_id, rule, measured_on)
);
CALL make_append_only('quality_measures');
CALL wall_off('quality_measures', $$partnership_id IN {MINE}$$, 'false');
GRANT SELECT ON quality_measures TO partner_network_web, partner_network_worker;
GRANT INSERT ON quality_measures TO partner_network_worker;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
