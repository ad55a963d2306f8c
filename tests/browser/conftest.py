"""The lived network behind a real server, and the distribution's Chromium in front of it."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, sync_playwright

from partner_network import app
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.pdf import Renderer
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.identity import passwords
from partner_network.identity.actions import people
from partner_network.kernel import ids
from partner_network.sandbox.stripe_simulator import process
from partner_network.settings import Settings
from partner_network.statements import jobs as statements
from partner_network.statements.document_queries import Issuer
from partner_network.statements.rules import RenderStatement
from tests import builders
from tests.browser.watching import Watched
from tests.builders import RADIO, at
from tests.conftest import Databases
from tests.dashboards import story
from tests.doors import OPERATOR, PASSWORD

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RENDERED = "TUNE-HOUSE-NIGHT-RADIO-2026-02-USD"
START_TRIES = 600
FINANCE = ("pia", "art", "uma")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in front of which a browser sits is slow."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.slow)


class Served(msgspec.Struct, frozen=True):
    """Where the pages are, and the database behind them."""

    address: str
    database_url: str


@pytest.fixture(scope="session")
def served(databases: Databases, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Build the network once, and serve it for all browser tests."""
    name = f"browser_{uuid4().hex[:12]}"
    folder = tmp_path_factory.mktemp("served")
    asyncio.run(databases.execute(f"CREATE DATABASE {name} TEMPLATE {template}"))
    with process.running(folder / "stripe.sqlite") as stripe_address:
        settings = _settings(databases.url(name), folder, stripe_address)
        asyncio.run(_live(settings))
        with _web(settings, databases, name):
            yield Served(settings.base_url, databases.url(name))
    asyncio.run(databases.drop(name))


@pytest.fixture(scope="session")
def named(databases: Databases, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve the pages under a name, where browsers make passkeys, to people of finance."""
    name = f"browser_{uuid4().hex[:12]}"
    asyncio.run(databases.execute(f"CREATE DATABASE {name} TEMPLATE {template}"))
    settings = _settings(databases.url(name), tmp_path_factory.mktemp("named"), "http://127.0.0.1:1")
    port = settings.base_url.rpartition(":")[2]
    settings = msgspec.structs.replace(settings, base_url=f"http://localhost:{port}")
    asyncio.run(_hire(settings))
    with _web(settings, databases, name):
        yield Served(settings.base_url, databases.url(name))
    asyncio.run(databases.drop(name))


async def _hire(settings: Settings) -> None:
    await connections.open_pool(settings.database_url or "")
    try:
        for person in FINANCE:
            await people.create_operator_member(
                person.title(), f"{person}@network.test", PASSWORD, ("finance",)
            )
    finally:
        await connections.close_pool()


def _settings(url: str, folder: Path, stripe_address: str) -> Settings:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return Settings(
        database_url=url,
        role_urls={},
        data_folder=folder,
        base_url=f"http://127.0.0.1:{port}",
        secret_key=b"s" * 32,
        sandbox=True,
        stripe_secret_key="sk_test_x",
        stripe_webhook_secret="whsec_x",
        stripe_api_base=stripe_address,
        s3_bucket=None,
        s3_endpoint_url=None,
        country_header=None,
        operator=OPERATOR,
    )


async def _live(settings: Settings) -> None:
    await connections.open_pool(settings.database_url or "")
    clock.use_simulated_time(sandbox=True)
    stripe = StripeConnect(
        secret_key=settings.stripe_secret_key,
        api_base=settings.stripe_api_base,
        webhook_secret=settings.stripe_webhook_secret,
        sandbox=True,
    )
    try:
        await builders.set_clock(at(1, 1, 0))
        cast = await builders.open_network(stripe, settings.stripe_api_base or "")
        await story.live(cast)
        await _finish(settings)
    finally:
        await stripe.close()
        clock.use_simulated_time(sandbox=False)
        await connections.close_pool()


async def _finish(settings: Settings) -> None:
    """Give everybody a password and its pages what a worker would have made."""
    now = await clock.now()
    pool = connections.pool()
    await pool.execute("UPDATE members SET password_hash = $1", await passwords.hash_of(PASSWORD))
    await pool.execute(
        """INSERT INTO memberships (id, member_id, brand_id, role, created_at)
           SELECT $1, m.id, b.id, 'finance', $2 FROM members m, brands b
           WHERE m.email = 'olga@tune-house.test' AND b.slug = 'tune-house'""",
        ids.new_id(now),
        now,
    )
    statement_id = await pool.fetchval("SELECT id FROM statements WHERE number = $1", RENDERED)
    async with Renderer(processes=1) as renderer:
        files, issuer = app.file_store(settings), Issuer(OPERATOR.name, settings.base_url)
        await statements.render(renderer, files, issuer, RenderStatement(statement_id), now)


@contextmanager
def _web(settings: Settings, databases: Databases, database: str) -> Generator[None]:
    environment = os.environ | {
        "DATABASE_URL": settings.database_url or "",
        "PARTNER_NETWORK_SECRET_KEY": settings.secret_key.decode(),
        "PARTNER_NETWORK_SANDBOX": "on",
        "PARTNER_NETWORK_DATA": str(settings.data_folder),
        "PARTNER_NETWORK_BASE_URL": settings.base_url,
        "STRIPE_SECRET_KEY": settings.stripe_secret_key,
        "STRIPE_WEBHOOK_SECRET": settings.stripe_webhook_secret,
        "STRIPE_API_BASE": settings.stripe_api_base or "",
    }
    for role in ("web", "redirect"):
        if databases.url(database, role) != settings.database_url:
            environment[f"{role.upper()}_DATABASE_URL"] = databases.url(database, role)
    argv = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--no-ws"]
    argv += ["--port", settings.base_url.rpartition(":")[2], "--workers-kill-timeout", "5"]
    argv += ["--log-level", "warning", "partner_network.app:create_app_from_environment"]
    server = subprocess.Popen(argv, cwd=ROOT, env=environment, start_new_session=True)  # noqa: S603 -- our own words
    try:
        _wait_until_ready(settings.base_url, server)
        yield
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _wait_until_ready(address: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(START_TRIES):
        if server.poll() is not None:
            raise ChildProcessError(f"the web app ended with status {server.returncode}")
        try:
            if httpx.get(f"{address}/health/ready", trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise TimeoutError("the web app was not ready in time")


@pytest.fixture(scope="module")
def chromium(served: Served) -> Iterator[Chromium]:
    """One browser for the tests of a module; each has a context of its own.

    While it is open, Playwright's event loop runs in this thread and no other can: the network is served
    before it, and it is closed before any other module's tests.
    """
    del served
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def named_chromium(named: Served) -> Iterator[Chromium]:
    """One browser for the tests of a module in front of the pages under a name."""
    del named
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def home(named_chromium: Chromium, named: Served) -> Iterator[Watched]:
    """A person at a desk, where the network has a name."""
    yield from _watched(named_chromium.new_context(viewport={"width": 1280, "height": 900}), named)


@pytest.fixture
def pocket(named_chromium: Chromium, named: Served) -> Iterator[Watched]:
    """A person with a narrow telephone that runs no script, where the network has a name."""
    yield from _watched(
        named_chromium.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False), named
    )


@pytest.fixture
def desk(chromium: Chromium, served: Served) -> Iterator[Watched]:
    """A person at a desk."""
    yield from _watched(chromium.new_context(viewport={"width": 1280, "height": 900}), served)


@pytest.fixture
def phone(chromium: Chromium, served: Served) -> Iterator[Watched]:
    """A person with a narrow telephone."""
    yield from _watched(chromium.new_context(viewport={"width": 360, "height": 740}), served)


@pytest.fixture
def scriptless(chromium: Chromium, served: Served) -> Iterator[Watched]:
    """A person whose browser runs no script."""
    yield from _watched(
        chromium.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=False), served
    )


def _watched(context: BrowserContext, served: Served) -> Iterator[Watched]:
    context.set_default_timeout(30_000)
    yield Watched(context, served.address)
    context.close()


@pytest.fixture(scope="session")
def owner_of_radio() -> str:
    return f"olga@{RADIO}.test"
