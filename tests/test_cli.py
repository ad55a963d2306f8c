"""What an operator types, and what the exit code says."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from partner_network.database import connections, jobs
from partner_network.ledger import actions as ledger
from partner_network.ledger.rules import Account, Entry, Leg
from tests.conftest import Databases, FreshDatabase

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PATIENCE_S = 60


@pytest.fixture
def environment(database: FreshDatabase, tmp_path: Path) -> dict[str, str]:
    """The settings of an installation on this test's database."""
    return settings_for(database.url(), database.url("worker"), tmp_path)


def settings_for(owner_url: str, worker_url: str, folder: Path) -> dict[str, str]:
    log_in = {"WORKER_DATABASE_URL": worker_url} if worker_url != owner_url else {}
    return {
        **{name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}},
        "DATABASE_URL": owner_url,
        "PARTNER_NETWORK_DATA": str(folder),
        "PARTNER_NETWORK_SECRET_KEY": "s" * 32,
        "STRIPE_SECRET_KEY": "sk_test_x",
        "STRIPE_WEBHOOK_SECRET": "whsec_x",
        "STRIPE_API_BASE": "http://127.0.0.1:1",
        **log_in,
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "partner_network", *arguments]


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 -- our own program
        command(*arguments), env=environment, check=False, capture_output=True, text=True
    )


async def test_verify_prints_a_line_for_each_kind_and_ends_well_when_nothing_differs(
    environment: dict[str, str],
) -> None:
    done = run(environment, "verify", "--without-stripe")
    assert (done.returncode, done.stderr) == (0, "")
    assert "commissions            0 recomputed, all equal to the cent" in done.stdout.splitlines()


async def test_verify_ends_badly_at_the_first_difference_and_names_it(environment: dict[str, str]) -> None:
    async with connections.transaction() as connection:
        leg = Leg(Account("cash", "USD"), Account("own", "USD"), 500)
        await ledger.post(connection, [Entry("receive", "from nowhere", NOW, [leg])], recorded_at=NOW)
    done = run(environment, "verify", "--without-stripe")
    assert done.returncode == 1
    assert done.stderr == "Entry from nowhere (receive of 500 minor units of USD) follows from no fact.\n"
    assert done.stdout.splitlines()[-1] == "explained              0 recomputed, and they differ"


async def test_a_stripe_that_does_not_answer_is_said_and_nothing_is_claimed(
    environment: dict[str, str],
) -> None:
    done = run(environment, "verify")
    assert done.returncode == 2
    assert done.stderr
    assert "transfers" not in done.stdout


def test_a_missing_setting_is_named(tmp_path: Path) -> None:
    done = run({"PATH": os.environ["PATH"], "PARTNER_NETWORK_DATA": str(tmp_path)}, "verify")
    assert done.returncode == 2
    assert done.stderr == ("PARTNER_NETWORK_SECRET_KEY must hold 32 random characters or more; set it.\n")


@pytest.fixture
async def empty(databases: Databases) -> AsyncIterator[str]:
    """A database that nothing was ever done to."""
    name = f"empty_{uuid4().hex[:12]}"
    await databases.execute(f"CREATE DATABASE {name}")
    yield databases.url(name)
    await databases.drop(name)


async def test_migrate_makes_the_tables_and_changes_nothing_when_run_again(
    empty: str, tmp_path: Path
) -> None:
    environment = settings_for(empty, empty, tmp_path)
    assert [run(environment, "migrate").returncode for _ in range(2)] == [0, 0]
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(empty)
    try:
        assert await connection.fetchval("SELECT count(*) FROM commissions") == 0
    finally:
        await connection.close()


async def test_the_worker_works_off_what_waits_and_stops_when_told(
    database: FreshDatabase, environment: dict[str, str], tmp_path: Path
) -> None:
    assert database.name
    async with connections.transaction() as connection:
        await jobs.enqueue(connection, "commissions.accrue")
    log = tmp_path / "worker.log"
    with log.open("wb") as output:
        worker = await asyncio.create_subprocess_exec(
            *command("worker"), env=environment, stdout=output, stderr=output
        )
    try:
        async with asyncio.timeout(PATIENCE_S):
            while await connections.pool().fetchval("SELECT count(*) FROM pgqueuer"):
                assert worker.returncode is None, log.read_text()
                await asyncio.sleep(0.05)
    finally:
        worker.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(worker.wait(), PATIENCE_S)
    assert code == 0, log.read_text()
