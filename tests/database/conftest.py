"""The lived network of the money's story, every other table filled too, for tests of the walls."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import asyncpg
import pytest

from tests.conftest import Databases, FreshDatabase
from tests.dashboards.conftest import Lived, lived
from tests.database import walled
from tests.database.more_rows import MORE
from tests.database.walled import Walled

__all__ = ["lived"]


@pytest.fixture(scope="module")
def full(databases: Databases, lived: Lived) -> Iterator[str]:
    """A database in which no table is empty."""
    name = f"full_{uuid4().hex[:12]}"
    asyncio.run(databases.execute(f"CREATE DATABASE {name} TEMPLATE {lived.database}"))
    asyncio.run(_fill(databases.url(name)))
    yield name
    asyncio.run(databases.drop(name))


async def _fill(url: str) -> None:
    owner: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(url)
    try:
        await owner.execute(MORE)
    finally:
        await owner.close()


@pytest.fixture
async def walls(databases: Databases, full: str) -> AsyncIterator[Walled]:
    """The full network in a database of the test's own, looked at by the web role."""
    name = f"walls_{uuid4().hex[:12]}"
    await databases.execute(f"CREATE DATABASE {name} TEMPLATE {full}")
    try:
        async with walled.opened(FreshDatabase(databases, name)) as network:
            yield network
    finally:
        await databases.drop(name)
