import stat
import subprocess
import tarfile
from pathlib import Path

import pytest

from partner_network.kernel.errors import ConflictError
from partner_network.operations.backup import archive, programs, save
from partner_network.operations.backup.archive import Manifest
from tests.operations.backup.conftest import FILES, Lived, owner_of
from tests.operations.conftest import run
from tests.test_cli import settings_for


def script_of(path: Path, manifest: Manifest, folder: Path) -> str:
    """Return the dump inside a backup as SQL."""
    with archive.opened(path) as backup:
        (folder / "dump").write_bytes(backup.dump().read())
    program = programs.fitting("pg_restore", at_least=manifest.dumped_by)
    argv = [program.path, "--file=-", folder / "dump"]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout  # noqa: S603 -- our own words


async def test_a_backup_holds_every_row_of_every_table_and_every_file(lived: Lived) -> None:
    owner = await owner_of(lived.settings)
    tables = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    counts = {row[0]: await owner.fetchval(f'SELECT count(*) FROM "{row[0]}"') for row in tables}
    await owner.close()

    assert counts.keys() == lived.manifest.rows.keys() | set(lived.manifest.unlogged)
    assert {name: counts[name] for name in lived.manifest.rows} == lived.manifest.rows
    assert lived.manifest.rows["ledger_transfers"] > 50
    with archive.opened(lived.backup) as backup:
        files = {str(place): content.read() for place, content in backup.files()}
    assert {name.removeprefix("files/"): files[name] for name in files if name.startswith("files/")} == FILES
    assert len(files) == 2 * len(FILES)  # each with its type


async def test_salts_that_are_to_be_destroyed_are_in_no_backup(lived: Lived, tmp_path: Path) -> None:
    owner = await owner_of(lived.settings)
    salt = await owner.fetchval("SELECT encode(salt, 'hex') FROM visitor_salts")
    await owner.close()

    script = script_of(lived.backup, lived.manifest, tmp_path)

    assert "visitor_salts" in lived.manifest.unlogged
    assert "CREATE UNLOGGED TABLE public.visitor_salts" in script
    assert "COPY public.ledger_entries" in script
    assert "COPY public.visitor_salts" not in script
    assert salt not in script


async def test_the_head_of_the_audit_trail_is_named_beside_what_it_vouches_for(lived: Lived) -> None:
    owner = await owner_of(lived.settings)
    head = await owner.fetchval("SELECT encode(hash, 'hex') FROM audit_seals ORDER BY no DESC LIMIT 1")
    await owner.close()
    assert lived.manifest.audit_head == head is not None


def test_only_its_owner_may_read_it_and_any_tar_opens_it(lived: Lived) -> None:
    assert stat.S_IMODE(lived.backup.stat().st_mode) == 0o600
    with tarfile.open(lived.backup) as tar:
        names = tar.getnames()
        assert (names[0], names[-1], len(names)) == (archive.DUMP, archive.MANIFEST, 2 + 2 * len(FILES))
    assert list(lived.backup.parent.glob(".*")) == []


async def test_a_file_that_is_there_is_never_overwritten(lived: Lived, tmp_path: Path) -> None:
    there = tmp_path / "backup.tar"
    there.write_text("mine")
    with pytest.raises(ConflictError, match="is there already"):
        await save.save(lived.settings, there)
    assert there.read_text() == "mine"


async def test_what_is_committed_while_it_runs_is_neither_counted_nor_kept(
    lived: Lived, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await owner_of(lived.settings)
    await owner.execute("CREATE TABLE late (id int); INSERT INTO late VALUES (1)")
    fitting = programs.fitting

    def meanwhile(name: str, *, at_least: int) -> programs.Program:
        said = ["-c", "INSERT INTO late VALUES (2)", lived.settings.database_url or ""]
        subprocess.run([fitting("psql", at_least=at_least).path, *said], check=True, capture_output=True)  # noqa: S603 -- our own words
        return fitting(name, at_least=at_least)

    monkeypatch.setattr(programs, "fitting", meanwhile)
    try:
        path, manifest = await save.save(lived.settings, tmp_path)
        assert await owner.fetchval("SELECT count(*) FROM late") == 2
    finally:
        monkeypatch.undo()
        await owner.execute("DROP TABLE late")
        await owner.close()

    assert manifest.rows["late"] == 1
    assert "COPY public.late (id) FROM stdin;\n1\n\\.\n" in script_of(path, manifest, tmp_path)


def test_a_backup_that_fails_leaves_nothing_behind(lived: Lived, tmp_path: Path) -> None:
    environment = settings_for(lived.settings.database_url or "", lived.settings.database_url or "", tmp_path)
    no_rights = environment | {"DATABASE_URL": lived.settings.role_urls["web"]}

    done = run(no_rights, "backup", str(tmp_path / "b.tar"))

    assert (done.returncode, done.stdout, list(tmp_path.iterdir())) == (2, "", [])
    assert done.stderr.count("\n") == 1, done.stderr


async def test_an_empty_database_is_not_worth_a_backup(new: dict[str, str], tmp_path: Path) -> None:
    done = run(new, "backup", str(tmp_path))
    assert done.returncode == 2
    assert "nothing to back up" in done.stderr


def test_the_command_says_what_was_saved_and_what_was_not(lived: Lived, tmp_path: Path) -> None:
    url = lived.settings.database_url or ""
    environment = settings_for(url, url, lived.settings.data_folder)
    lived.settings.spool_folder.mkdir(exist_ok=True)
    waiting = lived.settings.spool_folder / "left.clicks"
    waiting.write_bytes(b"{}\n")

    done = run(environment | {"S3_BUCKET": "elsewhere"}, "backup", str(tmp_path))

    waiting.unlink()
    [path] = list(tmp_path.glob("partner-network-*.tar"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].startswith(f"{path}: ")
    assert "Files are in the bucket elsewhere: back that up by its own means." in done.stdout
    assert "Clicks that wait in 1 files" in done.stdout
