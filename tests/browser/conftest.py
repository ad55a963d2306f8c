"""The lived network behind a real server, and the distribution's Chromium in front of it."""

import asyncio
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import msgspec
import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, ViewportSize, sync_playwright

from partner_network.database import connections
from partner_network.identity.actions import people
from partner_network.sandbox.stripe_simulator import process
from partner_network.settings import Settings
from tests.browser import hard_data, lived
from tests.browser.lived import Served
from tests.browser.watching import Watched
from tests.builders import RADIO
from tests.conftest import Databases
from tests.doors import PASSWORD

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
FINANCE = ("pia", "art", "uma")
DESK = ViewportSize(width=1280, height=900)
TELEPHONE = ViewportSize(width=360, height=740)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in front of which a browser sits is slow."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.slow)


class Story(msgspec.Struct, frozen=True):
    """The database in which the network was lived, and the settings it was lived under."""

    name: str
    settings: Settings


@pytest.fixture(scope="session")
def told(databases: Databases, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Live the network once, for all browser tests; each server gets a copy of it."""
    name = f"browser_{uuid4().hex[:12]}"
    folder = tmp_path_factory.mktemp("served")
    asyncio.run(databases.execute(f"CREATE DATABASE {name} TEMPLATE {template}"))
    with process.running(folder / "stripe.sqlite") as stripe_address:
        settings = lived.settings_of(databases.url(name), folder, stripe_address)
        asyncio.run(lived.live(settings))
        yield Story(name, settings)
    asyncio.run(databases.drop(name))


@pytest.fixture(scope="session")
def served(databases: Databases, told: Story) -> Iterator[Served]:
    """Serve the lived network."""
    with _copied(databases, told) as served:
        yield served


@pytest.fixture(scope="module")
def spoilt(databases: Databases, told: Story) -> Iterator[Served]:
    """Serve a copy of the lived network that a module's tests may turn upside down."""
    with _copied(databases, told) as served:
        asyncio.run(hard_data.loosen(served.database_url))
        yield served


@contextmanager
def _copied(databases: Databases, told: Story) -> Generator[Served]:
    name = f"browser_{uuid4().hex[:12]}"
    asyncio.run(databases.execute(f"CREATE DATABASE {name} TEMPLATE {told.name}"))
    settings = msgspec.structs.replace(
        told.settings, database_url=databases.url(name), base_url=lived.free_address()
    )
    with lived.web(settings, databases, name):
        cookies = lived.move_in(settings.base_url)
        asyncio.run(lived.strengthen(databases.url(name)))
        yield Served(settings.base_url, databases.url(name), cookies)
    asyncio.run(databases.drop(name))


@pytest.fixture(scope="session")
def named(databases: Databases, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve the pages under a name, where browsers make passkeys, to people of finance."""
    name = f"browser_{uuid4().hex[:12]}"
    asyncio.run(databases.execute(f"CREATE DATABASE {name} TEMPLATE {template}"))
    settings = lived.settings_of(databases.url(name), tmp_path_factory.mktemp("named"), "http://127.0.0.1:1")
    port = settings.base_url.rpartition(":")[2]
    settings = msgspec.structs.replace(settings, base_url=f"http://localhost:{port}")
    asyncio.run(_hire(settings))
    with lived.web(settings, databases, name):
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


@contextmanager
def _browser() -> Generator[Chromium]:
    """Open a browser for the tests of a module; each has a context of its own.

    While it is open, Playwright's event loop runs in this thread and no other can: the network is served
    before it, and it is closed before any other module's tests.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def chromium(served: Served) -> Iterator[Chromium]:
    """One browser in front of the lived network."""
    del served
    with _browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def named_chromium(named: Served) -> Iterator[Chromium]:
    """One browser in front of the pages under a name."""
    del named
    with _browser() as browser:
        yield browser


Enter = Callable[..., Watched]
"""Opens a tab as one kind of person; options are those of a browser's context."""


@pytest.fixture
def enter(chromium: Chromium, served: Served) -> Iterator[Enter]:
    """Open tabs as the people of the network, signed in already."""
    with _entering(chromium, served) as opened:
        yield opened


@pytest.fixture
def enter_spoilt(spoilt: Served) -> Iterator[Enter]:
    """Open tabs as the people of the network that is hard to show."""
    with browsing(spoilt) as opened:
        yield opened


@contextmanager
def browsing(served: Served) -> Generator[Enter]:
    """Open a browser in front of a network, for one test alone."""
    with _browser() as browser, _entering(browser, served) as opened:
        yield opened


@contextmanager
def _entering(chromium: Chromium, served: Served) -> Generator[Enter]:
    contexts: list[BrowserContext] = []

    def opened(kind: str, **options: Any) -> Watched:
        chosen: dict[str, Any] = {"viewport": DESK, "locale": "en-US", "reduced_motion": "reduce", **options}
        context = chromium.new_context(**chosen)
        contexts.append(context)
        context.set_default_timeout(30_000)
        if kind in served.cookies:
            cookie = {"name": lived.COOKIE, "value": served.cookies[kind], "url": served.address}
            context.add_cookies([cast("Any", cookie)])
        return Watched(context, served.address)

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def home(named_chromium: Chromium, named: Served) -> Iterator[Watched]:
    """A person at a desk, where the network has a name."""
    yield from _watched(named_chromium.new_context(viewport=DESK), named)


@pytest.fixture
def pocket(named_chromium: Chromium, named: Served) -> Iterator[Watched]:
    """A person with a narrow telephone that runs no script, where the network has a name."""
    yield from _watched(named_chromium.new_context(viewport=TELEPHONE, java_script_enabled=False), named)


@pytest.fixture
def desk(chromium: Chromium, served: Served) -> Iterator[Watched]:
    """A person at a desk."""
    yield from _watched(chromium.new_context(viewport=DESK), served)


@pytest.fixture
def phone(chromium: Chromium, served: Served) -> Iterator[Watched]:
    """A person with a narrow telephone."""
    yield from _watched(chromium.new_context(viewport=TELEPHONE), served)


@pytest.fixture
def scriptless(chromium: Chromium, served: Served) -> Iterator[Watched]:
    """A person whose browser runs no script."""
    yield from _watched(chromium.new_context(viewport=DESK, java_script_enabled=False), served)


def _watched(context: BrowserContext, served: Served) -> Iterator[Watched]:
    context.set_default_timeout(30_000)
    yield Watched(context, served.address)
    context.close()


@pytest.fixture(scope="session")
def owner_of_radio() -> str:
    return f"olga@{RADIO}.test"
