from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest
from structlog.testing import capture_logs

from partner_network.clicks import jobs
from partner_network.clicks.actions import salts
from partner_network.database import connections
from partner_network.kernel import ids
from tests.clicks import served
from tests.clicks.served import Redirect
from tests.conftest import FreshDatabase
from tests.links.cast import Network

PARTITIONS = """SELECT inhrelid::regclass::text AS name FROM pg_inherits
    WHERE inhparent = 'clicks'::regclass ORDER BY 1"""
DAY = date(2026, 3, 1)


async def partitions(network: Network) -> list[str]:
    return [row["name"] for row in await network.fetch(PARTITIONS)]


async def prepare(at: datetime) -> None:
    async with connections.transaction() as connection:
        await jobs.prepare_partitions(connection, at)


async def insert_click(network: Network, at: datetime) -> None:
    one = ids.new_id(at)
    await network.fetch(
        """INSERT INTO clicks (click_id, at, recorded_at, link_id, partnership_id, program_id, advertiser_id,
               partner_id, consent) VALUES ($1, $2, $2, $1, $1, $1, $1, $1, 'unknown')""",
        one, at,
    )  # fmt: skip


async def place_of(network: Network, at: datetime) -> str:
    await insert_click(network, at)
    (row,) = await network.fetch("SELECT tableoid::regclass::text AS place FROM clicks WHERE at = $1", at)
    return row["place"]


async def test_this_month_and_the_next_two_get_their_partitions_across_the_turn_of_the_year(
    network: Network,
) -> None:
    await prepare(datetime(2026, 11, 21, tzinfo=UTC))
    assert await partitions(network) == [
        "clicks_2026_11",
        "clicks_2026_12",
        "clicks_2027_01",
        "clicks_default",
    ]


async def test_preparing_again_changes_nothing(network: Network) -> None:
    for _ in range(2):
        await prepare(datetime(2026, 11, 21, tzinfo=UTC))
    assert len(await partitions(network)) == 4


async def test_a_click_lies_in_the_month_it_was_made_in_to_the_millisecond(network: Network) -> None:
    await prepare(datetime(2026, 11, 21, tzinfo=UTC))
    first = datetime(2026, 12, 1, tzinfo=UTC)
    assert await place_of(network, first - timedelta(milliseconds=1)) == "clicks_2026_11"
    assert await place_of(network, first) == "clicks_2026_12"


async def test_clicks_that_came_before_their_partition_stay_in_the_default_one(network: Network) -> None:
    await insert_click(network, datetime(2026, 12, 5, tzinfo=UTC))
    with capture_logs() as logs:
        await prepare(datetime(2026, 11, 21, tzinfo=UTC))
    assert [(entry["event"], entry["month"]) for entry in logs] == [
        ("click_partition_too_late", "2026-12-01")
    ]
    assert await partitions(network) == ["clicks_2026_11", "clicks_2027_01", "clicks_default"]


async def test_a_recorded_click_is_never_changed_or_removed_by_the_redirect(
    network: Network, redirect: Redirect, database: FreshDatabase
) -> None:
    await redirect.click(await network.make_link())
    connection = await database.connect("redirect")
    try:
        for wish in (
            "UPDATE clicks SET consent = 'granted'",
            "DELETE FROM clicks",
            "SELECT country FROM clicks",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(wish)
    finally:
        await connection.close()


async def test_all_processes_share_the_salt_of_a_day(network: Network) -> None:
    async with connections.transaction() as connection:
        first = await salts.salt_of_day(connection, DAY)
        assert await salts.salt_of_day(connection, DAY) == first
    assert first is not None
    assert len(first) == 32
    assert network


async def test_each_day_has_its_own_salt_and_the_one_before_is_destroyed(network: Network) -> None:
    async with connections.transaction() as connection:
        first = await salts.salt_of_day(connection, DAY)
        assert await salts.salt_of_day(connection, DAY + timedelta(days=1)) != first
    assert [row["day"] for row in await network.fetch("SELECT day FROM visitor_salts")] == [date(2026, 3, 2)]


async def test_salts_of_days_that_are_over_are_destroyed_though_nobody_clicks(network: Network) -> None:
    async with connections.transaction() as connection:
        await salts.salt_of_day(connection, DAY)
        await jobs.destroy_old_salts(connection, datetime(2026, 3, 1, 23, 59, tzinfo=UTC))
        assert await connection.fetchval("SELECT count(*) FROM visitor_salts") == 1
        await jobs.destroy_old_salts(connection, datetime(2026, 3, 2, tzinfo=UTC))
        assert await connection.fetchval("SELECT count(*) FROM visitor_salts") == 0
    assert network


async def test_salts_stay_out_of_the_write_ahead_log_and_so_out_of_backups(network: Network) -> None:
    (row,) = await network.fetch("SELECT relpersistence FROM pg_class WHERE relname = 'visitor_salts'")
    assert row["relpersistence"] == b"u"


@pytest.mark.parametrize("role", ["web", "worker"])
async def test_no_other_role_reads_a_salt(database: FreshDatabase, role: str) -> None:
    connection = await database.connect(role)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("SELECT salt FROM visitor_salts")
    finally:
        await connection.close()


async def test_the_worker_may_destroy_salts_and_make_partitions(database: FreshDatabase) -> None:
    connection = await database.connect("worker")
    try:
        async with connection.transaction():
            await connection.execute("DELETE FROM visitor_salts WHERE day < $1", DAY)
            await connection.execute("SELECT ensure_click_partition($1)", DAY)
    finally:
        await connection.close()


async def test_a_process_forgets_the_salt_of_a_day_that_is_over(
    redirect: Redirect, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    await redirect.click(await network.make_link())
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    async def in_a_day() -> datetime:
        return tomorrow

    monkeypatch.setattr(redirect.recorder, "now", in_a_day)

    async def is_forgotten() -> bool:
        return not redirect.recorder.holds_salt

    assert redirect.recorder.holds_salt
    await served.eventually(is_forgotten)
