"""One pool per process, shared by Piccolo and by set-based SQL; every transaction is opened here."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast
from uuid import UUID

import asyncpg
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]
else:
    from asyncpg.pool import PoolConnectionProxy as Connection  # generic in its stubs only
Isolation = Literal["read_committed", "repeatable_read", "serializable"]
Eyes: TypeAlias = UUID | Literal["operator", "doorkeeper"]
"""Whose eyes look: a brand's, the operator's that see every brand, or the doorkeeper's, which see only what
it takes to find out who somebody is."""


class _QuietEngine(PostgresEngine):
    """Piccolo's engine without the connection it opens when it is merely built."""

    async def check_version(self) -> None:
        """Leave the version to the server that we start, or to the operator's own."""

    async def prep_database(self) -> None:
        """Leave extensions to the migrations."""


class _OpenTransaction:
    """What Piccolo's queries look for, so that they run on our connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection


engine = _QuietEngine(config={})
_NOTICED_WITHIN_A_MINUTE = {
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}


async def open_pool(
    url: str, *, role: str | None = None, min_size: int = 1, max_size: int = 10, **options: Any
) -> None:
    """Connect this process to PostgreSQL, taking on ``role`` when the URL's own user is another."""
    if engine.pool is not None:
        raise RuntimeError("this process has a pool already; close it first")
    server_settings = {"timezone": "UTC", "application_name": f"partner-network {role or ''}".strip()}
    if role is not None:
        server_settings["role"] = role
    engine.config = {
        "dsn": url,
        "server_settings": server_settings,
        "min_size": min_size,
        "max_size": max_size,
        **options,
    }
    await engine.start_connection_pool()


async def close_pool() -> None:
    """Give all connections of this process back."""
    if engine.pool is not None:
        await engine.close_connection_pool()


def pool() -> "asyncpg.Pool[asyncpg.Record]":
    """Return this process's pool."""
    if engine.pool is None:
        raise RuntimeError("no pool is open; call open_pool() when the process starts")
    return engine.pool


@asynccontextmanager
async def transaction(
    *, eyes: Eyes | None = None, isolation: Isolation = "read_committed"
) -> AsyncGenerator[Connection]:
    """Open the one transaction of an action or a query, seen by Piccolo too.

    ``eyes`` is set for the transaction alone; the web role sees through no wall without it. A nested call is
    refused, since a silent join would let the inner work be rolled back by the outer.
    """
    if engine.current_transaction.get() is not None:
        raise RuntimeError("a transaction is open already; pass its connection on instead of nesting")
    async with pool().acquire() as connection, connection.transaction(isolation=isolation):
        if eyes is not None:
            await look(connection, eyes)
        opened = cast("PostgresTransaction", _OpenTransaction(connection))
        token = cast("Any", engine.current_transaction).set(opened)
        try:
            yield connection
        finally:
            engine.current_transaction.reset(token)


@asynccontextmanager
async def session() -> "AsyncGenerator[asyncpg.Connection[asyncpg.Record]]":
    """Connect beside the pool, for locks that outlive transactions and end with the session, however it ends.

    It takes nothing from the pool: whoever held one of its connections while waiting for another would stop
    everybody. A worker whose machine is gone is noticed within a minute.
    """
    settings = engine.config["server_settings"] | _NOTICED_WITHIN_A_MINUTE
    opened: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
        engine.config["dsn"], server_settings=settings
    )
    try:
        yield opened
    finally:
        await opened.close()


async def look(connection: Connection, eyes: Eyes) -> None:
    """Go on with these eyes until the transaction ends: the doorkeeper's, once it knows who it let in."""
    brand, other = (str(eyes), "") if isinstance(eyes, UUID) else ("", eyes)
    await connection.execute(
        "SELECT set_config('app.brand_id', $1, true), set_config('app.eyes', $2, true)", brand, other
    )


@asynccontextmanager
async def looking(connection: Connection, eyes: Eyes, *, then: Eyes) -> AsyncGenerator[None]:
    """Look with other eyes for one question whose answer a reader may have, though not the rows behind it."""
    await look(connection, eyes)
    try:
        yield
    finally:
        # After a failed statement nothing more is asked until the transaction ends, and its eyes with it.
        with suppress(asyncpg.InFailedSQLTransactionError):
            await look(connection, then)


async def lock_all(connection: Connection, *names: str) -> None:
    """Take named locks until the transaction ends, in one order for everybody, so that none deadlock."""
    for name in sorted(set(names)):
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)


async def lock_keeping_plans(connection: Connection, name: str) -> None:
    """Take a named lock as `lock_all` does, and plan each statement of this transaction once per connection.

    Work that comes in small pieces would be planned longer than done.
    """
    await connection.execute(
        """SELECT set_config('plan_cache_mode', 'force_generic_plan', true),
               pg_advisory_xact_lock(hashtextextended($1, 0))""",
        name,
    )
