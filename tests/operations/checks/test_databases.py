# ruff: noqa: SLF001 - a superuser cannot be made here, so one statement is bent
# pyright: reportPrivateUsage=false
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from partner_network.operations.checks import databases
from partner_network.settings import Settings
from tests.conftest import FreshDatabase
from tests.operations.checks.looking import execute, look, replaced


async def test_each_role_has_what_it_needs_and_no_more(settings: Settings) -> None:
    checks = (databases.of_owner, databases.of_web, databases.of_redirect, databases.of_worker)
    found = [await look(check, settings) for check in checks]
    assert not [one for one in found if one.level == "FAILED"]


NOWHERE = "postgresql://web:hunter2hunter2@127.0.0.1:1/nothing"


@pytest.mark.parametrize("role", ["owner", "web", "redirect", "worker"])
async def test_a_database_out_of_reach_is_said_for_the_role_and_its_password_is_not(
    settings: Settings, role: str
) -> None:
    found = await look(getattr(databases, f"of_{role}"), replaced(settings, role_urls={role: NOWHERE}))
    assert (found.level, found.to_do) == ("FAILED", "Mend it.")
    assert "hunter2hunter2" not in found.line


async def test_an_older_server_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "OLDEST_SERVER", 99)
    assert "Move to PostgreSQL 99" in (await look(databases.of_owner, settings)).to_do


@pytest.mark.parametrize(
    ("right", "role", "said"),
    [
        ("GRANT TRUNCATE ON brands TO partner_network_web", "web", "on brands: TRUNCATE"),
        (
            "GRANT UPDATE (key) ON ledger_entries TO partner_network_worker",
            "worker",
            "ledger_entries: UPDATE",
        ),
        ("GRANT DELETE ON statements TO partner_network_web", "web", "statements: DELETE"),
        ("GRANT TRIGGER ON clicks TO partner_network_redirect", "redirect", "clicks: TRIGGER"),
    ],
)
async def test_a_right_that_no_work_takes_is_found(
    settings: Settings, database: FreshDatabase, right: str, role: str, said: str
) -> None:
    await execute(database, right)
    found = await look(getattr(databases, f"of_{role}"), settings)
    assert (found.level, said in found.sentence) == ("FAILED", True), found


@pytest.fixture
async def stranger(database: FreshDatabase) -> AsyncIterator[str]:
    """A role of this test's own, which the owner may make and make too mighty."""
    name = f"stranger_{uuid4().hex[:8]}"
    await execute(database, f"CREATE ROLE {name} NOLOGIN; GRANT {name} TO partner_network_owner")
    yield name
    await execute(database, f"DROP OWNED BY {name}; DROP ROLE {name}")


@pytest.fixture
def as_stranger(settings: Settings, stranger: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The installation with the stranger as its web role."""
    address_for = databases.addresses.address_for

    def taken_on(settings: Settings, role: Any) -> Any:
        return msgspec.structs.replace(
            address_for(settings, "owner"), role=stranger if role == "web" else None
        )

    monkeypatch.setattr(databases.addresses, "address_for", taken_on)
    return settings


async def test_a_role_reached_through_the_owners_log_in_is_worth_a_warning(as_stranger: Settings) -> None:
    found = await look(databases.of_web, as_stranger)
    assert (found.level, "WEB_DATABASE_URL" in found.to_do) == ("warning", True)


async def test_a_role_with_a_power_of_its_own_is_found(
    as_stranger: Settings, database: FreshDatabase, stranger: str
) -> None:
    await execute(database, f"ALTER ROLE {stranger} CREATEROLE")
    found = await look(databases.of_web, as_stranger)
    assert (found.level, found.to_do) == ("FAILED", f"ALTER ROLE {stranger} NOCREATEROLE.")


async def test_a_role_that_can_become_another_is_found(
    as_stranger: Settings, database: FreshDatabase, stranger: str
) -> None:
    other = f"other_{uuid4().hex[:8]}"
    await execute(database, f"CREATE ROLE {other} NOLOGIN; GRANT {other} TO {stranger}")
    found = await look(databases.of_web, as_stranger)
    await execute(database, f"DROP ROLE {other}")
    assert (found.level, found.to_do) == ("FAILED", f"REVOKE {other} FROM {stranger}.")


async def test_a_table_that_belongs_to_a_lesser_role_is_found(
    as_stranger: Settings, database: FreshDatabase, stranger: str
) -> None:
    await execute(database, f"GRANT CREATE ON SCHEMA public TO {stranger}; CREATE TABLE mine (id int);"
                            f"ALTER TABLE mine OWNER TO {stranger}")  # fmt: skip
    found = await look(databases.of_web, as_stranger)
    assert (found.level, "owns mine" in found.sentence) == ("FAILED", True)


@pytest.mark.parametrize("power", ["is_super", "sees_through_walls"])
async def test_an_owner_whom_walls_do_not_hold_is_found(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, power: str
) -> None:
    # The tests' owner cannot make itself a superuser, so the database's answer is bent.
    column = {"is_super": "bool_or(r.rolsuper)", "sees_through_walls": "bool_or(r.rolbypassrls)"}[power]
    monkeypatch.setattr(databases, "_WHO", databases._WHO.replace(column, "true"))
    for check in (databases.of_owner, databases.of_web):
        assert (await look(check, settings)).level == "FAILED"


async def test_migrations_that_wait_and_those_of_a_newer_version_are_told_apart(
    settings: Settings, database: FreshDatabase
) -> None:
    assert (await look(databases.migrations, settings)).level == "ok"
    await execute(
        database,
        "UPDATE migration SET name = '2099_01_01t00_00_00' WHERE name = (SELECT max(name) FROM migration)",
    )
    assert "newer version: it has 2099_01_01" in (await look(databases.migrations, settings)).sentence
    await execute(database, "DELETE FROM migration WHERE name LIKE '2099%'")
    assert "1 of" in (await look(databases.migrations, settings)).sentence


async def test_a_wall_that_stands_open_is_found(settings: Settings, database: FreshDatabase) -> None:
    assert (await look(databases.walls, settings)).level == "ok"
    await execute(
        database,
        """CREATE TABLE open_field (id int);
           ALTER TABLE open_field ENABLE ROW LEVEL SECURITY;
           CREATE POLICY all_see ON open_field USING (true)""",
    )
    found = await look(databases.walls, settings)
    assert (found.level, "open_field" in found.sentence) == ("FAILED", True)


async def test_two_clocks_that_differ_are_found(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await look(databases.clocks, settings)).level == "ok"
    monkeypatch.setattr(databases, "CLOCKS_APART_S", -1.0)
    assert "0 s apart" in (await look(databases.clocks, settings)).sentence


async def test_simulated_time_outside_the_sandbox_is_found(
    settings: Settings, database: FreshDatabase
) -> None:
    await execute(
        database,
        "INSERT INTO simulated_clock (simulated_at, wall_at, is_running) VALUES (now(), now(), false)",
    )
    assert (await look(databases.clocks, settings)).level == "ok"
    assert (await look(databases.clocks, replaced(settings, sandbox=False))).level == "FAILED"
