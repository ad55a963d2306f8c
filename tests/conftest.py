"""A real PostgreSQL for every test that wants one: the embedded server, or the one of ``DATABASE_URL``."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from partner_network.database import connections, migration
from partner_network.database.embedded_server import EmbeddedServer

# A suite begun in the background of a shell ignores Ctrl-C, and whatever it starts would do so too.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Databases:
    """Makes fresh databases, each a copy of one migrated template."""

    def __init__(self, server: EmbeddedServer | None) -> None:
        self._server = server

    def url(self, database: str, role: str = "owner") -> str:
        if self._server is not None:
            return self._server.url(f"partner_network_{role}", database)
        parts = urlsplit(os.environ["DATABASE_URL"])
        return urlunsplit(parts._replace(path=f"/{database}"))

    async def execute(self, sql: str) -> None:
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(self.url("postgres"))
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    async def drop(self, name: str) -> None:
        # Without FORCE the server waits for connections that are just ending, and sends autovacuum away
        # itself; with it the owner may end only its own, so where autovacuum is at it again, we wait again.
        for _ in range(9):
            try:
                return await self.execute(f"DROP DATABASE {name}")
            except asyncpg.ObjectInUseError:
                with contextlib.suppress(asyncpg.InsufficientPrivilegeError):
                    return await self.execute(f"DROP DATABASE {name} WITH (FORCE)")
        return await self.execute(f"DROP DATABASE {name} WITH (FORCE)")


class FreshDatabase:
    """One test's own database; the process's pool is open on it as the owner."""

    def __init__(self, databases: Databases, name: str) -> None:
        self._databases = databases
        self.name = name

    def url(self, role: str = "owner") -> str:
        return self._databases.url(self.name, role)

    async def connect(self, role: str) -> "asyncpg.Connection[asyncpg.Record]":
        """Open a connection of its own that has the rights of ``role`` (web, redirect, worker, owner)."""
        server_settings = {} if role == "owner" else {"role": f"partner_network_{role}"}
        if self._databases.url(self.name, role) != self._databases.url(self.name):
            server_settings = {}
        return await asyncpg.connect(self.url(role), server_settings=server_settings)


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """The server that all tests share."""
    if "DATABASE_URL" in os.environ:
        yield Databases(None)
        return
    folder = Path(tempfile.mkdtemp(prefix="pn-tests-"))
    folder.chmod(0o711)
    with EmbeddedServer.start(folder / "postgres", durable=False) as server:
        yield Databases(server)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(databases: Databases) -> Iterator[str]:
    """A database with every migration run."""
    name = f"template_{uuid4().hex[:12]}"
    asyncio.run(databases.execute(f"CREATE DATABASE {name}"))
    asyncio.run(migration.migrate(databases.url(name)))
    yield name
    asyncio.run(databases.drop(name))


@pytest.fixture
async def database(databases: Databases, template: str) -> AsyncIterator[FreshDatabase]:
    """A fresh database, with this process's pool open on it."""
    name = f"test_{uuid4().hex[:12]}"
    await databases.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    fresh = FreshDatabase(databases, name)
    await connections.open_pool(fresh.url(), max_size=8)
    try:
        yield fresh
    finally:
        await connections.close_pool()
        await databases.drop(name)
