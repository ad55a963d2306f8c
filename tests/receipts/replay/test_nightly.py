"""Each night the last closed period of each program is decided again."""

from datetime import UTC, date, datetime

import pytest

from partner_network.agreements.terms import Settlement
from partner_network.database import connections
from partner_network.database.addresses import Address
from partner_network.notifications.rules import values
from partner_network.receipts.replay import nightly, running
from tests.receipts.replay.conftest import Decided

APRIL = datetime(2026, 4, 10, 12, tzinfo=UTC)
NIGHT = datetime(2026, 11, 20, 3, tzinfo=UTC)


async def night(decided: Decided, *, at: datetime = NIGHT) -> int:
    return await nightly.replay_due(Address(decided.owner.url("worker"), None), APRIL, at)


async def admin() -> None:
    await connections.pool().execute(
        """INSERT INTO memberships (id, member_id, brand_id, role, created_at)
           SELECT gen_random_uuid(), id, NULL, 'admin', now() FROM members"""
    )


def test_the_last_closed_period_is_that_of_each_agreements_own_calendar() -> None:
    berlin = Settlement(currency="EUR", time_zone="Europe/Berlin")
    york = Settlement(currency="USD", time_zone="America/New_York", period="quarter")
    before_midnight_in_berlin = datetime(2026, 4, 30, 21, 59, tzinfo=UTC)
    assert nightly.last_closed([berlin], before_midnight_in_berlin) == (
        datetime(2026, 2, 28, 23, tzinfo=UTC),
        datetime(2026, 3, 31, 22, tzinfo=UTC),
    )
    assert nightly.last_closed([berlin, york], datetime(2026, 4, 30, 22, tzinfo=UTC)) == (
        datetime(2026, 1, 1, 5, tzinfo=UTC),
        datetime(2026, 4, 30, 22, tzinfo=UTC),
    )
    assert nightly.last_closed([], before_midnight_in_berlin) is None


async def test_a_night_proves_each_program_once_and_keeps_what_came_of_it(decided: Decided) -> None:
    assert [await night(decided), await night(decided)] == [1, 0]
    row = await connections.pool().fetchrow("SELECT * FROM replays")
    assert row is not None
    assert (row["night"], row["starts_at"]) == (date(2026, 11, 20), datetime(2026, 3, 1, 5, tzinfo=UTC))
    assert row["ends_at"] == datetime(2026, 4, 1, 4, tzinfo=UTC)
    assert (row["orders"], row["decisions"], row["differing"], row["differences"]) == (4, 5, 0, [])
    found = await running.replay(
        Address(decided.owner.url("worker"), None),
        decided.shop.program_id,
        row["starts_at"],
        row["ends_at"],
        processes=0,
    )
    assert row["digest"] == found.digest
    assert await night(decided, at=datetime(2026, 11, 21, 2, tzinfo=UTC)) == 1


async def test_before_the_night_nothing_is_done(decided: Decided) -> None:
    assert await night(decided, at=datetime(2026, 11, 20, 1, 59, tzinfo=UTC)) == 0


async def test_what_differs_is_kept_and_told_to_the_operator_once(decided: Decided) -> None:
    await admin()
    bob = "(SELECT id FROM conversions WHERE order_id = '00003')"
    await decided.damage("decisions", f"UPDATE decisions SET model = 'x' WHERE conversion_id = {bob}")
    await night(decided)
    row = await connections.pool().fetchrow("SELECT differing, differences FROM replays")
    assert row is not None
    assert (row["differing"], len(row["differences"])) == (1, 1)
    told = await connections.pool().fetchrow("SELECT kind, side, said::text FROM notifications")
    assert told is not None
    said = values.decoded(told["said"])
    assert (told["kind"], told["side"], said["count"]) == ("replay-differs", "operator", 1)
    assert str(said["first"]).startswith("Decision 1 on the sale 00003 is stored as")


async def test_a_replay_that_is_broken_off_leaves_a_row_without_an_end(
    decided: Decided, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise OSError("the server is away")

    monkeypatch.setattr(running, "replay", fails)
    with pytest.raises(OSError, match="away"):
        await night(decided)
    assert await connections.pool().fetchval("SELECT ended_at IS NULL FROM replays")
