"""The first day of an installation: its tables, its first admin, and the keys to put into its settings."""

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
import msgspec

from partner_network.database import addresses, connections, migration
from partner_network.identity.actions import people
from partner_network.identity.rules import credentials
from partner_network.kernel.errors import ConflictError
from partner_network.settings import Settings

KEY_BYTES = 48
LOCK = 7_301_975_202  # any number of our own; of two beginnings at once, the second finds an admin


class FirstAdmin(msgspec.Struct, frozen=True):
    """Who will let all others in; found fit before anything is done."""

    name: str
    email: str
    password: str

    def __post_init__(self) -> None:
        """Refuse what could not sign in later."""
        credentials.must_be_name(self.name)
        credentials.email_of(self.email)
        credentials.must_be_password(self.password)


def fresh_keys() -> str:
    """Make the secrets of a new installation, as lines for its `.env`."""
    return (
        f"PARTNER_NETWORK_SECRET_KEY={secrets.token_urlsafe(KEY_BYTES)}\n"
        f"PARTNER_NETWORK_METRICS_TOKEN={secrets.token_urlsafe(KEY_BYTES)}"
    )


async def must_be_possible(settings: Settings) -> None:
    """Refuse before anybody is asked for a password."""
    async with _connected(addresses.address_for(settings, "owner").url) as connection:
        await must_be_new(connection)


async def begin(settings: Settings, admin: FirstAdmin) -> None:
    """Make the tables and the first admin. Errors: ConflictError when there is an admin already."""
    url = addresses.address_for(settings, "owner").url
    async with _connected(url) as connection:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)  # until the connection closes
        await must_be_new(connection)
        await migration.migrate(url)
        await connections.open_pool(url, max_size=2)
        try:
            await people.create_operator_member(admin.name, admin.email, admin.password, ("admin",))
        finally:
            await connections.close_pool()


async def must_be_new(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Refuse an installation that has begun: whoever is there invites the others."""
    has_tables = await connection.fetchval("SELECT to_regclass('public.memberships') IS NOT NULL")
    if has_tables and await connection.fetchval(
        "SELECT EXISTS (SELECT FROM memberships WHERE brand_id IS NULL AND role = 'admin')"
    ):
        raise ConflictError(
            "This installation has an admin already, so nothing was changed; sign in and invite the others."
        )


@asynccontextmanager
async def _connected(url: str) -> AsyncGenerator["asyncpg.Connection[asyncpg.Record]"]:
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()
