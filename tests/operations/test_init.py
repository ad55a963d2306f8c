import asyncio
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from partner_network.database import addresses
from partner_network.database.embedded_server import DATABASE, OWNER, EmbeddedServer
from partner_network.identity import passwords
from partner_network.operations import beginning
from partner_network.settings import from_environment
from tests.operations.conftest import PASSWORD, run
from tests.test_cli import command

ADA = ("init", "--name", "Ada Adler", "--email", "Ada@Encore.test", "--password-stdin")


@pytest.fixture
async def inside(empty: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A look into the database as its owner."""
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(empty)
    yield connection
    await connection.close()


async def people(connection: "asyncpg.Connection[asyncpg.Record]") -> list[tuple[Any, ...]]:
    rows = await connection.fetch(
        """SELECT m.name, m.email, s.role, s.brand_id FROM members m JOIN memberships s ON s.member_id = m.id
           ORDER BY m.email"""
    )
    return [tuple(row) for row in rows]


async def test_a_new_installation_gets_its_tables_and_an_admin_who_can_sign_in(
    new: dict[str, str], inside: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    done = run(new, *ADA, typed=f"{PASSWORD}\n")

    assert (done.returncode, done.stderr) == (0, "")
    assert "Ada Adler can sign in at http://127.0.0.1:8000/sign-in" in done.stdout
    assert await people(inside) == [("Ada Adler", "ada@encore.test", "admin", None)]
    assert await passwords.is_right(PASSWORD, await inside.fetchval("SELECT password_hash FROM members"))


async def test_an_installation_begins_once(
    new: dict[str, str], inside: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    run(new, *ADA, typed=PASSWORD)

    again = run(new, "init", "--name", "Eve", "--email", "eve@else.test", "--password-stdin", typed=PASSWORD)

    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == (
        "This installation has an admin already, so nothing was changed; sign in and invite the others.\n"
    )
    assert len(await people(inside)) == 1


async def test_of_two_who_begin_at_once_one_wins_and_the_other_is_told(
    new: dict[str, str], inside: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    settings = from_environment(new)
    holding: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
        addresses.address_for(settings, "owner").url
    )
    await holding.execute("SELECT pg_advisory_lock($1)", beginning.LOCK)
    both = [
        await asyncio.create_subprocess_exec(
            *command("init", "--name", name, "--email", f"{name}@encore.test", "--password-stdin"),
            env=new,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        for name in ("ada", "bea")
    ]
    talks = [asyncio.create_task(one.communicate(PASSWORD.encode())) for one in both]
    async with asyncio.timeout(60):
        while await inside.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") < len(both):
            assert [one.returncode for one in both] == [None, None]
            await asyncio.sleep(0.05)
    await holding.close()
    said = await asyncio.gather(*talks)

    assert sorted(one.returncode or 0 for one in both) == [0, 2]
    assert sum(b"has an admin already" in errors for _, errors in said) == 1
    assert len(await people(inside)) == 1


def test_without_a_key_fresh_ones_are_made_and_nothing_else_is_done(new: dict[str, str]) -> None:
    del new["PARTNER_NETWORK_SECRET_KEY"]

    first, second = run(new, *ADA, typed=PASSWORD), run(new, *ADA, typed=PASSWORD)

    assert first.returncode == 2
    assert re.fullmatch(
        r"PARTNER_NETWORK_SECRET_KEY=[\w-]{64}\nPARTNER_NETWORK_METRICS_TOKEN=[\w-]{64}\n", first.stdout
    )
    assert first.stdout != second.stdout
    assert "keep the lines above in `.env`" in first.stderr


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        (ADA, "short\n", "A password has 12 to 200 characters."),
        (
            ("init", "--name", "Ada", "--email", "ada", "--password-stdin"),
            PASSWORD,
            "is not an e-mail address",
        ),
        (("init", "--name", " ", "--email", "a@b.test", "--password-stdin"), PASSWORD, "A name has 1 to 120"),
        (ADA[:-1], PASSWORD, "There is no terminal to ask at"),
        (("init", "--password-stdin"), PASSWORD, "There is no terminal to ask at"),
    ],
)
async def test_what_nobody_could_sign_in_with_is_refused_before_anything_is_made(
    new: dict[str, str],
    inside: "asyncpg.Connection[asyncpg.Record]",
    arguments: tuple[str, ...],
    typed: str,
    said: str,
) -> None:
    done = run(new, *arguments, typed=typed)

    assert done.returncode == 2
    assert said in done.stderr
    assert await inside.fetchval("SELECT to_regclass('members') IS NULL")


def test_a_password_is_never_taken_from_the_command_line(new: dict[str, str]) -> None:
    done = run(new, "init", "--password", PASSWORD)

    assert done.returncode == 2
    assert "pass --password-stdin" in done.stderr
    assert PASSWORD not in done.stderr


def test_a_database_that_is_not_there_is_one_sentence(new: dict[str, str]) -> None:
    done = run(new | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}, *ADA, typed=PASSWORD)

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


async def test_without_a_database_of_ones_own_the_embedded_one_begins_and_goes_on(
    new: dict[str, str], tmp_path: Path
) -> None:
    del new["DATABASE_URL"]
    folder = tmp_path / "postgres"

    done = run(new, *ADA, typed=PASSWORD)

    assert (done.returncode, done.stderr) == (0, "")
    with pytest.raises(FileNotFoundError):
        EmbeddedServer.attach(folder)  # nobody runs it any more
    database = await asyncio.create_subprocess_exec(
        *command("database"), env=new, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        assert database.stdout is not None
        assert await asyncio.wait_for(database.stdout.readline(), 60) == b"PostgreSQL is ready.\n"
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
            EmbeddedServer.attach(folder).url(OWNER, DATABASE)
        )
        assert [email for _, email, *_ in await people(connection)] == ["ada@encore.test"]
        await connection.close()
        assert run(new, *ADA, typed=PASSWORD).returncode == 2
    finally:
        database.send_signal(signal.SIGTERM)
        await asyncio.wait_for(database.communicate(), 60)
    assert database.returncode == 0


def test_an_operators_own_server_is_not_ours_to_run(new: dict[str, str]) -> None:
    done = run(new, "database")

    assert done.returncode == 2
    assert "start that one instead" in done.stderr
