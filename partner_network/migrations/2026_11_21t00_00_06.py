from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_21t00_00_06"
VERSION = "1.38.0"
DESCRIPTION = "The queue of jobs, in the same database as the facts that cause them."

GRANTS = """
GRANT SELECT, INSERT ON pgqueuer, pgqueuer_log TO partner_network_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON pgqueuer, pgqueuer_log, pgqueuer_statistics, pgqueuer_schedules
    TO partner_network_worker;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO partner_network_web, partner_network_worker;
"""


async def forwards() -> MigrationManager:
    install = QueryBuilderEnvironment().build_install_query()
    return migration.from_sql(ID, install + GRANTS, description=DESCRIPTION)
