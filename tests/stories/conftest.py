"""One whole installation for each story, and the operator's people in it."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.actions import people
from partner_network.sandbox import installation
from partner_network.sandbox.installation import Installation
from tests.stories.books import Books
from tests.stories.town import Town, at


@pytest.fixture(scope="module")
def installed() -> Iterator[Installation]:
    folder = Path(tempfile.mkdtemp(prefix="pn-story-"))
    folder.chmod(0o711)
    try:
        with installation.running(folder, say=lambda _: None) as installed:
            yield installed
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def books(installed: Installation) -> AsyncIterator[Books]:
    clock.use_simulated_time(sandbox=True)
    await connections.open_pool(installed.owner_database_url, max_size=2)
    try:
        async with connections.pool().acquire() as connection:
            yield Books(installed, connection)
    finally:
        await connections.close_pool()
        clock.use_simulated_time(sandbox=False)


@pytest.fixture
async def town(installed: Installation, books: Books) -> AsyncIterator[Town]:
    """The operator's people, on 1 December, and nobody else yet."""
    await books.set_clock(at(12, 1))
    password = installation.password_of(installed.folder)
    await people.create_operator_member("Mara", "mara@network.example", password, ("manager",))
    await people.create_operator_member("Paul", "paul@network.example", password, ("finance",))
    await people.create_operator_member("Greta", "greta@network.example", password, ("finance",))
    town = Town(installed.base_url, password, installed.folder)
    yield town
    await town.close()
