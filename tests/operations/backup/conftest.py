"""A network that lived four months, and another machine's PostgreSQL to restore it into."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from partner_network.database import connections
from partner_network.database.embedded_server import EmbeddedServer
from partner_network.gateways import clock
from partner_network.gateways.file_store.local import LocalFileStore
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.identity.actions import seal
from partner_network.operations.backup import save
from partner_network.operations.backup.archive import Manifest
from partner_network.sandbox.stripe_simulator import process
from partner_network.settings import Settings
from tests import builders, doors
from tests.builders import Cast, at
from tests.conftest import Databases, FreshDatabase
from tests.dashboards import story

FILES = {
    "agreements/agr_1/signed.pdf": b"%PDF-1.7 signed",
    "statements/stm_1.csv": b"",
    f"creatives/{'a-long-name/' * 20}banner.png": bytes(range(256)) * 5_000,
}


class Lived(msgspec.Struct, frozen=True, kw_only=True):
    """The installation that is backed up, and who lived in it."""

    settings: Settings
    cast: Cast
    backup: Path
    manifest: Manifest


@pytest.fixture(scope="module")
def lived(databases: Databases, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder = tmp_path_factory.mktemp("lived")
    name = f"lived_{uuid4().hex[:12]}"
    asyncio.run(databases.execute(f"CREATE DATABASE {name} TEMPLATE {template}"))
    database = FreshDatabase(databases, name)
    settings = doors.settings(database, folder / "data", sandbox=True)
    with process.running(folder / "stripe.sqlite") as address:
        settings = msgspec.structs.replace(settings, stripe_api_base=address)
        cast = asyncio.run(_live(settings, database))
        backup, manifest = asyncio.run(save.save(settings, folder))
        yield Lived(settings=settings, cast=cast, backup=backup, manifest=manifest)
        asyncio.run(cast.stripe.close())
    asyncio.run(databases.drop(name))


async def _live(settings: Settings, database: FreshDatabase) -> Cast:
    store = LocalFileStore(settings.files_folder, "http://127.0.0.1/files", settings.secret_key)
    for key, content in FILES.items():
        await store.put(key, content, "application/pdf")
    (settings.files_folder / "files" / ".half-written").write_bytes(b"never told to anybody")
    await connections.open_pool(database.url())
    clock.use_simulated_time(sandbox=True)
    stripe = stripe_of(settings)
    try:
        await builders.set_clock(at(1, 1, 0))
        cast = await builders.open_network(stripe, settings.stripe_api_base or "")
        await story.live(cast)
        await seal.seal_now()
        await connections.pool().execute(
            "INSERT INTO visitor_salts (day, salt) VALUES (current_date, sha256('x'))"
        )
        await connections.pool().execute(
            """INSERT INTO sessions (token_hash, member_id, csrf_token, created_at, last_seen_at, expires_at)
               SELECT sha256('token'), id, 'x', now(), now(), now() + interval '12 hours'
               FROM members LIMIT 1"""
        )
    finally:
        await stripe.close()
        clock.use_simulated_time(sandbox=False)
        await connections.close_pool()
    return cast


def stripe_of(settings: Settings) -> StripeConnect:
    return StripeConnect(
        secret_key=settings.stripe_secret_key,
        api_base=settings.stripe_api_base,
        webhook_secret=settings.stripe_webhook_secret,
        sandbox=True,
    )


@contextmanager
def _server() -> Generator[Databases]:
    assert "DATABASE_URL" not in os.environ, "its owner would have another name than the embedded server's"
    folder = Path(tempfile.mkdtemp(prefix="pn-elsewhere-"))
    folder.chmod(0o711)
    with EmbeddedServer.start(folder / "postgres", durable=False) as server:
        yield Databases(server)
    shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def _home(server: Databases, lived: Lived, folder: Path) -> AsyncGenerator[Settings]:
    name = f"new_{uuid4().hex[:12]}"
    await server.execute(f"CREATE DATABASE {name}")
    database = FreshDatabase(server, name)
    settings = doors.settings(database, folder / "data", sandbox=True)
    yield msgspec.structs.replace(settings, stripe_api_base=lived.settings.stripe_api_base)
    await server.drop(name)


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[Databases]:
    """Another machine's server."""
    with _server() as server:
        yield server


@pytest.fixture
async def new_home(elsewhere: Databases, lived: Lived, tmp_path: Path) -> AsyncIterator[Settings]:
    """The same installation's settings on another machine, where nothing is yet."""
    async with _home(elsewhere, lived, tmp_path) as settings:
        yield settings


@pytest.fixture
async def young_home(lived: Lived, tmp_path: Path) -> AsyncIterator[Settings]:
    """The same on a server that was made just now and has counted few transactions."""
    with _server() as server:
        async with _home(server, lived, tmp_path) as settings:
            yield settings


async def owner_of(settings: Settings) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(settings.database_url)
