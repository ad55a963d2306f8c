"""Three companies whose commissions are booked and not closed yet."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import Databases
from tests.statements import network


@pytest.fixture
async def streams(databases: Databases, template: str) -> AsyncIterator[list[network.Stream]]:
    async with network.fresh(databases, template):
        yield await network.found()
