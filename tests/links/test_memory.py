import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest

from partner_network.links import rules
from partner_network.links.memory import LinkMemory, LinksUnavailableError
from tests.links.cast import Network


@asynccontextmanager
async def remembering(network: Network) -> AsyncGenerator[LinkMemory]:
    memory = LinkMemory(network.url)
    await memory.start()
    try:
        yield memory
    finally:
        await memory.close()


async def becomes(claim: Callable[[], bool]) -> bool:
    async with asyncio.timeout(30):
        while not claim():  # noqa: ASYNC110 -- another connection makes it true
            await asyncio.sleep(0.01)
    return True


async def end_listeners(network: Network) -> None:
    await network.fetch(
        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE application_name = 'partner-network links' AND datname = current_database()"""
    )


async def test_all_live_links_are_known_from_the_start(network: Network) -> None:
    token, off = await network.make_link(), await network.make_link()
    await network.fetch("UPDATE links SET disabled_at = now() WHERE token = $1", off)
    async with remembering(network) as memory:
        known = memory.get(token)
        assert known is not None
        assert known.partner_id == network.cast.roaster
        assert memory.get(off) is None


async def test_a_link_made_elsewhere_becomes_known_without_asking(network: Network) -> None:
    async with remembering(network) as memory:
        token = await network.make_link()
        assert await becomes(lambda: memory.get(token) is not None)


async def test_a_link_switched_off_elsewhere_is_forgotten(network: Network) -> None:
    token = await network.make_link()
    async with remembering(network) as memory:
        await network.fetch("UPDATE links SET disabled_at = now() WHERE token = $1", token)
        assert await becomes(lambda: memory.get(token) is None)


async def test_what_changed_while_nobody_listened_is_known_after_the_reconnection(network: Network) -> None:
    token = await network.make_link()
    async with remembering(network) as memory:
        # One transaction, so that the line is dead by the time the changes are announced.
        await network.fetch(
            """WITH ended AS (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE application_name = 'partner-network links' AND datname = current_database())
               UPDATE links SET disabled_at = now() WHERE token = $1 AND EXISTS (SELECT FROM ended)""",
            token,
        )
        new = await network.make_link()
        assert await becomes(lambda: memory.get(token) is None and memory.get(new) is not None)


async def test_changes_are_still_heard_after_the_reconnection(network: Network) -> None:
    token = await network.make_link()
    async with remembering(network) as memory:
        await end_listeners(network)
        later = await network.make_link()
        assert await becomes(lambda: memory.get(later) is not None)
        await network.fetch("UPDATE links SET disabled_at = now() WHERE token = $1", token)
        assert await becomes(lambda: memory.get(token) is None)


async def test_one_look_up_finds_a_link_that_was_not_announced_yet(network: Network) -> None:
    async with remembering(network) as memory:
        token = await network.make_link()
        found = await memory.look_up(token)
        assert found is not None
        assert memory.get(token) is not None


async def test_a_look_up_of_a_token_that_never_was_finds_nothing(network: Network) -> None:
    async with remembering(network) as memory:
        assert await memory.look_up(rules.new_token(network.settings.secret_key)) is None


async def test_a_look_up_says_when_the_database_does_not_answer(network: Network) -> None:
    async with remembering(network) as memory:
        await network.fetch("REVOKE ALL ON links FROM CURRENT_USER")
        with pytest.raises(LinksUnavailableError):
            await memory.look_up(rules.new_token(network.settings.secret_key))
        await network.fetch("GRANT ALL ON links TO CURRENT_USER")
