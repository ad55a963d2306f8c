from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_23t01_00_00"
VERSION = "1.38.0"
DESCRIPTION = "An adjustment may be of a bonus; a clawback tells an undone refund from a refund."

SQL = """
-- Of a bonus: in the period of its order, by the bonus of that order's terms.
ALTER TABLE adjustments ADD COLUMN bonus text CHECK (length(bonus) BETWEEN 1 AND 200),
    ADD CONSTRAINT adjusts_one_thing CHECK (component IS NULL OR bonus IS NULL);

ALTER TABLE clawbacks DROP CONSTRAINT clawbacks_cause_check,
    ADD CONSTRAINT clawbacks_cause_check CHECK (cause IN ('refund', 'refund elsewhere', 'refund undone',
        'adjustment', 'late order', 'attribution', 'terms'));
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
