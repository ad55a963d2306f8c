"""What has grown old goes, once a day, in bounded steps, and nothing else does."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID, uuid4

import asyncpg
import pytest

from partner_network.database import connections
from partner_network.kernel import ids
from partner_network.privacy import jobs
from partner_network.privacy.rules import periods, register
from tests.conftest import FreshDatabase

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@pytest.fixture
async def owner(database: FreshDatabase) -> AsyncIterator[Owner]:
    """The owner of the tables; the process itself has the worker's rights and no more."""
    await connections.close_pool()
    role = None if database.url("worker") != database.url() else "partner_network_worker"
    await connections.open_pool(database.url("worker"), role=role, max_size=4)
    connection = await database.connect("owner")
    yield connection
    await connection.close()


async def person(owner: Owner) -> UUID:
    member_id = uuid4()
    await owner.execute(
        "INSERT INTO members (id, email, name, password_hash, created_at) VALUES ($1, $2, 'Mo', '-', $3)",
        member_id,
        f"{member_id.hex}@x.test",
        NOW,
    )
    return member_id


async def session(owner: Owner, expires_at: datetime) -> None:
    await owner.execute(
        """INSERT INTO sessions (token_hash, member_id, csrf_token, created_at, last_seen_at, expires_at)
           VALUES ($1, $2, 'x', $3, $3, $3)""",
        uuid4().bytes,
        await person(owner),
        expires_at,
    )


async def invitation(owner: Owner, expires_at: datetime, accepted_at: datetime | None = None) -> None:
    await owner.execute(
        """INSERT INTO invitations (id, token_hash, role, email, invited_by, created_at,
               expires_at, accepted_at)
           VALUES ($1, $2, 'admin', 'a@x.test', $3, $4, $4, $5)""",
        uuid4(),
        uuid4().bytes,
        await person(owner),
        expires_at,
        accepted_at,
    )


async def clicks(owner: Owner, *instants: datetime) -> list[UUID]:
    made = [ids.new_id(at) for at in instants]
    await owner.executemany(
        """INSERT INTO clicks (click_id, at, recorded_at, link_id, partnership_id, program_id, advertiser_id,
               partner_id, visitor_key, consent, country, network_prefix, subs)
           VALUES ($1, $2, $2, $1, $1, $1, $1, $1, '\\x01', 'granted', 'DE', '203.0.113.0/24', '{mail}')""",
        list(zip(made, instants, strict=True)),
    )
    return made


async def origins(owner: Owner) -> Sequence[tuple[object, ...]]:
    rows = await owner.fetch("SELECT country, network_prefix, subs FROM clicks ORDER BY at")
    return [tuple(row) for row in rows]


HERE, NOWHERE = ("DE", "203.0.113.0/24", ["mail"]), (None, None, [])


async def test_sessions_go_a_week_after_their_end_by_the_walls_clock(owner: Owner) -> None:
    for days in (8, 6, -1):
        await session(owner, NOW - days * DAY)

    await jobs.let_go(NOW + 400 * DAY, NOW)

    left = await owner.fetch("SELECT expires_at FROM sessions ORDER BY 1")
    assert [row["expires_at"] for row in left] == [NOW - 6 * DAY, NOW + DAY]


async def test_invitations_go_ninety_days_after_their_use_or_end_by_the_business_clock(owner: Owner) -> None:
    await invitation(owner, NOW - 91 * DAY)
    await invitation(owner, NOW - 95 * DAY, accepted_at=NOW - 89 * DAY)
    await invitation(owner, NOW + DAY, accepted_at=NOW - 91 * DAY)
    await invitation(owner, NOW - 89 * DAY)

    await jobs.let_go(NOW, NOW + 400 * DAY)

    left = await owner.fetch("SELECT expires_at FROM invitations ORDER BY 1")
    assert [row["expires_at"] for row in left] == [NOW - 95 * DAY, NOW - 89 * DAY]


async def test_what_stripe_said_is_emptied_and_that_it_came_is_kept(owner: Owner) -> None:
    for event, handled_at in (("old", NOW - 401 * DAY), ("new", NOW - 399 * DAY), ("open", None)):
        await owner.execute(
            """INSERT INTO stripe_events (event_id, type, object_id, payload, received_at, handled_at)
               VALUES ($1, 'x', 'y', 'said', $2, $3)""",
            event,
            NOW - 500 * DAY,
            handled_at,
        )

    await jobs.let_go(NOW, NOW)

    rows = await owner.fetch("SELECT event_id, payload FROM stripe_events ORDER BY 1")
    assert [tuple(row) for row in rows] == [("new", b"said"), ("old", b""), ("open", b"said")]


async def test_clicks_lose_their_origin_after_thirteen_months_and_nothing_else(owner: Owner) -> None:
    (old, *_) = await clicks(
        owner,
        datetime(2025, 10, 1, tzinfo=UTC) - timedelta(milliseconds=1),
        datetime(2025, 10, 1, tzinfo=UTC),
        NOW,
    )
    before = await owner.fetchrow("SELECT * FROM clicks WHERE click_id = $1", old)

    await jobs.let_go(NOW, NOW)

    assert await origins(owner) == [NOWHERE, HERE, HERE]
    after = await owner.fetchrow("SELECT * FROM clicks WHERE click_id = $1", old)
    assert before is not None
    assert after is not None
    gone = {"country": None, "network_prefix": None, "subs": []}
    assert dict(after) == dict(before) | gone


async def test_much_goes_in_batches_and_the_rest_the_next_time(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(periods, "BATCH_ROWS", 2)
    monkeypatch.setattr(periods, "BATCHES_MAX", 2)
    long_ago = NOW - 500 * DAY
    await clicks(owner, *(long_ago + n * timedelta(seconds=1) for n in range(5)))
    for n in range(5):
        await session(owner, long_ago + n * DAY)

    await jobs.let_go(NOW, NOW)
    first = (await origins(owner)).count(NOWHERE), await owner.fetchval("SELECT count(*) FROM sessions")
    await jobs.let_go(NOW, NOW + timedelta(minutes=1))
    second = (await origins(owner)).count(NOWHERE), await owner.fetchval("SELECT count(*) FROM sessions")

    assert (first, second) == ((4, 1), (5, 0))


async def test_many_workers_do_each_days_work_once(owner: Owner) -> None:
    await jobs.let_go(NOW, NOW)
    ran_at = await owner.fetch("SELECT ran_at FROM retentions")
    await session(owner, NOW - 30 * DAY)

    await asyncio.gather(*(jobs.let_go(NOW, NOW + 23 * timedelta(hours=1)) for _ in range(3)))
    assert await owner.fetchval("SELECT count(*) FROM sessions") == 1, "not yet a day"
    await asyncio.gather(*(jobs.let_go(NOW, NOW + DAY) for _ in range(3)))

    assert await owner.fetchval("SELECT count(*) FROM sessions") == 0
    assert {row["ran_at"] for row in ran_at} == {NOW}
    assert {row["ran_at"] for row in await owner.fetch("SELECT ran_at FROM retentions")} == {NOW + DAY}


@pytest.mark.parametrize("role", ["web", "redirect", "worker"])
async def test_no_role_changes_a_click_by_itself(database: FreshDatabase, owner: Owner, role: str) -> None:
    await clicks(owner, NOW - 500 * DAY)
    other = await database.connect(role)
    try:
        for change in ("country = NULL", "consent = 'denied'"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await other.execute(f"UPDATE clicks SET {change}")
        if role != "worker":
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await other.fetchval("SELECT forget_click_origins($1, $2, 9)", UUID(int=0), NOW)
    finally:
        await other.close()
    assert await origins(owner) == [HERE]


@pytest.mark.parametrize(
    "change",
    [
        "SET consent = 'denied', visitor_key = NULL, country = NULL, network_prefix = NULL, subs = '{}'",
        "SET excluded = 'bot', country = NULL, network_prefix = NULL, subs = '{}'",
        "SET country = 'FR'",
        "SET country = NULL",
    ],
)
@pytest.mark.parametrize("month", [datetime(2025, 3, 5, tzinfo=UTC), NOW])
async def test_even_the_owner_of_the_table_can_only_make_a_click_forget_all_of_its_origin(
    owner: Owner, change: str, month: datetime
) -> None:
    await owner.execute("SELECT ensure_click_partition('2026-11-01')")  # NOW's, the other is the default one
    await clicks(owner, month)

    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await owner.execute(f"UPDATE clicks {change}")
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await owner.execute("DELETE FROM clicks")

    await owner.execute("UPDATE clicks SET country = NULL, network_prefix = NULL, subs = '{}'")
    assert await origins(owner) == [NOWHERE]


def test_every_period_is_of_a_table_in_the_register_and_says_why() -> None:
    for period in periods.PERIODS:
        assert period.table in {*register.HOLDINGS, *register.WITHOUT_PEOPLE}
        assert len(period.why) > 20
    assert len({period.task for period in periods.PERIODS}) == len(periods.PERIODS)


@pytest.mark.parametrize(
    ("at", "months", "start"),
    [
        (datetime(2026, 11, 22, 12, 5, tzinfo=UTC), 13, datetime(2025, 10, 1, tzinfo=UTC)),
        (datetime(2026, 1, 31, tzinfo=UTC), 1, datetime(2025, 12, 1, tzinfo=UTC)),
        (datetime(2024, 2, 29, tzinfo=UTC), 12, datetime(2023, 2, 1, tzinfo=UTC)),
    ],
)
def test_months_are_counted_from_the_beginning_of_the_month(
    at: datetime, months: int, start: datetime
) -> None:
    assert periods.months_before(at, months) == start
