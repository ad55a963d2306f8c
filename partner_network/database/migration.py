"""Migrations are SQL, run one process at a time in the order of their names."""

import contextlib
import io
import os
from pathlib import Path

import asyncpg
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager

from partner_network.database import connections, numbering

APP_NAME = "partner_network"
FOLDER = Path(__file__).parent.parent / "migrations"
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


def known() -> list[str]:
    """Return the names of all migrations of this version, in their order."""
    return sorted(path.stem for path in FOLDER.glob("2*.py"))


async def run_in(connection: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    """Return the names of the migrations that a database has seen, in their order."""
    if await connection.fetchval("SELECT to_regclass('public.migration') IS NULL"):
        return []
    rows = await connection.fetch("SELECT name FROM migration WHERE app_name = $1 ORDER BY name", APP_NAME)
    return [row["name"] for row in rows]


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
        if result.success:
            await numbering.count_on(lock)  # where somebody restored a dump by hand
    finally:
        await lock.close()
    if not result.success:
        raise RuntimeError(f"the database could not be brought up to date: {result.message}")
