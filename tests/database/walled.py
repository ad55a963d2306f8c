"""A lived network behind its walls: what the web sees with somebody's eyes, and what is there."""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from partner_network.database import connections
from partner_network.database.connections import Connection, Eyes
from tests.conftest import FreshDatabase
from tests.database.entitled import READABLE

WEB = "partner_network_web"
Rows = tuple[str, ...]


class Walled:
    """The network's database, with this process's pool open on it as the web role."""

    def __init__(
        self,
        database: FreshDatabase,
        owner: "asyncpg.Connection[asyncpg.Record]",
        brands: Mapping[str, UUID],
    ) -> None:
        self.database = database
        self.owner = owner
        self.brands = brands

    async def there(self, relation: str, condition: str = "true", brand_id: UUID | None = None) -> Rows:
        """The rows of a table or view for which a condition holds, each as text, whoever may see them."""
        if (columns := await self.columns(relation)) is None:
            return ()
        asked = re.sub(r"\$1", f"'{brand_id}'::uuid", condition)
        query = f"SELECT ROW({columns})::text AS row FROM {relation} t WHERE {asked} ORDER BY 1"
        return tuple(row["row"] for row in await self.owner.fetch(query))

    async def seen(self, connection: Connection, relation: str) -> Rows:
        """The rows of a table or view that the connection sees, in the columns that its role may read."""
        if (columns := await self.columns(relation)) is None:
            return ()
        rows = await connection.fetch(f"SELECT ROW({columns})::text AS row FROM {relation} t ORDER BY 1")
        return tuple(row["row"] for row in rows)

    async def columns(self, relation: str) -> str | None:
        """The columns that the web role may read."""
        return await self.owner.fetchval(
            """SELECT string_agg('t.' || quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
               WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped
                   AND has_column_privilege($2, attrelid, attnum, 'SELECT')""",
            relation,
            WEB,
        )

    async def seen_by(self, eyes: Eyes | None) -> dict[str, Rows]:
        """All rows of all tables and views that the web process sees with these eyes."""
        async with connections.transaction(eyes=eyes) as connection:
            return {relation: await self.seen(connection, relation) for relation in READABLE}

    async def entitled(self, brand_id: UUID) -> dict[str, Rows]:
        """All rows of all tables and views that a brand may read."""
        return {
            relation: await self.there(relation, f"coalesce({condition}, false)", brand_id)
            for relation, condition in READABLE.items()
        }


@asynccontextmanager
async def opened(database: FreshDatabase) -> AsyncGenerator[Walled]:
    """Open the pool as the web role, and a connection of the owner's beside it."""
    role = WEB if database.url("web") == database.url() else None
    await connections.close_pool()
    await connections.open_pool(database.url("web"), role=role, max_size=1)
    owner = await database.connect("owner")
    try:
        brands = {row["slug"]: row["id"] for row in await owner.fetch("SELECT id, slug FROM brands")}
        yield Walled(database, owner, brands)
    finally:
        await owner.close()
        await connections.close_pool()
