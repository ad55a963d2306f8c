from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from structlog.testing import capture_logs

from partner_network.clicks.actions import ship
from partner_network.clicks.actions.spool import Spool
from partner_network.clicks.rules import Click
from partner_network.database import connections
from partner_network.kernel import ids
from tests.links.cast import Network

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 13, tzinfo=UTC)


def a_click(*, country: str = "DE") -> Click:
    one = uuid4()
    return Click(
        ids.new_id(AT), AT, one, one, one, one, one, b"key", "granted", None, country, None, ("a", "b")
    )


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    spool = Spool(tmp_path / "spool")
    spool.prepare()
    return spool


async def ship_all(spool: Spool) -> int:
    async with connections.pool().acquire() as connection:
        return await ship.ship_waiting(spool, connection, late_at=LATER)


def test_what_is_spooled_is_read_again_unchanged(spool: Spool) -> None:
    clicks = [a_click() for _ in range(3)]
    spool.append(clicks[:2])
    spool.append(clicks[2:])
    spool.finish()
    (path,) = spool.waiting()
    with spool.adopt(path) as file:
        assert file is not None
        assert [msgspec.json.decode(line, type=Click) for line in file] == clicks


def test_a_file_being_written_belongs_to_its_writer(spool: Spool) -> None:
    spool.append([a_click()])
    (path,) = spool.waiting()
    with spool.adopt(path) as file:
        assert file is None


def test_a_file_that_one_process_ships_is_left_alone_by_the_others(spool: Spool) -> None:
    spool.append([a_click()])
    spool.finish()
    (path,) = spool.waiting()
    with spool.adopt(path) as mine, spool.adopt(path) as theirs:
        assert (mine is not None, theirs) == (True, None)


def test_a_file_that_is_gone_is_nobodys(spool: Spool, tmp_path: Path) -> None:
    with spool.adopt(tmp_path / "spool" / "gone.clicks") as file:
        assert file is None


async def test_shipping_twice_records_once(network: Network, spool: Spool) -> None:
    clicks = [a_click() for _ in range(3)]
    for _ in range(2):
        spool.append(clicks)
        spool.finish()
        assert await ship_all(spool) == 3
    rows = await network.fetch("SELECT click_id, recorded_at, subs FROM clicks ORDER BY click_id")
    assert [tuple(row) for row in rows] == [(click.click_id, LATER, ["a", "b"]) for click in clicks]
    assert spool.waiting() == []


async def test_a_line_that_a_crash_tore_was_never_answered_and_is_left_out(
    network: Network, spool: Spool
) -> None:
    spool.append([a_click()])
    spool.finish()
    (path,) = spool.waiting()
    path.write_bytes(path.read_bytes() + msgspec.json.encode(a_click())[:-20])
    assert await ship_all(spool) == 1
    assert len(await network.fetch("SELECT * FROM clicks")) == 1
    assert list(path.parent.iterdir()) == []


async def test_a_click_that_the_database_will_never_take_is_put_aside_and_the_rest_shipped(
    network: Network, spool: Spool
) -> None:
    bad, good = a_click(country="D\x00"), [a_click(), a_click()]
    spool.append([good[0], bad, good[1]])
    spool.finish()
    (path,) = spool.waiting()
    with capture_logs() as logs:
        assert await ship_all(spool) == 2
    (aside,) = path.parent.iterdir()
    assert msgspec.json.decode(aside.read_bytes(), type=Click) == bad
    assert [(entry["event"], entry["clicks"]) for entry in logs] == [("clicks_refused", 1)]
    assert len(await network.fetch("SELECT * FROM clicks")) == 2


async def test_more_clicks_than_one_insert_takes_are_all_shipped(network: Network, spool: Spool) -> None:
    spool.append([a_click() for _ in range(ship.CLICKS_AT_ONCE + 1)])
    spool.finish()
    assert await ship_all(spool) == ship.CLICKS_AT_ONCE + 1
    assert len(await network.fetch("SELECT * FROM clicks")) == ship.CLICKS_AT_ONCE + 1
