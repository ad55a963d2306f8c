from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import asyncpg
import msgspec
import pytest

from partner_network import schedule
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.mailer import letters
from partner_network.gateways.mailer.letter import LaterError, Letter, Message, RefusedError
from partner_network.gateways.mailer.letters import PostOffice
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.keyring import Keyring
from partner_network.schedule import Gateways
from tests.conftest import FreshDatabase
from tests.doors import settings
from tests.gateways.post import LETTER, MAIL_FROM

KEYRING = Keyring(b"k" * 32)


class Recorder:
    """A sender that keeps what it is given, and fails as it is told."""

    def __init__(self, *fails: BaseException) -> None:
        self.sent: list[Message] = []
        self._fails = list(fails)

    async def send(self, message: Message) -> None:
        await _must_be_outside_of_transactions()
        self.sent.append(message)
        if self._fails:
            raise self._fails.pop(0)


async def _must_be_outside_of_transactions() -> None:
    assert connections.engine.current_transaction.get() is None


def office(sender: Recorder) -> PostOffice:
    return PostOffice(sender, KEYRING, MAIL_FROM)


async def posted(letter: Letter = LETTER) -> UUID:
    async with connections.transaction() as connection:
        return await letters.post(connection, KEYRING, letter)


async def row() -> dict[str, object]:
    found = await connections.pool().fetchrow("SELECT * FROM letters")
    assert found is not None
    return dict(found)


async def jobs_waiting() -> int:
    return await connections.pool().fetchval("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'mail.send'")


async def let_pass(span: timedelta) -> None:
    await connections.pool().execute(
        """UPDATE letters SET created_at = created_at - $1::interval, due_at = due_at - $1::interval""",
        span,
    )


async def test_a_letter_is_posted_with_its_cause_or_not_at_all(database: FreshDatabase) -> None:
    assert database.name

    async def fail() -> None:
        async with connections.transaction() as connection:
            await letters.post(connection, KEYRING, LETTER)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert (await connections.pool().fetchval("SELECT count(*) FROM letters"), await jobs_waiting()) == (0, 0)

    await posted()
    assert await jobs_waiting() == 1


async def test_what_waits_is_sealed_and_what_went_out_is_empty(database: FreshDatabase) -> None:
    assert database.name
    letter_id, recorder = await posted(), Recorder()
    waiting = str(await row())

    await letters.send(office(recorder), letter_id)

    assert "needle.example" not in waiting
    assert "abc_DEF-123" not in waiting
    sent = await row()
    assert (sent["sealed"], sent["sent_at"] is not None) == (None, True)
    assert b"abc_DEF-123" in recorder.sent[0].content


async def test_a_letter_that_is_asked_for_again_goes_out_once(database: FreshDatabase) -> None:
    assert database.name
    letter_id, recorder = await posted(), Recorder()

    await letters.send(office(recorder), letter_id)
    await letters.send(office(recorder), letter_id)

    assert len(recorder.sent) == 1


async def test_nobody_sends_a_letter_while_another_may_be_sending_it(database: FreshDatabase) -> None:
    assert database.name
    letter_id, recorder = await posted(), Recorder(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):  # a worker that dies in the middle
        await letters.send(office(recorder), letter_id)

    await letters.send(office(recorder), letter_id)
    assert len(recorder.sent) == 1

    await connections.pool().execute("UPDATE letters SET trying_until = now()")
    await letters.send(office(recorder), letter_id)
    assert [len(recorder.sent), len(set(recorder.sent))] == [2, 1]  # the very same message


async def test_a_try_that_fails_is_repeated_by_the_calendar_later_and_later(database: FreshDatabase) -> None:
    assert database.name
    letter_id, recorder = await posted(), Recorder(LaterError("busy"), LaterError("busy"))
    pauses: list[timedelta] = []
    for _ in range(2):
        before = clock.wall_now()
        await letters.send(office(recorder), letter_id)
        due = (await row())["due_at"]
        assert isinstance(due, datetime)
        pauses.append(due - before)

    assert timedelta(minutes=1) <= pauses[0] < timedelta(minutes=2) <= pauses[1]
    assert (await row())["last_error"] == "busy"
    await letters.look_after(clock.wall_now())
    assert await jobs_waiting() == 1  # only its own: it is not due yet
    await letters.look_after(clock.wall_now() + timedelta(minutes=3))
    await letters.look_after(clock.wall_now() + timedelta(minutes=3))
    assert await jobs_waiting() == 2  # asked for once, however often the calendar comes by
    await letters.send(office(recorder), letter_id)
    assert (await row())["sent_at"] is not None


def test_pauses_grow_to_two_hours_and_no_more() -> None:
    assert [letters.pause_after(tries) for tries in (1, 3, 50)] == [
        timedelta(minutes=1),
        timedelta(minutes=4),
        timedelta(hours=2),
    ]


@pytest.mark.parametrize(
    ("answer", "waited", "sentence"),
    [
        (RefusedError("The mail server answered 550."), timedelta(), "The mail server answered 550."),
        (LaterError("Not there."), timedelta(days=1), "Given up after a day of tries. Not there."),
    ],
)
async def test_what_cannot_go_out_is_held_with_a_sentence_and_without_its_content(
    database: FreshDatabase, answer: Exception, waited: timedelta, sentence: str
) -> None:
    assert database.name
    letter_id, recorder = await posted(), Recorder(answer)
    await let_pass(waited)

    await letters.send(office(recorder), letter_id)
    await letters.send(office(recorder), letter_id)

    held = await row()
    assert (held["held_at"] is not None, held["sealed"], held["last_error"]) == (True, None, sentence)
    assert len(recorder.sent) == 1
    await letters.look_after(clock.wall_now() + timedelta(days=2))
    assert await jobs_waiting() == 1


async def test_after_ninety_days_nothing_tells_that_a_letter_was_sent(database: FreshDatabase) -> None:
    assert database.name
    letter_id = await posted()
    await letters.send(office(Recorder()), letter_id)
    await posted()  # waits still, and stays however old

    await let_pass(letters.KEPT_FOR)
    await letters.look_after(clock.wall_now() + timedelta(minutes=1))

    assert (await row())["sealed"] is not None


async def test_an_address_that_no_letter_reaches_is_refused_where_it_is_given(
    database: FreshDatabase,
) -> None:
    assert database.name
    with pytest.raises(InvalidError, match="No letter"):
        await posted(msgspec.structs.replace(LETTER, to="ned@x.example\nBcc: a@b.example"))


async def test_the_web_app_posts_but_reads_no_letter_not_even_as_the_operator(
    database: FreshDatabase,
) -> None:
    await posted()
    web = await database.connect("web")
    try:
        assert await web.fetchval("SELECT count(id) FROM letters") == 0
        async with web.transaction():
            await web.execute("SELECT set_config('app.eyes', 'operator', true)")
            assert await web.fetchval("SELECT kind FROM letters") == "invitation"
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await web.fetchval("SELECT sealed FROM letters")
    finally:
        await web.close()


async def test_the_worker_sends_what_its_queue_asks_for(database: FreshDatabase, tmp_path: Path) -> None:
    sealed_here = msgspec.structs.replace(settings(database, tmp_path), secret_key=KEYRING.present)
    recorder, nothing = Recorder(), cast("Any", None)
    doors = Gateways(nothing, nothing, nothing, nothing, recorder)
    await posted()

    payload = await connections.pool().fetchval("SELECT payload FROM pgqueuer")
    await schedule.handlers(sealed_here, doors)[letters.SEND](payload)

    assert [message.recipient for message in recorder.sent] == [LETTER.to]
