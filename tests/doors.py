"""The web app behind its real doors, and the people who go through them."""

import asyncio
import functools
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.types import ControllerRouterHandler
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from partner_network import app as web_app
from partner_network.database import addresses, connections
from partner_network.gateways import clock
from partner_network.gateways.mailer import letters
from partner_network.gateways.mailer.letter import Letter
from partner_network.identity import passwords
from partner_network.identity.rules import credentials
from partner_network.kernel import ids
from partner_network.settings import Operator, Settings
from tests.conftest import FreshDatabase

PASSWORD = "correct horse battery staple"
OPERATOR = Operator(
    name="Encore",
    legal_name="Encore Network Inc.",
    address=("5 Stage Door", "New York, NY 10001", "USA"),
    governing_law="the State of New York",
    courts="the courts of New York County",
)
TERMS = """
[[commission.components]]
name = "sales"
event = "sale"
tiers = [{ from = 0, rate_ppm = 50_000 }, { from = 1_000_000, rate_ppm = 80_000 }]

[settlement]
currency = "USD"
time_zone = "America/New_York"
"""
POLICY = """
[program.attribution]
model = "last_click"
"""
BASE_URL = "http://127.0.0.1:8000"


# Argon2 at its cheapest: what a hash costs is not what tests of doors are about.
_HASHER = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)])


@functools.cache
def _password_hash() -> str:
    return _HASHER.hash(PASSWORD)


class Browser:
    """One person's client: keeps cookies and sends the CSRF token of its session."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def sign_in(self, email: str, password: str = PASSWORD) -> httpx.Response:
        answer = await self.client.post("/api/v1/sessions", json={"email": email, "password": password})
        if answer.is_success:
            self.client.headers["x-csrf-token"] = answer.json()["csrf_token"]
        return answer

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.client.get(path, **options)

    async def accepted(self, path: str, json: object = None, status: int = 201) -> Any:
        """Post, and return what the answer holds when it is the expected one."""
        answer = await self.client.post(path, json=json)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def post(self, path: str, json: object = None, **options: Any) -> httpx.Response:
        return await self.client.post(path, json=json, **options)


class Network:
    """A running web app on a fresh database, as the database's web role."""

    def __init__(
        self,
        app: Litestar,
        database: FreshDatabase,
        owner: "asyncpg.Connection[asyncpg.Record]",
        stack: AsyncExitStack,
    ) -> None:
        self.app = app
        self.database = database
        self.owner = owner
        self._stack = stack

    @asynccontextmanager
    async def as_worker(self) -> AsyncGenerator[None]:
        """Give this process the rights of the worker for a while, and none of the web app's."""
        address = addresses.address_for(settings(self.database, Path()), "worker")
        await connections.close_pool()
        await connections.open_pool(address.url, role=address.role)
        try:
            yield
        finally:
            await connections.close_pool()
            address = addresses.address_for(settings(self.database, Path()), "web")
            await connections.open_pool(address.url, role=address.role)

    async def browser(self, address: str = "127.0.0.1") -> Browser:
        transport = httpx.ASGITransport(
            app=cast("Any", self.app), raise_app_exceptions=False, client=(address, 4711)
        )
        client = httpx.AsyncClient(transport=transport, base_url=BASE_URL)
        return Browser(await self._stack.enter_async_context(client))

    async def signed_in(self, email: str, *, has_given_factor: bool = True) -> Browser:
        browser = await self.browser()
        assert (await browser.sign_in(email)).status_code == 201
        if has_given_factor:
            await self.strengthen(browser)
        return browser

    async def letters(self, kind: str) -> list[Letter]:
        """Open the letters of a kind that wait to be sent, the newest last."""
        rows = await self.owner.fetch(
            "SELECT sealed FROM letters WHERE kind = $1 AND sealed IS NOT NULL ORDER BY id", kind
        )
        keyring = settings(self.database, Path()).keyring
        opened = [keyring.open(letters.SEALED_FOR, row["sealed"]) for row in rows]
        return [msgspec.json.decode(one, type=Letter) for one in opened]

    async def token_in_letter(self, kind: str, to: str) -> str:
        """Return the token of the link in somebody's newest letter of a kind."""
        text = [letter.text for letter in await self.letters(kind) if letter.to == to][-1]
        return next(line for line in text.splitlines() if line.startswith(BASE_URL)).rpartition("/")[2]

    async def strengthen(self, browser: Browser) -> None:
        """Let a session count as one that a second factor proved; tests/identity goes through those doors."""
        token = next(
            cookie.value for cookie in browser.client.cookies.jar if cookie.name == "partner_network"
        )
        await self.owner.execute(
            "UPDATE sessions SET factor_given_at = now() WHERE token_hash = $1",
            credentials.hash_of(token or ""),
        )

    async def brand(self, slug: str) -> UUID:
        brand_id = ids.new_id(clock.wall_now())
        await self.owner.execute(
            """INSERT INTO brands (id, slug, name, legal_name, address, country, created_at)
               VALUES ($1, $2, $3, $4, '1 Main Street', 'US', now())""",
            brand_id,
            slug,
            slug.title(),
            f"{slug.title()} Inc.",
        )
        return brand_id

    async def person(self, email: str, brand_id: UUID | None, roles: Sequence[str]) -> UUID:
        known = await self.owner.fetchval("SELECT id FROM members WHERE email = $1", email)
        member_id = known or ids.new_id(clock.wall_now())
        if known is None:
            await self.owner.execute(
                """INSERT INTO members (id, email, name, password_hash, created_at)
                   VALUES ($1, $2, $3, $4, now())""",
                member_id,
                email,
                email.partition("@")[0].title(),
                _password_hash(),
            )
        for role in roles:
            await self.owner.execute(
                """INSERT INTO memberships (id, member_id, brand_id, role, created_at)
                   VALUES ($1, $2, $3, $4, clock_timestamp())""",
                ids.new_id(clock.wall_now()),
                member_id,
                brand_id,
                role,
            )
        return member_id


def settings(database: FreshDatabase, folder: Path, *, sandbox: bool = False) -> Settings:
    """The settings of a test's own installation."""
    return Settings(
        database_url=database.url(),
        role_urls={
            role: database.url(role)
            for role in ("web", "redirect", "worker")
            if database.url(role) != database.url()
        },
        data_folder=folder,
        base_url=BASE_URL,
        secret_key=b"s" * 32,
        sandbox=sandbox,
        stripe_secret_key="sk_test_x",
        stripe_webhook_secret="whsec_x",
        stripe_api_base="http://127.0.0.1:1",
        s3_bucket=None,
        s3_endpoint_url=None,
        country_header=None,
        operator=OPERATOR,
    )


@asynccontextmanager
async def _running(app: Litestar) -> AsyncGenerator[None]:
    """Run the app's lifespan in one task, as it demands; a fixture's two halves are two."""
    is_up, stop = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            is_up.set()
            await stop.wait()

    task = asyncio.create_task(live())
    waiting = asyncio.create_task(is_up.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        if not task.done():
            yield
    finally:
        stop.set()
        await task


@asynccontextmanager
async def serving(
    database: FreshDatabase,
    folder: Path,
    *,
    sandbox: bool = False,
    routes: tuple[ControllerRouterHandler, ...] = (),
) -> AsyncGenerator[Network]:
    """Serve the web app on a database, with the web role's rights only."""
    await connections.close_pool()  # the app opens its own
    app = web_app.create_app(settings(database, folder, sandbox=sandbox), routes=routes)
    async with AsyncExitStack() as stack:
        owner = await database.connect("owner")
        stack.push_async_callback(owner.close)
        await stack.enter_async_context(_running(app))
        yield Network(app, database, owner, stack)


@pytest.fixture
async def network(
    database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncIterator[Network]:
    """The web app on a fresh database, with the fixture `more_routes` where a test module has one."""
    monkeypatch.setattr(passwords, "_hasher", _HASHER)
    has_more = "more_routes" in request.fixturenames
    routes = request.getfixturevalue("more_routes") if has_more else ()
    async with serving(database, tmp_path, routes=routes) as served:
        yield served
