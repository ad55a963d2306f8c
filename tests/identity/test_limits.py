import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.actions import limits as actions
from partner_network.identity.actions.limits import Limiter, Visitor
from partner_network.identity.rules import limits
from partner_network.identity.rules.limits import Bucket, Limit
from partner_network.kernel.errors import ForbiddenError, TooOftenError
from partner_network.kernel.keyring import Keyring
from tests.conftest import FreshDatabase

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
THREE_A_MINUTE = Bucket(("test", "one"), Limit(3, timedelta(minutes=1)))
OWNER, ATTACKER = Visitor("198.51.100.7"), Visitor("203.0.113.9")
KEYRING = Keyring(b"k" * 32)

Move = Callable[[timedelta], None]


@pytest.fixture
def move(monkeypatch: pytest.MonkeyPatch) -> Move:
    """Stand at START, and go on from there."""
    now = START

    def go(by: timedelta) -> None:
        nonlocal now
        now += by

    monkeypatch.setattr(clock, "wall_now", lambda: now)
    return go


@pytest.fixture
def limiter(database: FreshDatabase, move: Move) -> Limiter:
    del database, move  # they stand behind it
    return Limiter(KEYRING)


async def guess(limiter: Limiter, visitor: Visitor, *, account: str = "olivia@groove.example") -> None:
    """Try a wrong password."""
    with pytest.raises(ForbiddenError):
        async with limiter.attempt("sign-in", account, visitor):
            raise ForbiddenError("wrong")


async def sign_in(limiter: Limiter, visitor: Visitor, *, account: str = "olivia@groove.example") -> None:
    """Give the right password."""
    async with limiter.attempt("sign-in", account, visitor):
        pass


async def test_a_burst_is_let_through_and_then_one_at_a_time(limiter: Limiter, move: Move) -> None:
    first = [await limiter.count(THREE_A_MINUTE) for _ in range(4)]
    move(timedelta(seconds=20))
    later = [await limiter.count(THREE_A_MINUTE) for _ in range(2)]

    assert [one.is_let_through for one in first] == [True, True, True, False]
    assert [one.remaining(START) for one in first] == [2, 1, 0, 0]
    assert (first[0].reset_s(START), first[2].reset_s(START), first[3].wait_s(START)) == (20, 60, 20)
    assert [one.is_let_through for one in later] == [True, False]


async def test_what_is_refused_does_not_make_the_wait_longer(limiter: Limiter, move: Move) -> None:
    for _ in range(50):
        await limiter.count(THREE_A_MINUTE)
    move(timedelta(seconds=20))

    assert (await limiter.count(THREE_A_MINUTE)).is_let_through


async def test_each_counts_for_itself(limiter: Limiter) -> None:
    for _ in range(4):
        await limiter.count(THREE_A_MINUTE)

    other = Bucket(("test", "two"), THREE_A_MINUTE.limit)
    assert (await limiter.count(other)).remaining(START) == 2


async def test_processes_that_count_at_once_let_no_more_through_than_one(limiter: Limiter) -> None:
    limit = Bucket(("test", "many"), Limit(10, timedelta(minutes=1)))
    others = [Limiter(KEYRING) for _ in range(3)]

    counted = await asyncio.gather(*(one.count(limit) for one in [limiter, *others] for _ in range(10)))

    assert sum(one.is_let_through for one in counted) == 10


async def test_of_two_that_looked_at_the_same_moment_one_finds_the_bucket_full(
    limiter: Limiter, database: FreshDatabase
) -> None:
    await limiter.count(THREE_A_MINUTE)
    other = await database.connect("owner")
    other_transaction = other.transaction()
    await other_transaction.start()
    await other.execute("UPDATE rate_limits SET empty_at = empty_at + interval '40 s'")

    counting = asyncio.create_task(limiter.count(THREE_A_MINUTE))
    async with asyncio.timeout(30):
        while not await other.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110 - it waits in the database
            await asyncio.sleep(0.01)
    await other_transaction.commit()
    await other.close()

    assert not (await counting).is_let_through


async def test_guesses_sent_at_once_are_not_all_looked_at(limiter: Limiter) -> None:
    looked_at = 0

    async def try_one() -> None:
        nonlocal looked_at
        async with limiter.attempt("sign-in", "olivia@groove.example", ATTACKER):
            looked_at += 1
            await asyncio.sleep(0)
            raise ForbiddenError("wrong")

    tried = await asyncio.gather(*(try_one() for _ in range(40)), return_exceptions=True)

    assert looked_at == limits.DOORS["sign-in"].by_network.count
    assert {type(one) for one in tried} == {ForbiddenError, TooOftenError}
    for network in range(40):  # those that were refused have used nothing up for anybody else
        await guess(limiter, Visitor(f"192.0.{network}.9"))


async def test_a_guesser_waits_and_is_told_how_long(limiter: Limiter, move: Move) -> None:
    for _ in range(10):
        await guess(limiter, ATTACKER)

    with pytest.raises(TooOftenError) as refused:
        await sign_in(limiter, ATTACKER)

    assert refused.value.retry_after_s == 90
    assert "wait 90 seconds" in refused.value.detail
    move(timedelta(seconds=90))
    await guess(limiter, ATTACKER)
    with pytest.raises(TooOftenError):
        await guess(limiter, ATTACKER)


async def test_one_guesser_locks_nobody_out_who_comes_from_elsewhere(limiter: Limiter) -> None:
    for _ in range(10):
        await guess(limiter, ATTACKER)
    for _ in range(100):
        with pytest.raises(TooOftenError):
            await sign_in(limiter, ATTACKER)

    await sign_in(limiter, OWNER)


async def test_many_guessers_at_once_make_unknown_devices_wait_and_not_the_owners_own(
    limiter: Limiter,
) -> None:
    for network in range(50):
        await guess(limiter, Visitor(f"203.0.{network}.9"))

    with pytest.raises(TooOftenError) as refused:
        await sign_in(limiter, OWNER)
    assert "a browser in which you signed in before" in refused.value.detail
    await sign_in(limiter, Visitor(OWNER.address, device="her-laptop"))


async def test_a_known_device_that_was_stolen_has_limits_too(limiter: Limiter) -> None:
    stolen = Visitor(ATTACKER.address, device="her-laptop")
    for _ in range(10):
        await guess(limiter, stolen)

    with pytest.raises(TooOftenError):
        await guess(limiter, stolen)
    await sign_in(limiter, OWNER)


async def test_one_password_for_many_accounts_is_stopped_by_the_address(limiter: Limiter) -> None:
    for number in range(300):
        await guess(limiter, ATTACKER, account=f"person-{number}@groove.example")

    with pytest.raises(TooOftenError):
        await guess(limiter, ATTACKER, account="one-more@groove.example")
    await sign_in(limiter, OWNER)


async def test_signing_in_begins_anew_and_counts_nothing(limiter: Limiter) -> None:
    for _ in range(5):
        for _ in range(9):
            await guess(limiter, OWNER)
        await sign_in(limiter, OWNER)
    for _ in range(60):
        await sign_in(limiter, OWNER)

    for _ in range(5):
        await guess(limiter, ATTACKER)
    with pytest.raises(TooOftenError):
        await guess(limiter, ATTACKER)  # the owner's 45 mistakes and these: fifty from unknown devices
    left = await limiter.count(limits.bucket_of_requests("changes by address", "198.51.100.7"))
    assert left.remaining(START) == 300 - 111


async def test_nothing_that_is_stored_names_an_account_or_an_address(limiter: Limiter) -> None:
    await guess(limiter, ATTACKER)
    keys = {row["key"] for row in await connections.pool().fetch("SELECT key FROM rate_limits")}

    await connections.pool().execute("DELETE FROM rate_limits")
    await guess(Limiter(Keyring(b"o" * 32)), ATTACKER)

    others = {row["key"] for row in await connections.pool().fetch("SELECT key FROM rate_limits")}
    assert len(keys) == len(others) == 3
    assert not keys & others


async def test_the_worker_removes_what_counts_nothing_any_more(
    limiter: Limiter, database: FreshDatabase, move: Move
) -> None:
    await limiter.count(THREE_A_MINUTE)
    move(timedelta(seconds=15))
    await limiter.count(Bucket(("test", "two"), THREE_A_MINUTE.limit))
    worker = await database.connect("worker")

    async with worker.transaction():
        await actions.forget_empty(worker, START + timedelta(seconds=21))  # pyright: ignore[reportArgumentType] - a connection of its own is no less one

    assert await worker.fetchval("SELECT count(*) FROM rate_limits") == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await worker.execute("INSERT INTO rate_limits VALUES (decode(repeat('00', 16), 'hex'), now())")
    await worker.close()


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
        (None, ""),
    ],
)
def test_an_address_counts_alone_and_a_household_of_ipv6_together(address: str | None, line: str) -> None:
    assert limits.line_of(address) == line


@pytest.mark.parametrize(
    ("wait_s", "words"), [(1, "1 second"), (90, "90 seconds"), (120, "2 minutes"), (121, "3 minutes")]
)
def test_a_wait_is_told_in_words(wait_s: int, words: str) -> None:
    assert f"go on in {words}." in limits.too_many(wait_s)


def test_no_door_counts_an_account_by_itself_alone() -> None:
    for door in limits.DOORS:
        buckets = limits.buckets_of_attempt(door, " Olivia@groove.example", address=None, device=None)
        known = limits.buckets_of_attempt(door, "olivia@groove.example", address=None, device="hers")
        assert not {one.of for one in buckets} & {one.of for one in known}
        assert all("olivia@groove.example" in one.of for one in buckets[:2])
