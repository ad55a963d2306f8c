import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from partner_network.kernel import ids
from tests.clicks.one_process import WebProcess
from tests.clicks.served import eventually
from tests.links.cast import Network

VISITORS = 20
CLICKS_EACH = 15


class Crowd:
    """Visitors who click on one link at once; each remembers the ids it was answered."""

    def __init__(self, token: str) -> None:
        self._token = token
        self.answered: list[str] = []

    async def click(self, *processes: WebProcess, until: Callable[[], Awaitable[None]] | None = None) -> None:
        limits = httpx.Limits(max_connections=VISITORS)
        async with httpx.AsyncClient(limits=limits, timeout=30) as browser:
            visits = [self._visit(browser, processes[n % len(processes)]) for n in range(VISITORS)]
            await asyncio.gather(*visits, *([until()] if until else []))

    async def _visit(self, browser: httpx.AsyncClient, process: WebProcess) -> None:
        for _ in range(CLICKS_EACH):
            shown = await process.click(browser, self._token)
            if shown is None:
                return
            self.answered.append(shown)

    async def have_answers(self, count: int) -> None:
        async def enough() -> bool:
            return len(self.answered) >= count

        await eventually(enough)


async def recorded(network: Network) -> list[str]:
    return [ids.shown("clk", row["click_id"]) for row in await network.fetch("SELECT click_id FROM clicks")]


async def test_every_answered_click_is_in_the_database_when_the_process_is_killed(network: Network) -> None:
    crowd = Crowd(await network.make_link("https://shop.example/cds"))
    async with WebProcess(network) as process:

        async def kill_in_the_middle() -> None:
            await crowd.have_answers(50)
            process.kill()

        await crowd.click(process, until=kill_in_the_middle)
    assert 50 <= len(crowd.answered) < VISITORS * CLICKS_EACH
    assert set(crowd.answered) <= set(await recorded(network))


async def test_two_processes_lose_and_double_nothing(network: Network) -> None:
    crowd = Crowd(await network.make_link("https://shop.example/cds"))
    async with WebProcess(network) as one, WebProcess(network) as other:
        await crowd.click(one, other)
        await asyncio.gather(one.stop(), other.stop())
    assert len(crowd.answered) == VISITORS * CLICKS_EACH
    assert sorted(await recorded(network)) == sorted(crowd.answered)


async def locked(network: Network, work: Callable[[], Awaitable[None]]) -> None:
    """Work while no click can be inserted."""
    connection = await network.connect()
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE clicks IN ACCESS EXCLUSIVE MODE")
            await work()
    finally:
        await connection.close()


@pytest.mark.parametrize("ending", ["killed", "stopped"])
async def test_clicks_answered_without_a_database_are_shipped_by_another_process(
    network: Network, ending: str
) -> None:
    crowd = Crowd(await network.make_link("https://shop.example/cds"))
    async with WebProcess(network, is_patient=False) as process:

        async def click_then_end() -> None:
            await crowd.click(process)
            if ending == "killed":
                process.kill()
            else:
                await process.stop()

        await locked(network, click_then_end)
    assert len(crowd.answered) == VISITORS * CLICKS_EACH
    assert list(network.settings.spool_folder.glob("*.clicks"))

    async def nothing_waits() -> bool:
        return list(network.settings.spool_folder.iterdir()) == []

    async with WebProcess(network):
        await eventually(nothing_waits)
    assert sorted(await recorded(network)) == sorted(crowd.answered)


async def test_a_process_ships_its_own_clicks_once_the_database_answers_again(network: Network) -> None:
    crowd = Crowd(await network.make_link("https://shop.example/cds"))
    async with WebProcess(network, is_patient=False) as process:
        await crowd.click(process)
        await locked(network, lambda: crowd.click(process))
        await crowd.click(process)

        async def all_there() -> bool:
            return len(await recorded(network)) >= len(crowd.answered)

        await eventually(all_there)
    assert sorted(await recorded(network)) == sorted(crowd.answered)
