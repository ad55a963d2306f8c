"""A lived network behind a real server: what there is to see, and who is there to see it."""

import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec
from PIL import Image

from partner_network import app
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.pdf import Renderer
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.identity import passwords
from partner_network.kernel import ids
from partner_network.settings import Settings
from partner_network.statements import jobs as statements
from partner_network.statements.document_queries import Issuer
from partner_network.statements.rules import RenderStatement
from tests import builders
from tests.browser.people import PEOPLE
from tests.builders import RADIO, SHOP, SMALL, WEEKLY, at
from tests.conftest import Databases
from tests.dashboards import story
from tests.doors import OPERATOR, PASSWORD, TERMS

ROOT = Path(__file__).parents[2]
RENDERED = "TUNE-HOUSE-NIGHT-RADIO-2026-02-USD"
START_TRIES = 600
COOKIE = "partner_network"


class Served(msgspec.Struct, frozen=True):
    """Where the pages are, the database behind them, and each person's cookie."""

    address: str
    database_url: str
    cookies: Mapping[str, str] = {}


def free_address() -> str:
    """Return an address where nothing listens yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def settings_of(url: str, folder: Path, stripe_address: str) -> Settings:
    """Return the settings of a sandbox that listens on a free port."""
    return Settings(
        database_url=url,
        role_urls={},
        data_folder=folder,
        base_url=free_address(),
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


async def live(settings: Settings) -> None:
    """Live the story, give everybody a password, and make what a worker would have made."""
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
    now = await clock.now()
    pool = connections.pool()
    brands = {row["slug"]: row["id"] for row in await pool.fetch("SELECT slug, id FROM brands")}
    known = {row["email"] for row in await pool.fetch("SELECT email FROM members")}
    for person in PEOPLE.values():
        if person.email not in known:
            await builders.person(person.email, brands.get(person.brand), person.role)
    await pool.execute("UPDATE members SET password_hash = $1", await passwords.hash_of(PASSWORD))
    await pool.execute(
        """INSERT INTO memberships (id, member_id, brand_id, role, created_at)
           SELECT $1, m.id, b.id, 'finance', $2 FROM members m, brands b
           WHERE m.email = 'olga@tune-house.test' AND b.slug = 'tune-house'""",
        ids.new_id(now),
        now,
    )
    await _leave_a_failed_job(pool)
    statement_id = await pool.fetchval("SELECT id FROM statements WHERE number = $1", RENDERED)
    async with Renderer(processes=1) as renderer:
        files, issuer = app.file_store(settings), Issuer(OPERATOR.name, settings.base_url)
        await statements.render(renderer, files, issuer, RenderStatement(statement_id), now)


async def _leave_a_failed_job(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    trouble = '{"exception_type": "TimeoutError", "exception_message": "Stripe did not answer in 30 s"}'
    await pool.execute(
        """WITH held AS (
               INSERT INTO pgqueuer
                   (priority, created, updated, heartbeat, execute_after, status, entrypoint, attempts)
               VALUES (0, now(), now(), now(), now(), 'failed', 'payouts.send', 3) RETURNING id)
           INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint, traceback)
           SELECT id, 'failed', 0, 'payouts.send', $1::jsonb FROM held""",
        trouble,
    )


@contextmanager
def web(settings: Settings, databases: Databases, database: str) -> Generator[None]:
    """Serve the web app as in production, with the rights of its own database roles."""
    environment = os.environ | {
        "DATABASE_URL": settings.database_url or "",
        "PARTNER_NETWORK_SECRET_KEY": settings.secret_key.decode(),
        "PARTNER_NETWORK_SANDBOX": "on",
        "PARTNER_NETWORK_DATA": str(settings.data_folder),
        "PARTNER_NETWORK_BASE_URL": settings.base_url,
        "STRIPE_SECRET_KEY": settings.stripe_secret_key,
        "STRIPE_WEBHOOK_SECRET": settings.stripe_webhook_secret,
        "STRIPE_API_BASE": settings.stripe_api_base or "",
        "PARTNER_NETWORK_OPERATOR_NAME": OPERATOR.name,
        "PARTNER_NETWORK_OPERATOR_LEGAL_NAME": OPERATOR.legal_name,
        "PARTNER_NETWORK_OPERATOR_ADDRESS": "; ".join(OPERATOR.address),
        "PARTNER_NETWORK_OPERATOR_GOVERNING_LAW": OPERATOR.governing_law,
        "PARTNER_NETWORK_OPERATOR_COURTS": OPERATOR.courts,
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


class Caller:
    """A person's programs: what the pages do not show yet is done through the API."""

    def __init__(self, address: str, email: str) -> None:
        self.address = address
        self._client = httpx.Client(base_url=address, trust_env=False, timeout=60)
        opened = self.post("/api/v1/sessions", {"email": email, "password": PASSWORD})
        self._client.headers["x-csrf-token"] = opened["csrf_token"]
        self.cookie = self._client.cookies[COOKIE]

    def get(self, path: str) -> Any:
        return self._answer(self._client.get(path))

    def post(self, path: str, body: object = None) -> Any:
        return self._answer(self._client.post(path, json=body))

    def upload(self, path: str, title: str, content: bytes) -> None:
        self._answer(
            self._client.post(path, data={"title": title}, files={"file": ("b.png", content, "image/png")})
        )

    def leave(self) -> None:
        self._client.close()

    def _answer(self, answer: httpx.Response) -> Any:
        assert answer.is_success, f"{answer.request.url}: {answer.text}"
        return answer.json() if answer.content else None


def move_in(address: str) -> dict[str, str]:
    """Sign everybody in, let them furnish the network, and return each one's cookie."""
    people = {kind: Caller(address, person.email) for kind, person in PEOPLE.items()}
    try:
        _furnish(people)
    finally:
        for person in people.values():
            person.leave()
    return {kind: person.cookie for kind, person in people.items()}


def _furnish(people: Mapping[str, Caller]) -> None:
    """Make what the money's story has none of: links, files, keys, invitations, unsigned agreements."""
    shop, radio, manager = people["advertiser owner"], people["partner owner"], people["manager"]
    programs = {one["slug"]: one["id"] for one in manager.get("/api/v1/programs")["items"]}
    brands = {one["slug"]: one["id"] for one in manager.get("/api/v1/brands")["items"]}
    shop.upload(f"/api/v1/programs/{programs[f'{SHOP}-records']}/creatives", "Banner, 468 x 60", _picture())
    partnerships: list[Any] = radio.get("/api/v1/partnerships")["items"]
    mine = next(one["id"] for one in partnerships if one["status"] == "active")
    for name in ("Morning show", "Evening show"):
        link = {"partnership": mine, "name": name, "destination_url": f"https://{SHOP}.test/{name[:7]}"}
        radio.post("/api/v1/links", link)
    key = {"name": "Our shop", "scopes": ["conversions:write", "reports:read"], "mode": "live"}
    shop.post("/api/v1/api-keys", key)
    people["partner developer"].post("/api/v1/api-keys", {"name": "Charts", "scopes": ["reports:read"]})
    radio.post("/api/v1/invitations", {"email": "nils@night-radio.test", "role": "viewer"})
    records = programs[f"{WEEKLY}-records"]
    manager.post("/api/v1/partnerships", {"program": records, "partner": brands[RADIO]})
    invited = manager.post("/api/v1/partnerships", {"program": records, "partner": brands[SMALL]})
    small = Caller(radio.address, f"olga@{SMALL}.test")
    small.post(f"/api/v1/partnerships/{invited['id']}/answer", {"answer": "accept"})
    manager.post(
        "/api/v1/agreements",
        {
            "partnership": invited["id"],
            "contract": "cross-promotion",
            "contract_version": "2026-11",
            "terms": TERMS,
        },
    )
    small.leave()


def _picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (468, 60), "#1d2b3a").save(buffer, "PNG")
    return buffer.getvalue()


async def strengthen(database_url: str) -> None:
    """Let every session count as one that a second factor proved."""
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(database_url)
    await connection.execute("UPDATE sessions SET factor_given_at = now()")
    await connection.close()
