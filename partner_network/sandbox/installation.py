"""One whole installation on this machine: database, Stripe's stand-in, web app and worker."""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from partner_network.database import migration
from partner_network.database.embedded_server import DATABASE, OWNER, WORKER, EmbeddedServer
from partner_network.sandbox import processes
from partner_network.sandbox.processes import Processes
from partner_network.sandbox.stripe_simulator import process as stripe_process

LOOPBACK = "127.0.0.1"
READY_IN_S = 60.0
OPERATOR = {
    "NAME": "Partner Network",
    "LEGAL_NAME": "Partner Network Demo Inc.",
    "ADDRESS": "12 Market Street; Albany, NY 12207; United States",
    "GOVERNING_LAW": "the State of New York",
    "COURTS": "Albany, New York",
}
Say = Callable[[str], None]


class Installation(msgspec.Struct, frozen=True):
    """Where everything runs and what it was started with."""

    folder: Path
    base_url: str
    stripe_url: str
    stripe_key: str
    environment: Mapping[str, str]
    worker_database_url: str
    owner_database_url: str
    running: Processes


@contextmanager
def running(
    folder: Path, *, say: Say, web_port: int | None = None, stripe_port: int | None = None
) -> Generator[Installation]:
    """Start everything in order, yield it once it answers, and stop it in reverse."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = _keys(folder)
    web_port = web_port or stripe_process.free_port()
    stripe_port = stripe_port or stripe_process.free_port()
    base_url = f"http://{LOOPBACK}:{web_port}"
    stripe_url = f"http://{LOOPBACK}:{stripe_port}"
    say("starting PostgreSQL")
    with EmbeddedServer.start(folder / "postgres") as server:
        say("bringing the database up to date")
        asyncio.run(migration.migrate(server.url(OWNER, DATABASE)))
        environment = _environment(folder, keys, base_url, stripe_url)
        with Processes(folder / "logs") as children:
            say("starting the Stripe simulator, the web app and the worker")
            _start_stripe(children, folder, stripe_port, base_url, keys)
            _start_web(children, environment, web_port)
            children.start("worker", [sys.executable, "-m", "partner_network", "worker"], environment)
            # All of them import for seconds, so they do it at once, on as many cores as there are.
            children.wait_until_ready(
                "stripe", lambda: stripe_process.listens(stripe_port), seconds=READY_IN_S
            )
            children.wait_until_ready(
                "web", processes.answers(f"{base_url}/health/ready"), seconds=READY_IN_S
            )
            yield Installation(
                folder=folder,
                base_url=base_url,
                stripe_url=stripe_url,
                stripe_key=keys["stripe_secret_key"],
                environment=environment,
                worker_database_url=server.url(WORKER, DATABASE),
                owner_database_url=server.url(OWNER, DATABASE),
                running=children,
            )


def _start_stripe(
    children: Processes, folder: Path, port: int, base_url: str, keys: Mapping[str, str]
) -> None:
    argv = stripe_process.command(
        folder / "stripe.sqlite",
        port=port,
        webhook_url=f"{base_url}/stripe/webhooks",
        webhook_secret=keys["stripe_webhook_secret"],
    )
    children.start("stripe", argv, {})


def _start_web(children: Processes, environment: Mapping[str, str], port: int) -> None:
    argv = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory"]
    argv += ["--host", LOOPBACK, "--port", str(port), "--workers", "1", "--workers-kill-timeout", "3"]
    argv += ["--respawn-failed-workers", "--respawn-interval", "0.2", "--no-ws"]
    argv += ["partner_network.app:create_app_from_environment"]
    children.start("web", argv, environment)


def _keys(folder: Path) -> dict[str, str]:
    """Return the installation's secrets, made at its first start and kept for the next."""
    path = folder / "keys.json"
    if path.exists():
        return json.loads(path.read_text())
    keys = {
        "secret_key": secrets.token_urlsafe(48),
        "stripe_secret_key": f"sk_test_{secrets.token_hex(16)}",
        "stripe_webhook_secret": f"whsec_{secrets.token_hex(24)}",
        "password": secrets.token_urlsafe(12),
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(keys, file)
    return keys


def password_of(folder: Path) -> str:
    """Return the password that all people of the demo share, made by chance for this installation."""
    return _keys(folder)["password"]


def _environment(folder: Path, keys: Mapping[str, str], base_url: str, stripe_url: str) -> dict[str, str]:
    return {
        "PARTNER_NETWORK_SECRET_KEY": keys["secret_key"],
        "PARTNER_NETWORK_SANDBOX": "on",
        "PARTNER_NETWORK_DATA": str(folder),
        "PARTNER_NETWORK_BASE_URL": base_url,
        "STRIPE_SECRET_KEY": keys["stripe_secret_key"],
        "STRIPE_WEBHOOK_SECRET": keys["stripe_webhook_secret"],
        "STRIPE_API_BASE": stripe_url,
        **{f"PARTNER_NETWORK_OPERATOR_{name}": value for name, value in OPERATOR.items()},
    }
