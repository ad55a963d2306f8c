"""A music shop, a coffee roaster that promotes it, and one live link."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import asyncpg
import httpx
import msgspec
from litestar import Litestar, get
from litestar.params import FromPath

from partner_network import settings as settings_module
from partner_network.clicks import web
from partner_network.clicks.actions.record import ClickRecorder
from partner_network.kernel import ids
from partner_network.links import rules
from partner_network.links.memory import LinkMemory
from partner_network.settings import Settings

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36"
SECRET = "a secret key of the tests, long enough"
MADE_AT = datetime(2026, 1, 2, tzinfo=UTC)


class Cast(msgspec.Struct, frozen=True):
    """Who plays in these tests."""

    shop: UUID
    roaster: UUID
    marketer: UUID
    program: UUID
    partnership: UUID


class Network(msgspec.Struct, frozen=True):
    """A database with the cast in it and what the redirect of one process needs."""

    url: str
    redirect_url: str
    cast: Cast
    settings: Settings

    async def fetch(self, sql: str, *values: object) -> list[asyncpg.Record]:
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(self.url)
        try:
            return await connection.fetch(sql, *values)
        finally:
            await connection.close()

    async def make_link(self, destination_url: str = "https://shop.example/cds?ref=1#top") -> str:
        token = rules.new_token(self.settings.secret_key)
        await self.fetch(
            """INSERT INTO links (id, token, partnership_id, program_id, advertiser_id, partner_id, name,
                   destination_url, created_by, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, 'Newsletter', $7, $8, $9)""",
            ids.new_id(MADE_AT), token, self.cast.partnership, self.cast.program, self.cast.shop,
            self.cast.roaster, destination_url, self.cast.marketer, MADE_AT,
        )  # fmt: skip
        return token


async def seed(url: str, redirect_url: str, spool_folder: Path, *, sandbox: bool = False) -> Network:
    """Put the cast into an empty database."""
    settings = settings_module.from_environment(
        {
            "PARTNER_NETWORK_SECRET_KEY": SECRET,
            "PARTNER_NETWORK_DATA": str(spool_folder),
            "PARTNER_NETWORK_SANDBOX": "on" if sandbox else "off",
            "PARTNER_NETWORK_BASE_URL": "https://go.example",
            "PARTNER_NETWORK_COUNTRY_HEADER": "CF-IPCountry",
        }
    )
    played = Cast(*(ids.new_id(MADE_AT) for _ in range(5)))
    network = Network(url, redirect_url, played, settings)
    for brand, slug in ((played.shop, "shop"), (played.roaster, "roaster")):
        await network.fetch(
            """INSERT INTO brands (id, slug, name, legal_name, address, country, created_at)
               VALUES ($1, $2, $2, $2, 'Example Street 1', 'DE', $3)""",
            brand, slug, MADE_AT,
        )  # fmt: skip
    await network.fetch(
        "INSERT INTO members VALUES ($1, 'marketer@roaster.example', 'Mia Marketer', 'none', $2)",
        played.marketer, MADE_AT,
    )  # fmt: skip
    await network.fetch(
        """INSERT INTO programs VALUES ($1, $2, 'cds', 'CDs', 'Music', 'https://shop.example/',
               '{shop.example,127.0.0.1}', $3)""",
        played.program, played.shop, MADE_AT,
    )  # fmt: skip
    await network.fetch(
        """INSERT INTO partnerships
               (id, program_id, advertiser_id, partner_id, status, created_at, active_from)
           VALUES ($1, $2, $3, $4, 'active', $5, $5)""",
        played.partnership, played.program, played.shop, played.roaster, MADE_AT,
    )  # fmt: skip
    return network


class Redirect(msgspec.Struct, frozen=True):
    """One process's redirect, being served."""

    browser: httpx.AsyncClient
    recorder: ClickRecorder
    links: LinkMemory

    async def click(self, token: str, query: str = "", **headers: str) -> httpx.Response:
        """Follow a link as a browser would."""
        sent = {"user-agent": CHROME} | {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.browser.get(f"/l/{token}{query}", headers=sent)


@get("/links/{number:int}", sync_to_thread=False)
def neighbour(number: FromPath[int]) -> str:
    """A page whose address begins as the redirect's does."""
    return f"page {number}"


@asynccontextmanager
async def serving(network: Network) -> AsyncGenerator[Redirect]:
    """Serve the redirect as one process does, with the rights of its role."""
    # Without a log-in of its own, the role is taken on by the owner's connection.
    role = "partner_network_redirect" if network.redirect_url == network.url else None
    recorder = ClickRecorder(
        network.redirect_url,
        role=role,
        spool_folder=network.settings.spool_folder,
        sandbox=network.settings.sandbox,
    )
    links = LinkMemory(network.redirect_url, role=role)

    app = Litestar([neighbour])
    app.asgi_handler = web.redirect_before(app.asgi_handler, recorder, links, network.settings)
    transport = httpx.ASGITransport(app=cast("Any", app), client=("203.0.113.77", 4711))
    await links.start()
    await recorder.start()
    async with httpx.AsyncClient(transport=transport, base_url=network.settings.base_url) as browser:
        yield Redirect(browser, recorder, links)
    await recorder.close()
    await links.close()


async def eventually(claim: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the claim holds; a hang is a failure."""
    async with asyncio.timeout(30):
        while not await claim():  # noqa: ASYNC110 -- another process makes it true
            await asyncio.sleep(0.02)
