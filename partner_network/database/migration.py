"""Migrations are SQL, run one process at a time in the order of their names."""

import contextlib
import io
import os

import asyncpg
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager

from partner_network.database import connections

APP_NAME = "partner_network"
_LOCK = 7_301_975_201  # any number of our own; two deployments at once wait for each other


def from_sql(migration_id: str, sql: str, *, description: str) -> MigrationManager:
    """Make a migration of plain SQL: Piccolo knows no trigger, partition, range or composite key."""
    manager = MigrationManager(migration_id=migration_id, app_name=APP_NAME, description=description)

    async def run() -> None:
        current = connections.engine.current_transaction.get()
        if current is None:
            raise RuntimeError("a migration runs inside a transaction")
        await current.connection.execute(sql)

    manager.add_raw(run)
    return manager


async def migrate(owner_url: str) -> None:
    """Bring the database of ``owner_url`` up to date; a second process waits and finds nothing to do."""
    lock: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(owner_url)
    try:
        await lock.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await connections.open_pool(owner_url, max_size=2)
        try:
            os.environ.setdefault("PICCOLO_CONF", "partner_network.piccolo_conf")
            spoken = io.StringIO()
            with contextlib.redirect_stdout(spoken):
                result = await ForwardsMigrationManager(app_name=APP_NAME).run()
        finally:
            await connections.close_pool()
    finally:
        await lock.close()
    if not result.success:
        raise RuntimeError(f"the database could not be brought up to date: {result.message}")
