"""The product's own door for what Stripe tells, at an address that the simulator's postman finds."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import msgspec
from litestar import Litestar
from litestar.di import Provide

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.identity.web import problems
from partner_network.payouts import jobs as payouts
from partner_network.payouts import rules
from partner_network.payouts.web import hear_stripe
from tests.payouts.conftest import Sale

PATIENCE_S = 20.0
KEY = {"authorization": "Bearer sk_test_sale"}
_JOBS: Mapping[str, tuple[type[Any], Callable[..., Any]]] = {
    rules.READ_FUNDING: (rules.ReadFunding, payouts.read_funding),
    rules.READ_INVOICE: (rules.HeardEvent, payouts.read_invoice),
    rules.READ_MOVEMENTS: (rules.HeardEvent, payouts.read_movements),
    rules.READ_ACCOUNT: (rules.HeardEvent, payouts.read_account),
    rules.READ_BANK_PAYOUT: (rules.HeardBankPayout, payouts.read_bank_payout),
}


class Doorstep:
    """Where the postman rings: what it brings goes through the door, and its answers are kept."""

    def __init__(self, sale: Sale, door: httpx.AsyncClient, secret: str) -> None:
        self.answers: list[int] = []
        self.secret = secret
        self._rung = asyncio.Event()
        self._sale = sale
        self._door = door
        self._loop = asyncio.get_running_loop()

    def ring(self, body: bytes, signature: str) -> int:
        """Bring one letter from another thread; return the status that the sender gets."""
        ringing = asyncio.run_coroutine_threadsafe(self.bring(body, signature), self._loop)
        return ringing.result(PATIENCE_S)

    async def bring(self, body: bytes, signature: str) -> int:
        """Bring one letter to the door."""
        answer = await self._door.post(
            "/stripe/webhooks", content=body, headers={"stripe-signature": signature}
        )
        self.answers.append(answer.status_code)
        self._rung.set()
        return answer.status_code

    async def heard(self, wanted: int) -> None:
        """Wait until the postman has rung so often."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.answers) < wanted:
                self._rung.clear()
                await self._rung.wait()

    async def work(self) -> int:
        """Do the jobs that wait, as the worker does, until none is left; return how many there were."""
        done = 0
        while True:
            async with connections.transaction() as connection:
                rows = await connection.fetch(
                    """DELETE FROM pgqueuer WHERE entrypoint = ANY($1::text[])
                       RETURNING id, entrypoint, payload""",
                    list(_JOBS),
                )
            if not rows:
                return done
            for row in sorted(rows, key=lambda one: one["id"]):
                kind, verb = _JOBS[row["entrypoint"]]
                job = msgspec.json.decode(row["payload"], type=kind)
                await verb(self._sale.stripe, job, await clock.now())
                done += 1


@asynccontextmanager
async def doorstep(sale: Sale, *kinds: str, thin: bool = False) -> AsyncGenerator[Doorstep]:
    """Open the door, and have the simulator tell it of these kinds of events."""
    known: dict[str, Doorstep] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(known["step"].ring(body, self.headers["Stripe-Signature"]))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/stripe"
    secret = await _subscribed(sale, address, kinds, thin=thin)
    stripe = StripeConnect(
        secret_key="sk_test_sale", api_base=sale.stripe_address, webhook_secret=secret, sandbox=True
    )
    app = Litestar(
        [hear_stripe],
        dependencies={"stripe": Provide(lambda: stripe, sync_to_thread=False)},
        exception_handlers=problems.HANDLERS,
    )
    try:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # pyright: ignore[reportArgumentType]  # two typings of ASGI
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as door:
            known["step"] = Doorstep(sale, door, secret)
            yield known["step"]
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        await stripe.close()


async def _subscribed(sale: Sale, address: str, kinds: tuple[str, ...], *, thin: bool) -> str:
    async with httpx.AsyncClient(base_url=sale.stripe_address, headers=KEY) as client:
        if thin:
            body: dict[str, object] = {
                "name": "ours",
                "type": "webhook_endpoint",
                "event_payload": "thin",
                "enabled_events": list(kinds),
                "webhook_endpoint": {"url": address},
                "include": ["webhook_endpoint.signing_secret"],
            }
            answer = await client.post("/v2/core/event_destinations", json=body)
            return answer.raise_for_status().json()["webhook_endpoint"]["signing_secret"]
        heard = {f"enabled_events[{place}]": kind for place, kind in enumerate(kinds)}
        answer = await client.post("/v1/webhook_endpoints", data={"url": address} | heard)
        return answer.raise_for_status().json()["secret"]
