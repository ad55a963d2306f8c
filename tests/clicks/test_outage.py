import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

from partner_network.clicks.actions import record
from partner_network.clicks.actions.ask import Patience
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.kernel import ids
from partner_network.links import rules
from tests.clicks import served
from tests.clicks.line import Line, line_to
from tests.clicks.served import Redirect
from tests.links import cast
from tests.links.cast import Network

CLICKS = 50
IMPATIENT = Patience(answer_s=0.25, silent_for_s=0.2)


@pytest.fixture
async def line(network: Network) -> AsyncGenerator[Line]:
    """The line between the redirect and its database; the test itself has another."""
    async with line_to(network.redirect_url) as opened:
        yield opened


@pytest.fixture
def distant(network: Network, line: Line) -> Network:
    """The network as the process at the far end of the line sees it."""
    return msgspec.structs.replace(network, redirect_url=line.url)


async def click_often(redirect: Redirect, token: str) -> list[str]:
    answers = await asyncio.gather(*(redirect.click(token) for _ in range(CLICKS)))
    return [shown_in(answer) for answer in answers]


def shown_in(answer: httpx.Response) -> str:
    return parse_qs(urlsplit(answer.headers["location"]).query)["clk"][0]


async def recorded(network: Network) -> list[str]:
    return [ids.shown("clk", row["click_id"]) for row in await network.fetch("SELECT click_id FROM clicks")]


async def are_recorded(network: Network, answered: list[str]) -> None:
    """Wait until as many clicks are recorded as were answered; they must be the same, each once."""

    async def as_many() -> bool:
        return len(await recorded(network)) >= len(answered)

    await served.eventually(as_many)
    assert sorted(await recorded(network)) == sorted(answered)


@pytest.mark.parametrize("fault", ["cut", "frozen"])
async def test_clicks_are_answered_without_the_database_and_shipped_when_it_is_back(
    network: Network, distant: Network, line: Line, fault: str
) -> None:
    token = await network.make_link()
    async with served.serving(distant, patience=IMPATIENT) as redirect:
        answered = await click_often(redirect, token)
        line.cut() if fault == "cut" else line.freeze()
        answered += await click_often(redirect, token)
        assert len(await recorded(network)) < len(answered)
        line.mend() if fault == "cut" else line.thaw()
        await are_recorded(network, answered)
        assert redirect.recorder.counts.spooled >= CLICKS
        assert redirect.recorder.counts.lost == 0
    assert list(network.settings.spool_folder.iterdir()) == []


async def test_a_click_that_waited_says_when_it_was_made_and_when_it_became_known(
    network: Network, distant: Network, line: Line
) -> None:
    token = await network.make_link()
    async with served.serving(distant) as redirect:
        line.cut()
        answered = await click_often(redirect, token)
        line.mend()
        back_at = datetime.now(UTC)
        await are_recorded(network, answered)
    rows = await network.fetch("SELECT at, recorded_at FROM clicks")
    assert all(row["at"] < back_at <= row["recorded_at"] for row in rows)


async def test_an_insert_whose_outcome_is_unknown_counts_once(
    network: Network, redirect: Redirect, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = record.insert_clicks

    async def insert_then_fall_silent(*arguments: object) -> None:
        await insert(*arguments)  # pyright: ignore[reportArgumentType] -- handed on as they came
        raise TimeoutError

    token = await network.make_link()
    monkeypatch.setattr(record, "insert_clicks", insert_then_fall_silent)
    answered = await click_often(redirect, token)

    async def shipped() -> bool:
        return redirect.recorder.counts.shipped >= CLICKS

    await served.eventually(shipped)
    assert sorted(await recorded(network)) == sorted(answered)


async def test_when_database_and_spool_fail_together_it_is_counted_and_alarmed_and_visitors_go_on(
    network: Network, distant: Network, line: Line
) -> None:
    token = await network.make_link()
    spool = network.settings.spool_folder
    async with served.serving(distant) as redirect:
        line.cut()
        spool.rmdir()
        spool.touch()
        with capture_logs() as logs:
            answer = await redirect.click(token)
        assert answer.status_code == 302
        assert redirect.recorder.counts.lost == 1
        spool.unlink()
    (alarm,) = [entry for entry in logs if entry["log_level"] == "critical"]
    assert (alarm["event"], alarm["clicks"]) == ("clicks_lost", 1)


async def test_a_click_that_comes_after_the_end_is_spooled_for_the_next_process(network: Network) -> None:
    token = await network.make_link()
    async with served.serving(network) as redirect:
        await redirect.recorder.close()
        answered = [shown_in(await redirect.click(token))]
        assert await recorded(network) == []
    async with served.serving(network):
        await are_recorded(network, answered)


async def test_a_process_without_a_place_to_spool_refuses_to_start(network: Network) -> None:
    network.settings.spool_folder.touch()
    recorder, _ = served.parts(network)
    with pytest.raises(FileExistsError):
        await recorder.start()


async def test_a_link_that_only_the_database_could_know_gets_a_page_that_says_to_wait(
    network: Network, distant: Network, line: Line
) -> None:
    async with served.serving(distant, patience=IMPATIENT) as redirect:
        line.freeze()
        answer = await redirect.click(rules.new_token(network.settings.secret_key))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "Wait a minute" in answer.text


async def test_in_a_sandbox_clicks_keep_the_last_time_known(
    network: Network, distant: Network, line: Line
) -> None:
    settings = cast.settings_in(network.settings.data_folder, sandbox=True)
    token = await network.make_link()
    moment = datetime(2025, 3, 3, 12, 30, tzinfo=UTC)
    async with served.serving(msgspec.structs.replace(distant, settings=settings)) as redirect:
        async with connections.transaction() as connection:
            await clock.set_simulated(connection, moment, running=False)
        answered = await click_often(redirect, token)
        line.cut()
        answered += await click_often(redirect, token)
        line.mend()
        await are_recorded(network, answered)
    rows = await network.fetch("SELECT DISTINCT at, recorded_at FROM clicks")
    assert [tuple(row) for row in rows] == [(moment, moment)]
