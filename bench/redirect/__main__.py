"""Measure the redirect beside a bare 302: `python -m bench.redirect`.

Both are served in turn by one granian worker on this machine, which the visitors share. Every click of ours
is committed to a durable PostgreSQL before it is answered; at the end they are counted there.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from bench.redirect import visitors
from bench.redirect.visitors import Measured
from partner_network.database import migration
from partner_network.database.embedded_server import DATABASE, OWNER, EmbeddedServer
from partner_network.kernel import ids
from partner_network.links import rules

ROOT = Path(__file__).parents[2]
SECONDS = 5.0
WARM_UP_SECONDS = 1.0
ROUNDS = 3
START_TRIES = 400


async def main() -> None:
    """Run both in turn, some rounds, and print each."""
    with tempfile.TemporaryDirectory(prefix="pn-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # noqa: ASYNC240 -- nothing else runs yet
        with EmbeddedServer.start(folder / "postgres") as server:
            url = server.url(OWNER, DATABASE)
            await migration.migrate(url)
            secret = secrets.token_urlsafe(40)
            token = await make_link(url, secret.encode())
            environment = os.environ | {
                "PARTNER_NETWORK_SECRET_KEY": secret,
                "PARTNER_NETWORK_DATA": str(folder),
                "STRIPE_SECRET_KEY": "sk_test_bench",
                "STRIPE_WEBHOOK_SECRET": "whsec_bench",
            }
            environment.pop("DATABASE_URL", None)
            answered = 0
            for number in range(1, ROUNDS + 1):
                report(number, "bare 302", await measure(["bench.redirect.bare:app"], environment, "/l/x"))
                ours = ["--factory", "partner_network.app:create_app_from_environment"]
                measured = await measure(ours, environment, f"/l/{token}")
                report(number, "redirect", measured)
                answered += measured.answers
            connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(url)
            recorded = await connection.fetchval("SELECT count(*) FROM clicks")
            await connection.close()
            print(f"{recorded:,} clicks recorded, {answered:,} of them answered in the measured time")


def report(number: int, name: str, measured: Measured) -> None:
    """Print one line."""
    print(
        f"round {number}  {name}  {measured.per_second:>7,}/s  "
        f"median {measured.median_ms:5.2f} ms  p99 {measured.p99_ms:6.2f} ms",
        flush=True,
    )


async def measure(target: list[str], environment: dict[str, str], path: str) -> Measured:
    """Serve one app alone, warm it up and let visitors at it."""
    async with serving(target, environment) as port:
        await visitors.click(port, path, seconds=WARM_UP_SECONDS)
        return await visitors.click(port, path, seconds=SECONDS)


@contextlib.asynccontextmanager
async def serving(target: list[str], environment: dict[str, str]) -> AsyncGenerator[int]:
    """Run one granian worker and yield its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    argv = [sys.executable, "-m", "granian", "--interface", "asgi", "--no-ws", "--http", "1"]
    argv += ["--port", str(port), "--log-level", "warning", *target]
    process = subprocess.Popen(  # noqa: ASYNC220, S603 -- our own words; nothing else runs yet
        argv, cwd=ROOT, env=environment, start_new_session=True
    )
    try:
        for _ in range(START_TRIES):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            await asyncio.sleep(0.05)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.wait)


async def make_link(url: str, secret_key: bytes) -> str:
    """Put the least into the database that a link needs."""
    at, one, other = datetime.now(UTC), ids.new_id(datetime.now(UTC)), ids.new_id(datetime.now(UTC))
    token = rules.new_token(secret_key)
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(url)
    await connection.execute(
        f"""INSERT INTO brands VALUES ('{one}', 'shop', 'Shop', 'Shop', 'Street 1', 'DE', 0, null, '{at}'),
                ('{other}', 'roaster', 'Roaster', 'Roaster', 'Street 2', 'DE', 0, null, '{at}');
            INSERT INTO members VALUES ('{one}', 'mia@roaster.example', 'Mia', 'none', '{at}');
            INSERT INTO programs VALUES ('{one}', '{one}', 'cds', 'CDs', 'Music', 'https://shop.example/',
                '{{shop.example}}', '{at}');
            INSERT INTO partnerships VALUES ('{one}', '{one}', '{one}', '{other}', 'active', null, '{at}',
                '{at}');
            INSERT INTO links VALUES ('{one}', '{token}', '{one}', '{one}', '{one}', '{other}', 'Newsletter',
                'https://shop.example/cds', '{one}', '{at}')"""
    )
    await connection.execute("SELECT ensure_click_partition(current_date)")
    await connection.close()
    return token


if __name__ == "__main__":
    asyncio.run(main())
