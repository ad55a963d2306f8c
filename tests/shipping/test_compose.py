import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
import yaml

from partner_network import settings
from partner_network.database import server_home
from partner_network.database.embedded_server import DATABASE, ROLES, EmbeddedServer
from tests.shipping import image
from tests.shipping.image import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "partner-network"}
SECRET = re.compile(r"PASSWORD|SECRET|KEY")


def test_one_image_serves_every_process_of_ours() -> None:
    assert OURS.keys() == {"migrate", "web", "worker"}


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_one_that_the_settings_read(name: str) -> None:
    values = dict.fromkeys(OURS[name]["environment"], "x" * 40)
    read = settings.from_environment(values)
    assert read.operator is not None
    kept = [*msgspec.structs.astuple(read), *msgspec.structs.astuple(read.operator)]
    seen = [value for value in kept if value in ("x" * 40, b"x" * 40, ("x" * 40,))]
    roles = {key for key in values if key.endswith("_DATABASE_URL")}
    assert len(seen) == len(values) - len(roles)
    assert read.role_urls.keys() == {"web", "redirect", "worker"}


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_has_a_value_here_and_none_may_be_left_out(name: str) -> None:
    for key, value in SERVICES[name]["environment"].items():
        if SECRET.search(key):
            assert re.fullmatch(r"\$\{\w+:\?\}", value), key
        elif "://" in value and "PASSWORD" in value:
            assert re.search(r":\$\{\w+_PASSWORD:\?\}@database/", value), key


def test_what_web_must_not_lose_lies_on_volumes() -> None:
    variables = dict(
        word.split("=", 1) for step in image.steps() if step.word == "ENV" for word in step.rest.split()
    )
    read = settings.from_environment({**variables, "PARTNER_NETWORK_SECRET_KEY": "x" * 40})
    mounted = {volume.partition(":")[2] for volume in OURS["web"]["volumes"]}
    assert mounted == {str(read.spool_folder), str(read.files_folder)}
    assert {volume.partition(":")[0] for volume in OURS["web"]["volumes"]} <= COMPOSE["volumes"].keys()


def test_the_folders_of_the_volumes_belong_to_the_user_of_the_image() -> None:
    made = next(step.rest for step in image.steps() if step.rest.startswith("install -d")).split()
    user, group = next(step.rest for step in image.steps() if step.word == "USER").split(":")
    assert made[made.index("-o") + 1 : made.index("-o") + 4] == [user, "-g", group]
    assert {"data/spool", "data/files"} <= set(made)


def test_nothing_starts_before_the_tables_stand() -> None:
    for name in ("web", "worker"):
        assert OURS[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert OURS["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}


@pytest.mark.parametrize("name", ["migrate", "worker"])
def test_a_service_runs_a_command_that_there_is(name: str) -> None:
    program, *words = OURS[name]["command"]
    argv = [Path(sys.executable).with_name(program), *words, "--help"]
    subprocess.run(argv, check=True, capture_output=True)  # noqa: S603 -- our own program


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    """Start a server that lets its superuser in, as the image's does while it sets itself up."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve() / "server"
        with EmbeddedServer.start(folder, durable=False) as running:
            home = server_home.find_home(folder, durable=False).path
            (home / "cluster" / "pg_hba.conf").write_text("local all all trust\n")
            assert running.process_id is not None
            os.kill(running.process_id, signal.SIGHUP)
            yield running
        if home != folder:
            shutil.rmtree(home)


async def test_the_roles_that_compose_makes_are_those_of_the_embedded_server(server: EmbeddedServer) -> None:
    await run_as_compose_does(server)

    connection = await asyncpg.connect(server.url("postgres", "composed"))
    powers = "SELECT rolcanlogin, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = $1"
    for role in ROLES:
        made = await connection.fetchrow(powers, role.replace(DATABASE, "composed"))
        assert made is not None
        assert tuple(made) == (True, False)
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    assert await connection.fetchval(owner) == "composed_owner"
    secrets = "SELECT count(DISTINCT rolpassword) FROM pg_authid WHERE rolname LIKE 'composed%'"
    assert await connection.fetchval(secrets) == len(ROLES)
    await connection.close()


async def run_as_compose_does(server: EmbeddedServer) -> None:
    # The embedded server has roles of these names already: the script makes others beside them.
    script = COMPOSE["configs"]["roles"]["content"].replace(DATABASE, "composed")
    passwords = {
        key: f"it's {key}" for key in SERVICES["database"]["environment"] if key.endswith("PASSWORD")
    }
    argv = [
        programs() / "bin" / "psql",
        "--no-psqlrc",
        "--set=ON_ERROR_STOP=1",
        server.url("postgres", "postgres"),
    ]
    for attempt in range(100):  # until the server has read its new rules
        done = subprocess.run(  # noqa: S603, ASYNC221 -- the wheel's psql; nothing else runs in this loop
            argv,
            input=script,
            env={**os.environ, **passwords},
            check=attempt == 99,
            capture_output=True,
            text=True,
        )
        if done.returncode == 0:
            return
        assert "no pg_hba.conf entry" in done.stderr, done.stderr
        time.sleep(0.02)  # noqa: ASYNC251 -- the same


def programs() -> Path:
    with tempfile.TemporaryDirectory() as name:
        return server_home.find_home(Path(name), durable=False).programs
