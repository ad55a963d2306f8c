"""Letters about messages: each message in exactly one, whoever dies or comes twice in between."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.mailer import letters as mail
from partner_network.gateways.mailer.folder import FolderSender, letters_in
from partner_network.gateways.mailer.letters import PostOffice
from partner_network.notifications.actions import post, tell
from partner_network.settings import Settings
from tests.doors import Network, settings
from tests.notifications.cast import HELD, Cast, cast_of, tell_held

DYING = Path(__file__).with_name("dying_worker.py")


@pytest.fixture
async def at_work(network: Network, tmp_path: Path) -> AsyncIterator[tuple[Network, Cast, Settings]]:
    """The cast, in a process with the worker's rights."""
    cast = await cast_of(network)
    async with network.as_worker():
        yield network, cast, settings(network.database, tmp_path)


async def told(network: Network, kind: str = "payout-held") -> list[str]:
    return [letter.to for letter in await network.letters(kind)]


async def tell_olivia(cast: Cast, *facts: str, kind: str = "payout-paid") -> None:
    async with connections.transaction() as connection:
        for fact in facts:
            await tell.notify(connection, kind, fact, tell.brand(cast.needle), said={**HELD, "number": fact})


async def test_a_message_that_is_told_at_once_is_in_one_letter_for_each_who_is_told(
    at_work: tuple[Network, Cast, Settings],
) -> None:
    network, cast, known = at_work
    await tell_held(cast)

    for _ in range(3):
        await post.post_due(known, clock.wall_now())

    assert sorted(await told(network)) == ["finn@operator.example", "olivia@needle.example"]
    letter_ids = await network.owner.fetch("SELECT letter_id FROM notifications")
    kept = await network.owner.fetch("SELECT id FROM letters")
    assert {row["letter_id"] for row in letter_ids} == {row["id"] for row in kept}


async def test_of_many_workers_at_once_one_writes_each_letter(
    at_work: tuple[Network, Cast, Settings],
) -> None:
    network, cast, known = at_work
    await tell_olivia(cast, "1", "2", "3")

    await asyncio.gather(*(post.post_due(known, clock.wall_now()) for _ in range(6)))

    assert await told(network, "payout-paid") == ["olivia@needle.example"] * 3


@pytest.mark.parametrize("dies_at", ["letter written", "message noted", "letter sent", "letter closed"])
async def test_a_worker_that_is_killed_between_steps_loses_no_letter_and_sends_none_twice(
    network: Network, tmp_path: Path, dies_at: str
) -> None:
    cast = await cast_of(network)
    await tell_held(cast)
    known = settings(network.database, tmp_path)
    program = [sys.executable, str(DYING), network.database.url("worker"), str(tmp_path), dies_at]

    dying = await asyncio.create_subprocess_exec(*program)
    assert await dying.wait() == -signal.SIGKILL

    async with network.as_worker():
        await work_to_the_end(network, known)
        await work_to_the_end(network, known)
    sent = letters_in(known.outbox_folder, limit=10)
    assert sorted(letter.to for letter in sent) == ["finn@operator.example", "olivia@needle.example"]
    assert await network.owner.fetchval("SELECT count(*) FROM letters WHERE sent_at IS NOT NULL") == 2


async def work_to_the_end(network: Network, known: Settings) -> None:
    """Do what a worker does that comes later: post what is due, and send what waits."""
    await post.post_due(known, clock.wall_now())
    await network.owner.execute("UPDATE letters SET trying_until = NULL")  # the dead one's time is over
    office = PostOffice(FolderSender(known.outbox_folder), known.keyring, known.mail_from)
    for row in await network.owner.fetch("SELECT id FROM letters"):
        await mail.send(office, row["id"])


async def test_what_is_rolled_back_with_its_letter_is_posted_again(
    at_work: tuple[Network, Cast, Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    network, cast, known = at_work
    await tell_held(cast)

    async def fails(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(post, "_close", fails)
        await post.post_due(known, clock.wall_now())
    assert await told(network) == []

    await post.post_due(known, clock.wall_now() + post.TRIED_AGAIN_AFTER)
    assert len(await told(network)) == 2


async def test_one_person_whom_no_letter_reaches_keeps_nobody_else_waiting(
    at_work: tuple[Network, Cast, Settings],
) -> None:
    network, cast, known = at_work
    await network.owner.execute("UPDATE members SET email = 'nöd@needle.example' WHERE id = $1", cast.olivia)
    await tell_held(cast)

    await post.post_due(known, clock.wall_now())

    assert await told(network) == ["finn@operator.example"]
    assert (
        await network.owner.fetchval("SELECT count(*) FROM notifications WHERE mail_due_at IS NOT NULL") == 0
    )


async def test_the_days_letter_gathers_what_waits_and_is_one(at_work: tuple[Network, Cast, Settings]) -> None:
    network, cast, known = at_work
    await tell_olivia(cast, "1", "2", "3", "4", "5", kind="payout-sent")

    await post.post_due(known, clock.wall_now())
    assert await network.owner.fetchval("SELECT count(*) FROM letters") == 0
    for _ in range(2):
        await post.post_due(known, clock.wall_now() + timedelta(days=1))

    [letter] = await network.letters("messages together")
    assert letter.to == "olivia@needle.example"
    assert letter.text.count("is on its way to you") == 5


async def test_what_is_read_before_the_days_letter_is_not_in_it(
    at_work: tuple[Network, Cast, Settings],
) -> None:
    network, cast, known = at_work
    await tell_olivia(cast, "1", "2", "3", kind="payout-sent")
    await network.owner.execute("UPDATE notifications SET read_at = now() WHERE fact IN ('1', '2')")

    await post.post_due(known, clock.wall_now() + timedelta(days=1))

    [letter] = await network.letters("payout-sent")
    assert "statement 3" in letter.text


async def test_quiet_hours_hold_letters_until_they_are_over(at_work: tuple[Network, Cast, Settings]) -> None:
    network, cast, known = at_work
    begins = (clock.wall_now() - timedelta(hours=1)).time().replace(second=0, microsecond=0)
    ends = (clock.wall_now() + timedelta(hours=2)).time().replace(second=0, microsecond=0)
    await network.owner.execute(
        "INSERT INTO notification_hours (member_id, quiet_from, quiet_until) VALUES ($1, $2, $3)",
        cast.olivia,
        begins,
        ends,
    )
    await tell_olivia(cast, "1", "2")

    await post.post_due(known, clock.wall_now())
    assert await told(network, "payout-paid") == []
    await post.post_due(known, clock.wall_now() + timedelta(hours=2))

    assert await told(network, "payout-paid") == ["olivia@needle.example"] * 2


async def test_whoever_left_gets_no_letter_about_the_company_any_more(
    at_work: tuple[Network, Cast, Settings],
) -> None:
    network, cast, known = at_work
    await tell_held(cast)
    await network.owner.execute("DELETE FROM memberships WHERE member_id = $1", cast.olivia)

    await post.post_due(known, clock.wall_now())

    assert await told(network) == ["finn@operator.example"]


async def test_while_a_story_is_replayed_nobody_is_written_to_and_then_everybody_once(
    at_work: tuple[Network, Cast, Settings],
) -> None:
    network, cast, known = at_work
    clock.use_simulated_time(sandbox=True)
    try:
        async with connections.transaction() as connection:
            await network.owner.execute("DELETE FROM pgqueuer")
            assert await clock.stands_still(connection) is False
        await clock.set_simulated(network.owner, datetime(2025, 1, 1, tzinfo=UTC), running=False)  # pyright: ignore[reportArgumentType] - a plain connection serves too
        await tell_olivia(cast, *map(str, range(30)))
        await post.post_due(known, clock.wall_now())
        assert await network.owner.fetchval("SELECT count(*) FROM letters") == 0
        assert await network.owner.fetchval("SELECT count(*) FROM pgqueuer") == 0

        await clock.set_simulated(network.owner, datetime(2025, 1, 2, tzinfo=UTC), running=True)  # pyright: ignore[reportArgumentType] - the same
        await post.post_due(known, clock.wall_now())
    finally:
        clock.use_simulated_time(sandbox=False)

    [letter] = await network.letters("messages together")
    assert letter.subject == "30 messages for you"
    assert await network.owner.fetchval("SELECT min(happened_at)::date FROM notifications") == (
        datetime(2025, 1, 1, tzinfo=UTC).date()
    )


async def test_the_worker_has_no_more_rights_than_it_needs(at_work: tuple[Network, Cast, Settings]) -> None:
    _, cast, _ = at_work
    await tell_held(cast)

    async with connections.transaction() as connection:
        rights = {
            column: await connection.fetchval(
                "SELECT has_column_privilege('notifications', $1, 'UPDATE')", column
            )
            for column in ("mail_due_at", "letter_id", "read_at", "said", "member_id", "kind")
        }
        may_add = await connection.fetchval("SELECT has_table_privilege('notifications', 'INSERT')")
    assert [column for column, may in rights.items() if may] == ["mail_due_at", "letter_id"]
    assert not may_add
