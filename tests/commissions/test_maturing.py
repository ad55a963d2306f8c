"""What is earned becomes payable on its day: the later of hold and lock, in the agreement's own zone."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from partner_network.commissions.actions import mature
from partner_network.database import connections
from tests.conftest import Databases
from tests.statements import network
from tests.statements.network import day

INSTANT = datetime.resolution


@pytest.fixture
async def stream(databases: Databases, template: str) -> AsyncIterator[network.Stream]:
    async with network.fresh(databases, template):
        yield (await network.found())[0]


async def moves() -> list[tuple[int, datetime, datetime]]:
    """Amount, effect and record of each move from pending to payable; each commission says the same."""
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT t.amount_minor, e.effective_at, e.recorded_at, c.matured_at
               FROM ledger_entries e JOIN ledger_transfers t ON t.entry_id = e.id
               JOIN ledger_accounts f ON f.id = t.debit_account_id AND f.kind = 'pay_pending'
               JOIN ledger_accounts p ON p.id = t.credit_account_id AND p.kind = 'pay'
               JOIN commissions c ON c.id = t.commission_id ORDER BY e.effective_at, t.id"""
        )
    assert [row["matured_at"] for row in rows] == [row["effective_at"] for row in rows]
    return [(row["amount_minor"], row["effective_at"], row["recorded_at"]) for row in rows]


async def test_nothing_matures_an_instant_before_its_day_and_all_of_it_at_that_instant(
    stream: network.Stream,
) -> None:
    # January's orders lock three days into February; summer time does not matter yet
    await network.earn(stream, 700, day(1, 10), day(1, 10))
    assert await mature.mature_due(day(2, 4, 0) - INSTANT) == mature.Matured(0, ())
    assert await mature.mature_due(day(2, 4, 0)) == mature.Matured(1, ())
    assert await moves() == [(700, day(2, 4, 0), day(2, 4, 0))]


@pytest.mark.parametrize(
    ("occurred_at", "due_at"),
    [
        # the hold of five days ends after the lock of three: on the sixth, 00:00 of Berlin
        (day(1, 31, 23), datetime(2026, 2, 5, 23, tzinfo=UTC)),
        # the last hour of March is still March in Berlin; summer time has begun: 00:00 is 22:00 of UTC
        (datetime(2026, 3, 31, 21, 59, tzinfo=UTC), datetime(2026, 4, 5, 22, tzinfo=UTC)),
        (datetime(2026, 3, 31, 22, 0, tzinfo=UTC), datetime(2026, 5, 3, 22, tzinfo=UTC)),
        # a leap day locks with its February
        (datetime(2028, 2, 29, 11, tzinfo=UTC), datetime(2028, 3, 5, 23, tzinfo=UTC)),
    ],
)
async def test_a_move_takes_effect_on_the_day_of_the_terms_however_late_the_worker_comes(
    stream: network.Stream, occurred_at: datetime, due_at: datetime
) -> None:
    await network.earn(stream, 700, occurred_at, occurred_at)
    late = datetime(2028, 6, 1, tzinfo=UTC)
    await mature.mature_due(late)
    assert await moves() == [(700, due_at, late)]


async def test_what_is_known_only_after_its_day_matures_at_once_and_never_before_it_was_known(
    stream: network.Stream,
) -> None:
    await network.earn(stream, 700, day(1, 10), day(3, 20, 9))
    await mature.mature_due(day(3, 20, 10))
    assert await moves() == [(700, day(3, 20, 9), day(3, 20, 10))]


async def test_what_came_to_nothing_matures_without_a_move_and_what_changed_with_its_newest_amount(
    stream: network.Stream,
) -> None:
    nothing, less = [await network.earn(stream, 700, day(1, 10), day(1, 10)) for _ in range(2)]
    await network.revise(stream, nothing, (700, 0), day(1, 20))
    await network.revise(stream, less, (700, 250), day(1, 20))
    assert await mature.mature_due(day(2, 4, 0)) == mature.Matured(2, ())
    assert await moves() == [(250, day(2, 4, 0), day(2, 4, 0))]


async def test_more_than_a_transaction_takes_matures_all_the_same_and_once(
    stream: network.Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mature, "COMMISSIONS_AT_ONCE", 3)
    for minor in range(1, 9):
        await network.earn(stream, minor, day(1, 10), day(1, 10))
    assert await mature.mature_due(day(2, 4, 0)) == mature.Matured(8, ())
    assert sorted(amount for amount, _, _ in await moves()) == list(range(1, 9))
    assert await mature.mature_due(day(2, 4, 0)) == mature.Matured(0, ())
