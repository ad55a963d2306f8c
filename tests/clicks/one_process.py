"""The redirect in a web process of its own, which a test may kill."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Self

import httpx
from litestar import Litestar

from partner_network import settings as settings_module
from partner_network.clicks import web
from partner_network.clicks.actions.ask import USUAL_PATIENCE
from partner_network.clicks.actions.record import ClickRecorder
from partner_network.gateways import clock
from partner_network.links.memory import LinkMemory
from tests.clicks.served import CHROME, PATIENT
from tests.links.cast import SECRET, Network

ROOT = Path(__file__).parents[2]
START_TRIES = 600


def create_app() -> Litestar:
    """Build the app of the process from its environment."""
    settings = settings_module.from_environment()
    url = settings.role_urls["redirect"]
    role = os.environ.get("TAKE_ON_ROLE")
    patience = PATIENT if "PATIENT" in os.environ else USUAL_PATIENCE
    recorder = ClickRecorder(
        url, role=role, spool_folder=settings.spool_folder, sandbox=settings.sandbox, patience=patience
    )
    links = LinkMemory(url, role=role, answer_s=patience.answer_s)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncGenerator[None]:
        clock.use_simulated_time(sandbox=settings.sandbox)
        await links.start()
        await recorder.start()
        yield
        await recorder.close()
        await links.close()

    lifespans: list[Callable[[Litestar], AbstractAsyncContextManager[None]]] = [lifespan]
    app = Litestar([], lifespan=lifespans)
    app.asgi_handler = web.redirect_before(app.asgi_handler, recorder, links, settings)
    return app


class WebProcess:
    """A granian of our own, with one worker, that answers on loopback."""

    def __init__(self, network: Network, *, is_patient: bool = True) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port: int = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self._port}"
        self._environment = os.environ | {
            "PARTNER_NETWORK_SECRET_KEY": SECRET,
            "PARTNER_NETWORK_DATA": str(network.settings.data_folder),
            "REDIRECT_DATABASE_URL": network.redirect_url,
        }
        if is_patient:
            self._environment["PATIENT"] = "yes"
        if network.redirect_url == network.url:
            self._environment["TAKE_ON_ROLE"] = "partner_network_redirect"

    async def __aenter__(self) -> Self:
        argv = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--no-ws"]
        argv += ["--port", str(self._port), "--workers-kill-timeout", "10", "--log-level", "warning"]
        self._process = subprocess.Popen(  # noqa: ASYNC220, S603 -- our own words; it starts while we wait
            [*argv, "tests.clicks.one_process:create_app"],
            cwd=ROOT,
            env=self._environment,
            start_new_session=True,
        )
        async with httpx.AsyncClient() as browser:
            for _ in range(START_TRIES):
                try:
                    await browser.get(f"{self.address}/l/")
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                else:
                    return self
        self.kill()
        raise TimeoutError("the web process does not answer")

    async def __aexit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """End server and worker at once, without a word."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    async def stop(self) -> None:
        """Ask it to stop, as a deployment does, and wait until it has."""
        self._process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(self._process.wait, 30)

    async def click(self, browser: httpx.AsyncClient, token: str) -> str | None:
        """Follow a link; return the click's id as it was answered, none when there was no answer."""
        try:
            answer = await browser.get(f"{self.address}/l/{token}", headers={"user-agent": CHROME})
        except httpx.TransportError:
            return None
        return answer.headers["location"].rpartition("=")[2]
