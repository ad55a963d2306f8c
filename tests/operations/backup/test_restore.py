"""What was backed up comes back whole on another machine, proves itself, and goes on."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import asyncpg
import msgspec
import pytest

from partner_network.dashboards.verification import proof
from partner_network.database import connections, migration, numbering
from partner_network.gateways import clock
from partner_network.kernel.errors import ConflictError, PartnerNetworkError
from partner_network.operations.backup import archive, programs, restore
from partner_network.operations.backup.programs import Program
from partner_network.operations.checks import databases
from partner_network.settings import Settings
from tests import builders, doors
from tests.builders import RADIO, SHOP, WEEKLY, at, numbered
from tests.operations.backup.conftest import FILES, Lived, owner_of, stripe_of
from tests.operations.checks.looking import replaced
from tests.operations.conftest import run
from tests.test_cli import settings_for

FROM_THE_BEGINNING = """CREATE OR REPLACE FUNCTION transactions_before() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE RETURN 0::bigint"""


async def test_a_restored_network_is_verified_and_its_story_goes_on(lived: Lived, new_home: Settings) -> None:
    await restore.restore(new_home, lived.backup)

    await connections.open_pool(new_home.role_urls["worker"])
    clock.use_simulated_time(sandbox=True)
    stripe = stripe_of(new_home)
    lived.cast.stripe = stripe
    try:
        assert [kind.difference async for kind in proof.verify(stripe) if kind.difference] == []
        statements = await connections.pool().fetchval("SELECT count(*) FROM statements")
        await connections.close_pool()
        await connections.open_pool(new_home.database_url or "")

        # At the very instant of the backup, where transactions alone tell what came first; then a new month.
        cast = lived.cast
        await cast.refund(SHOP, "00031", 1_000, at(5, 1, 6))
        await cast.close_month()
        await builders.set_clock(at(5, 20))
        (bob,) = await cast.click(SHOP, RADIO, at(5, 10))
        (ada,) = await cast.click(SHOP, WEEKLY, at(5, 11))
        await cast.order(
            SHOP, *numbered([("bob", at(5, 12), 40_000, bob), ("ada", at(5, 12), 30_000, ada)], start=44)
        )
        await cast.work()
        await builders.set_clock(at(6, 1, 6))
        await cast.close_month()

        assert await connections.pool().fetchval("SELECT count(*) FROM statements") > statements
        await connections.close_pool()
        await connections.open_pool(new_home.role_urls["worker"])
        assert [kind.difference async for kind in proof.verify(stripe) if kind.difference] == []
    finally:
        await stripe.close()
        clock.use_simulated_time(sandbox=False)
        await connections.close_pool()


async def test_the_web_app_starts_on_what_was_restored(lived: Lived, new_home: Settings) -> None:
    await restore.restore(new_home, lived.backup)
    app = doors.web_app.create_app(new_home)
    async with app.lifespan():
        assert await connections.pool().fetchval("SELECT current_user::text") == "partner_network_web"
        async with connections.transaction(eyes="operator") as connection:
            assert await connection.fetchval("SELECT count(*) FROM brands") == 4


async def test_an_older_server_gets_a_script_without_what_it_does_not_understand(
    lived: Lived, new_home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The server here understands all; so the way is what is tried, as if it did not.
    monkeypatch.setattr(programs, "FIRST_TO_UNDERSTAND", programs.fitting("pg_restore", at_least=15).major)
    monkeypatch.setattr(programs, "PER_MAJOR", 1_000_000)
    await restore.restore(new_home, lived.backup)  # and counts the rows of every table


async def test_a_script_that_fails_half_way_leaves_the_database_empty(
    lived: Lived, new_home: Settings
) -> None:
    program = programs.fitting("pg_restore", at_least=lived.manifest.dumped_by)
    with archive.opened(lived.backup) as backup:
        cut = io.BytesIO(backup.dump().read()[:-2_000])
    with pytest.raises(ConflictError, match="ended with"):
        programs.feed_as_script(program, ["--no-owner"], new_home.database_url or "", cut)
    assert await is_empty(new_home)


async def test_files_come_back_as_they_were(lived: Lived, new_home: Settings) -> None:
    await restore.restore(new_home, lived.backup)
    back = new_home.files_folder
    assert {key: (back / "files" / key).read_bytes() for key in FILES} == FILES
    assert all((back / "types" / key).read_text() == "application/pdf" for key in FILES)
    assert [path.name for path in new_home.data_folder.iterdir()] == ["files"]


async def test_everybody_signs_in_again_after_a_restore(lived: Lived, new_home: Settings) -> None:
    assert lived.manifest.rows["sessions"] == 1
    await restore.restore(new_home, lived.backup)
    owner = await owner_of(new_home)
    assert await owner.fetchval("SELECT count(*) FROM sessions") == 0
    await owner.close()


async def test_guards_rights_and_walls_come_back_with_the_rows(lived: Lived, new_home: Settings) -> None:
    await restore.restore(new_home, lived.backup)
    asked = {
        "guards": """SELECT (tgrelid::regclass, tgname, tgenabled, pg_get_triggerdef(oid, true))::text
            FROM pg_trigger WHERE NOT tgisinternal""",
        # Rights that nobody changed are stored as such or not at all.
        "rights": """SELECT (relname, relrowsecurity, relforcerowsecurity, relpersistence, coalesce(relacl,
                acldefault(CASE relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, relowner)))::text
            FROM pg_class WHERE relnamespace = 'public'::regnamespace""",
        "columns": """SELECT (attrelid::regclass, attname, attacl)::text FROM pg_attribute
            WHERE attacl IS NOT NULL AND attrelid > 16384""",
        "walls": "SELECT (tablename, policyname, roles, qual, with_check)::text FROM pg_policies",
        "constraints": """SELECT (conrelid::regclass, conname, pg_get_constraintdef(oid, true))::text
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
        "functions": """SELECT (oid::regprocedure, prosecdef, proconfig, prosrc,
                coalesce(proacl, acldefault('f', proowner)))::text FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace""",
    }
    here, there = await owner_of(lived.settings), await owner_of(new_home)
    for what, query in asked.items():
        was = sorted(row[0] for row in await here.fetch(query))
        assert sorted(row[0] for row in await there.fetch(query)) == was, what
        assert was, what
    await here.close()
    await there.close()


async def test_an_old_entry_stays_closed_though_a_new_server_comes_to_its_transactions_number(
    lived: Lived, young_home: Settings
) -> None:
    await restore.restore(young_home, lived.backup)
    owner = await owner_of(young_home)
    now = await owner.fetchval("SELECT pg_current_xact_id()::text::bigint")
    old = await owner.fetchrow(
        """SELECT id, currency, effective_at, made_in::text::bigint AS made_in FROM ledger_entries
           WHERE made_in::text::bigint > $1 ORDER BY made_in DESC LIMIT 1""",
        now + 10,
    )
    assert old is not None, f"the new server is at {now} already: the backup should remember later ones"
    extend = f"""INSERT INTO ledger_transfers
        (entry_id, leg, currency, debit_account_id, credit_account_id, amount_minor, phase, effective_at)
        SELECT entry_id, leg + 100, currency, debit_account_id, credit_account_id, 1, 'posted', effective_at
        FROM ledger_transfers WHERE entry_id = {old["id"]} AND phase = 'posted' LIMIT 1"""
    # Let the server count until its next transaction has the very number of the old entry's.
    await owner.execute(
        f"""DO $$ BEGIN LOOP
            EXIT WHEN pg_current_xact_id()::text::bigint >= {old["made_in"] - 1}; COMMIT;
        END LOOP; END $$"""
    )

    transaction = owner.transaction()
    await transaction.start()
    assert await owner.fetchval("SELECT pg_current_xact_id()::text::bigint") == old["made_in"]
    with pytest.raises(asyncpg.RestrictViolationError, match="is closed or dated otherwise"):
        async with owner.transaction():
            await owner.execute(extend)
    # And this is what the count that goes on prevents.
    await owner.execute(FROM_THE_BEGINNING)
    assert await owner.execute(extend) == "INSERT 0 1"
    await transaction.rollback()
    await owner.close()


async def test_a_dump_that_was_restored_by_hand_is_counted_on_by_migrate(
    lived: Lived, young_home: Settings
) -> None:
    await restore.restore(young_home, lived.backup)
    owner = await owner_of(young_home)
    await owner.execute(FROM_THE_BEGINNING)
    assert not await numbering.is_ahead(owner)
    [found] = await databases.migrations(young_home)
    assert (found.level, "by hand" in found.sentence) == ("FAILED", True)

    await migration.migrate(young_home.database_url or "")

    assert await numbering.is_ahead(owner)
    assert not await numbering.count_on(owner)
    await owner.close()


async def is_empty(settings: Settings) -> bool:
    owner = await owner_of(settings)
    found = await owner.fetchval("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
    await owner.close()
    return found == 0


async def test_nothing_is_restored_over_anything(lived: Lived, new_home: Settings) -> None:
    owner = await owner_of(new_home)
    await owner.execute("CREATE TABLE mine (id int)")
    with pytest.raises(ConflictError, match="This database is not empty"):
        await restore.restore(new_home, lived.backup)
    await owner.execute("DROP TABLE mine")
    new_home.files_folder.mkdir(parents=True)
    (new_home.files_folder / "mine").touch()
    with pytest.raises(ConflictError, match="restore into an empty folder"):
        await restore.restore(new_home, lived.backup)
    assert (
        await owner.fetchval("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 0
    )
    await owner.close()


async def test_files_are_not_restored_where_they_would_not_be_looked_for(
    lived: Lived, new_home: Settings
) -> None:
    with pytest.raises(ConflictError, match="S3_BUCKET is set"):
        await restore.restore(replaced(new_home, s3_bucket="elsewhere"), lived.backup)


async def test_a_restore_that_fails_half_way_leaves_the_database_empty(
    lived: Lived, new_home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = programs.feed

    def cut(program: Program, arguments: Sequence[str], url: str, content: IO[bytes]) -> None:
        whole = content.read()
        feed(program, arguments, url, io.BytesIO(whole[:-2_000]))

    monkeypatch.setattr(programs, "feed", cut)
    with pytest.raises(ConflictError, match="pg_restore ended with"):
        await restore.restore(new_home, lived.backup)
    owner = await owner_of(new_home)
    assert (
        await owner.fetchval("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 0
    )
    await owner.close()
    assert list(new_home.data_folder.iterdir()) == []


def changed(lived: Lived, folder: Path, **values: Any) -> Path:
    """Write a backup that is whole and says something else of itself."""
    path = folder / "changed.tar"
    with archive.opened(lived.backup) as backup, archive.Writer(path) as writer:
        at = lived.manifest.taken_at
        writer.add(archive.DUMP, backup.dump(), at, ignore)
        for place, content in backup.files():
            writer.add(archive.FILES + str(place), content, at, ignore)
        body = msgspec.json.encode(msgspec.structs.replace(lived.manifest, **values))
        writer.add(archive.MANIFEST, io.BytesIO(body), at, ignore)
    return path


def ignore(_: bytes) -> None:
    pass


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"migration": "2099_01_01t00_00_00", "product_version": "9.9"}, r"of a newer version \(9.9\)"),
        ({"owner": "somebody_else"}, "belong to the role somebody_else, and you connect as"),
        ({"dumped_by": 99}, "takes a pg_restore of PostgreSQL 99"),
    ],
)
async def test_what_cannot_be_restored_here_is_refused_before_anything_is_done(
    lived: Lived, new_home: Settings, tmp_path: Path, values: dict[str, Any], said: str
) -> None:
    with pytest.raises(PartnerNetworkError, match=said):
        await restore.restore(new_home, changed(lived, tmp_path, **values))
    assert await is_empty(new_home)


async def test_a_table_that_came_back_short_is_said(lived: Lived, new_home: Settings, tmp_path: Path) -> None:
    rows = lived.manifest.rows | {"brands": 5}
    with pytest.raises(ConflictError, match="4 rows of 5 came back to brands: do not use this database"):
        await restore.restore(new_home, changed(lived, tmp_path, rows=rows))


async def test_the_command_restores_and_says_what_comes_next(lived: Lived, new_home: Settings) -> None:
    environment = settings_for(
        new_home.database_url or "", new_home.role_urls["worker"], new_home.data_folder
    )
    environment["STRIPE_API_BASE"] = new_home.stripe_api_base or ""
    environment["PARTNER_NETWORK_SANDBOX"] = "on"

    done = run(environment, "restore", str(lived.backup))

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Restored what was there at 20")
    assert "run `partner-network verify`" in done.stdout
    proved = run(environment, "verify", "--without-stripe")
    assert (proved.returncode, proved.stderr) == (0, "")
    again = run(environment, "restore", str(lived.backup))
    assert (again.returncode, "empty" in again.stderr) == (2, True)
