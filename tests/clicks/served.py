"""One process's redirect, served inside the test."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
import msgspec
from litestar import Litestar, get
from litestar.params import FromPath

from partner_network.clicks import web
from partner_network.clicks.actions.ask import Patience
from partner_network.clicks.actions.record import ClickRecorder
from partner_network.gateways import clock
from partner_network.links.memory import LinkMemory
from tests.links.cast import Network

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36"

PATIENT = Patience(answer_s=30, silent_for_s=0.2)
"""A busy machine must not look like a silent database, where a test is not about one."""


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


def parts(network: Network, *, patience: Patience = PATIENT) -> tuple[ClickRecorder, LinkMemory]:
    """Return what the redirect stands on, with the rights of its role and no more."""
    # Without a log-in of its own, the role is taken on by the owner's connection.
    role = "partner_network_redirect" if network.redirect_url == network.url else None
    recorder = ClickRecorder(
        network.redirect_url,
        role=role,
        spool_folder=network.settings.spool_folder,
        sandbox=network.settings.sandbox,
        patience=patience,
    )
    return recorder, LinkMemory(network.redirect_url, role=role, answer_s=patience.answer_s)


@asynccontextmanager
async def serving(network: Network, *, patience: Patience = PATIENT) -> AsyncGenerator[Redirect]:
    """Serve the redirect as one process does."""
    recorder, links = parts(network, patience=patience)
    app = Litestar([neighbour])
    app.asgi_handler = web.redirect_before(app.asgi_handler, recorder, links, network.settings)
    transport = httpx.ASGITransport(app=cast("Any", app), client=("203.0.113.77", 4711))
    clock.use_simulated_time(sandbox=network.settings.sandbox)
    await links.start()
    await recorder.start()
    async with httpx.AsyncClient(transport=transport, base_url=network.settings.base_url) as browser:
        yield Redirect(browser, recorder, links)
    await recorder.close()
    await links.close()
    clock.use_simulated_time(sandbox=False)


async def eventually(claim: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the claim holds; a hang is a failure."""
    async with asyncio.timeout(30):
        while not await claim():  # noqa: ASYNC110 -- another process makes it true
            await asyncio.sleep(0.02)
