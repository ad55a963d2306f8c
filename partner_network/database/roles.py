"""The roles that processes take on: made where the server's administrator has not made them."""

import contextlib
from collections.abc import Collection

import asyncpg

ROLES = ("partner_network_web", "partner_network_redirect", "partner_network_worker")


async def ensure(connection: "asyncpg.Connection[asyncpg.Record]", names: Collection[str] = ROLES) -> None:
    """Make the roles that are missing, and let the owner take them on where it may.

    The first migration does the same; a dump grants rights to these roles, and so wants them before it.
    """
    for name in names:
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", name):
            await connection.execute(f"CREATE ROLE {name} NOLOGIN NOSUPERUSER NOBYPASSRLS")
        with contextlib.suppress(asyncpg.InsufficientPrivilegeError):  # they have log-ins of their own
            await connection.execute(f"GRANT {name} TO CURRENT_USER")
