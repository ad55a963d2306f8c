"""The key is changed while everything goes on, and afterwards the former one is needed by nobody."""

import asyncio
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from partner_network.database import connections, jobs
from partner_network.gateways.mailer import letters
from partner_network.gateways.mailer.letter import Letter
from partner_network.identity import passwords
from partner_network.identity.actions import resets
from partner_network.identity.rules import factors
from partner_network.kernel.errors import ConflictError
from partner_network.kernel.keyring import Keyring
from partner_network.operations import rotation
from partner_network.operations.rotation import REGISTER, Progress
from partner_network.settings import Settings
from tests import doors
from tests.conftest import FreshDatabase
from tests.identity import authenticators
from tests.identity.authenticators import Watch
from tests.operations.conftest import run
from tests.shipping.image import ROOT
from tests.test_cli import settings_for

FORMER, PRESENT = b"f" * 32, b"p" * 32
OLIVIA = "olivia@groove.example"
LETTER = Letter(to=OLIVIA, subject="Hello", text="Your link: ...", kind="reset")


def under(settings: Settings, present: bytes, *former: bytes) -> Settings:
    return msgspec.structs.replace(settings, secret_key=present, former_secret_keys=former)


async def rotated(settings: Settings) -> dict[str, Progress]:
    return {one.table: one async for one in rotation.rotate(settings)}


async def test_every_sealed_column_of_the_database_is_in_the_register(database: FreshDatabase) -> None:
    assert database.name
    found = await connections.pool().fetch(
        """SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables
               USING (table_schema, table_name)
           WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND data_type = 'bytea'
               AND column_name LIKE '%sealed%'"""
    )
    # A job's payload is sealed for one kind of job, and is named otherwise.
    registered = {(one.table, one.column) for one in REGISTER if one.table != "pgqueuer"}
    assert {tuple(row) for row in found} == registered


def test_every_purpose_that_anything_is_sealed_for_is_in_the_register() -> None:
    source = {path: path.read_text() for path in (ROOT / "partner_network").rglob("*.py")}
    sealing = [path for path, text in source.items() if "keyring.seal(" in text]
    assert len(sealing) == len(REGISTER), sealing


@pytest.fixture
def installed(database: FreshDatabase, tmp_path: Path) -> Settings:
    return under(doors.settings(database, tmp_path), FORMER)


async def test_people_go_on_as_if_nothing_had_happened(
    database: FreshDatabase,
    installed: Settings,
    watch: Watch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passwords, "_hasher", doors._HASHER)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - as the fixture does
    settings = installed

    def current(*_: object, **_named: object) -> Settings:
        return settings

    monkeypatch.setattr(doors, "settings", current)
    async with doors.serving(database, tmp_path) as network:
        shop = await network.brand("groove-street")
        await network.person(OLIVIA, shop, ["owner"])
        olivia = await network.signed_in(OLIVIA, has_given_factor=False)
        app, _ = await authenticators.enrol(olivia, watch)
        cookies = olivia.client.cookies

    settings = under(installed, PRESENT, FORMER)
    resealed = await rotated(settings)
    assert resealed["second_factors"] == Progress("second_factors", 1, 1, 0)

    settings = under(installed, PRESENT)
    async with doors.serving(database, tmp_path) as network:
        browser = await network.browser()
        browser.client.cookies.update(cookies)
        assert (await browser.get("/api/v1/sessions/current")).status_code == 200
        body = {"email": OLIVIA, "password": doors.PASSWORD, "code": app.next_code()}
        assert (await (await network.browser()).post("/api/v1/sessions", body)).status_code == 201


async def test_what_waits_sealed_can_be_read_under_the_new_key_alone(
    database: FreshDatabase, installed: Settings
) -> None:
    assert database.name
    async with connections.transaction() as connection:
        letter_id = await letters.post(connection, installed.keyring, LETTER)
        await jobs.enqueue(connection, "other", b"plain")
    await resets.ask_for_reset(OLIVIA, installed)

    resealed = await rotated(under(installed, PRESENT, FORMER))

    assert resealed["letters"].resealed == resealed["pgqueuer"].resealed == 1
    ring = Keyring(PRESENT)
    sealed = await connections.pool().fetchval("SELECT sealed FROM letters WHERE id = $1", letter_id)
    assert msgspec.json.decode(ring.open(letters.SEALED_FOR, sealed), type=Letter) == LETTER
    await resets.offer_reset(
        await connections.pool().fetchval("SELECT payload FROM pgqueuer WHERE entrypoint = $1", resets.OFFER),
        under(installed, PRESENT),
    )
    other = await connections.pool().fetchval("SELECT payload FROM pgqueuer WHERE entrypoint = 'other'")
    assert other == b"plain"


async def fill(count: int, key: bytes = FORMER) -> None:
    member_id = uuid4()
    await connections.pool().execute(
        "INSERT INTO members (id, email, name, password_hash, created_at) VALUES ($1, $2, 'M', '-', now())",
        member_id,
        f"{member_id}@a.test",
    )
    await connections.pool().executemany(
        """INSERT INTO second_factors (id, member_id, kind, name, sealed_key, created_at)
           VALUES ($1, $2, 'totp', 'App', $3, now())""",
        [(uuid4(), member_id, Keyring(key).seal(factors.SEALED_FOR, b"key %d" % n)) for n in range(count)],
    )


async def contents(ring: Keyring) -> list[bytes]:
    rows = await connections.pool().fetch("SELECT sealed_key FROM second_factors")
    return sorted(ring.open(factors.SEALED_FOR, row["sealed_key"]) for row in rows)


async def test_a_change_that_was_broken_off_goes_on_and_a_second_one_changes_nothing(
    database: FreshDatabase, installed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database.name
    monkeypatch.setattr(rotation, "ROWS_AT_ONCE", 4)
    await fill(10)
    changed = under(installed, PRESENT, FORMER)

    first = rotation.rotate(changed)
    assert await anext(first) == Progress("second_factors", 4, 4, 0)
    await first.aclose()
    assert (await rotated(changed))["second_factors"] == Progress("second_factors", 10, 6, 0)
    before = await connections.pool().fetch("SELECT sealed_key FROM second_factors ORDER BY id")
    assert (await rotated(changed))["second_factors"] == Progress("second_factors", 10, 0, 0)

    assert await connections.pool().fetch("SELECT sealed_key FROM second_factors ORDER BY id") == before
    assert await contents(Keyring(PRESENT)) == [b"key %d" % n for n in range(10)]


async def test_what_no_key_opens_is_counted_and_left_as_it_is(
    database: FreshDatabase, tmp_path: Path
) -> None:
    await fill(2)
    await fill(1, key=b"l" * 32)
    environment = settings_for(database.url(), database.url("worker"), tmp_path)
    environment["PARTNER_NETWORK_SECRET_KEY"] = PRESENT.decode()
    environment["PARTNER_NETWORK_FORMER_SECRET_KEYS"] = FORMER.decode()

    done = run(environment, "rotate-keys")

    assert done.returncode == 1
    assert done.stderr.startswith("Sealed under keys that are not here: 1 in second_factors.")
    environment["PARTNER_NETWORK_FORMER_SECRET_KEYS"] += " " + "l" * 32
    again = run(environment, "rotate-keys")
    assert (again.returncode, again.stderr) == (0, "")
    assert "second_factors: 3 looked at, 1 sealed anew" in again.stdout
    assert "PARTNER_NETWORK_FORMER_SECRET_KEYS may go at 20" in again.stdout
    assert len(await contents(Keyring(PRESENT))) == 3


async def test_without_a_former_key_there_is_nothing_to_change_from(installed: Settings) -> None:
    with pytest.raises(ConflictError, match="FORMER_SECRET_KEYS is empty"):
        await rotated(under(installed, PRESENT))


async def test_a_value_that_is_replaced_meanwhile_is_not_put_back(
    database: FreshDatabase, installed: Settings
) -> None:
    await fill(1)
    owner = await database.connect("owner")
    transaction = owner.transaction()
    await transaction.start()
    new = Keyring(PRESENT).seal(factors.SEALED_FOR, b"new")
    await owner.execute("UPDATE second_factors SET sealed_key = $1", new)
    rotating = asyncio.create_task(rotated(under(installed, PRESENT, FORMER)))
    async with asyncio.timeout(30):
        while not await connections.pool().fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            assert not rotating.done()
            await asyncio.sleep(0.02)
    await transaction.commit()
    await owner.close()

    assert (await rotating)["second_factors"] == Progress("second_factors", 1, 0, 0)
    assert await contents(Keyring(PRESENT)) == [b"new"]
