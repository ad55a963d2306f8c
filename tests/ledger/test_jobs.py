"""Each night the whole ledger is examined once, and what is wrong is told."""

from datetime import UTC, date, datetime, timedelta

import pytest

from partner_network.database import connections
from partner_network.ledger import events, jobs
from partner_network.notifications.rules import values
from tests.conftest import FreshDatabase
from tests.ledger.conftest import fact, post
from tests.ledger.parties import PAIR

APRIL = datetime(2026, 4, 10, 12, tzinfo=UTC)
NIGHT = datetime(2026, 11, 20, 3, tzinfo=UTC)
NEXT = NIGHT + timedelta(days=1)


async def admin() -> None:
    pool = connections.pool()
    await pool.execute(
        """INSERT INTO members (id, email, name, password_hash, created_at)
           VALUES ('00000000-0000-0000-0000-0000000000f1', 'ada@network.test', 'Ada', 'x', now())"""
    )
    await pool.execute(
        """INSERT INTO memberships (id, member_id, brand_id, role, created_at)
           SELECT gen_random_uuid(), id, NULL, 'finance', now() FROM members"""
    )


async def damage(books: FreshDatabase, sql: str) -> None:
    owner = await books.connect("owner")
    try:
        async with owner.transaction():
            await owner.execute("ALTER TABLE ledger_balances DISABLE TRIGGER USER")
            await owner.execute("ALTER TABLE ledger_entries DISABLE TRIGGER USER")
            await owner.execute("ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_made_in_check")
            await owner.execute(sql)
    finally:
        await owner.close()


async def test_a_night_examines_the_ledger_once_and_keeps_what_was_found(books: FreshDatabase) -> None:
    assert books.name
    assert [await jobs.check_due(APRIL, NIGHT), await jobs.check_due(APRIL, NIGHT)] == [True, False]
    row = await connections.pool().fetchrow("SELECT * FROM ledger_checks")
    assert row is not None
    assert (row["night"], row["recorded_until"]) == (date(2026, 11, 20), datetime(2026, 4, 10, tzinfo=UTC))
    assert (row["accounts"], row["entries"], row["transfers"]) == (11, 11, 12)
    assert (row["differing"], row["differences"]) == (0, [])


async def test_before_the_night_nothing_is_examined(books: FreshDatabase) -> None:
    assert books.name
    assert not await jobs.check_due(APRIL, NIGHT.replace(hour=1, minute=59))
    assert await jobs.check_due(APRIL, NIGHT.replace(hour=2))


async def test_what_was_booked_since_leaves_the_trial_balance_of_the_night_before_as_it_was(
    books: FreshDatabase,
) -> None:
    assert books.name
    await jobs.check_due(APRIL, NIGHT)
    await post(events.accrue(fact("backdated"), PAIR, 70), at=APRIL)
    await jobs.check_due(APRIL + timedelta(days=1), NEXT)
    assert await connections.pool().fetchval("SELECT sum(differing) FROM ledger_checks") == 0


async def test_a_posting_slipped_into_the_past_changes_it_and_is_told(books: FreshDatabase) -> None:
    await admin()
    await jobs.check_due(APRIL, NIGHT)
    await post(events.accrue(fact("new"), PAIR, 70), at=APRIL)
    await damage(books, "UPDATE ledger_entries SET recorded_at = '2026-03-02' WHERE key = 'new'")
    await jobs.check_due(APRIL + timedelta(days=1), NEXT)
    said = await connections.pool().fetchval("SELECT differences FROM ledger_checks WHERE differing = 1")
    assert said == [
        (
            "What was recorded before 2026-04-10T00:00:00+00:00 comes to another trial balance than "
            "in the night of 2026-11-20."
        )
    ]


async def test_what_differs_is_kept_and_told_to_the_operator_once(books: FreshDatabase) -> None:
    await admin()
    await damage(books, "UPDATE ledger_balances SET credits_posted_minor = credits_posted_minor + 1")
    await jobs.check_due(APRIL, NIGHT)
    await jobs.check_due(APRIL, NIGHT)
    row = await connections.pool().fetchrow("SELECT differing, differences FROM ledger_checks")
    told = await connections.pool().fetch("SELECT kind, side, said::text FROM notifications")
    assert row is not None
    assert row["differing"] == len(row["differences"]) > 11
    assert [(one["kind"], one["side"]) for one in told] == [("ledger-differs", "operator")]
    assert values.decoded(told[0]["said"])["first"] == row["differences"][0]


async def test_a_look_that_is_broken_off_leaves_a_row_without_an_end(
    books: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert books.name

    async def fails(*_: object) -> None:
        raise OSError("the server is away")

    monkeypatch.setattr(jobs, "_changed_since", fails)
    with pytest.raises(OSError, match="away"):
        await jobs.check_due(APRIL, NIGHT)
    assert await connections.pool().fetchval("SELECT ended_at IS NULL FROM ledger_checks")
