"""What keeps an export small in memory changes nothing of what is read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from msgspec import Struct

from partner_network.dashboards.exporting.chained import DamagedError, Writer
from partner_network.dashboards.exporting.keeping import InFile, Instants, Shared

NOON = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
NEAR = UUID("01980000-0000-7000-8000-000000000001")
"""Two ids of one millisecond differ in their later half alone."""
NEXT = UUID("01980000-0000-7000-8000-000000000002")
LAST = UUID("ffffffff-ffff-ffff-ffff-ffffffffffff")


class Row(Struct, frozen=True, gc=False):
    brand: UUID
    currency: str
    minor: int


def test_an_instant_is_found_by_its_id_to_the_microsecond_and_no_other_one() -> None:
    instants = Instants([(NEAR, NOON), (NEXT, NOON + timedelta(microseconds=1)), (LAST, NOON)])
    assert [instants.get(one) for one in (NEAR, NEXT, LAST)] == [
        NOON,
        NOON + timedelta(microseconds=1),
        NOON,
    ]
    assert instants.get(UUID(int=NEAR.int - 1)) is None
    assert instants.get(UUID(int=NEXT.int + 1)) is None
    assert Instants([]).get(NEAR) is None


@pytest.mark.parametrize("ids", [(NEXT, NEAR), (NEAR, NEAR)])
def test_clicks_out_of_their_order_are_refused(ids: tuple[UUID, UUID]) -> None:
    with pytest.raises(ValueError, match="out of its place"):
        Instants((one, NOON) for one in ids)


def test_rows_share_what_they_say_alike_and_say_the_same_as_before() -> None:
    shared = Shared(Row)
    rows = [Row(UUID(int=n % 2), b"USD".decode(), 1_000_000 + n) for n in range(10_000)]
    for row in rows:
        shared.share(row)
    assert rows == [Row(UUID(int=n % 2), "USD", 1_000_000 + n) for n in range(10_000)]
    assert len({id(row.brand) for row in rows}) == len({0, 1})
    assert len({id(row.currency) for row in rows}) == 1


def test_rows_left_in_their_file_are_read_again_and_checked_each_time(tmp_path: Path) -> None:
    rows = [Row(UUID(int=n), "USD", n) for n in range(3)]
    with Writer(tmp_path / "rows.jsonl") as writer:
        for row in rows:
            writer.write(row)
    left = InFile(tmp_path / "rows.jsonl", Row, writer.sealed)
    assert (len(left), list(left), list(left)) == (3, rows, rows)
    said = (tmp_path / "rows.jsonl").read_text()
    (tmp_path / "rows.jsonl").write_text(said.replace('"minor":1', '"minor":2'))
    with pytest.raises(DamagedError, match="row 2"):
        list(left)
