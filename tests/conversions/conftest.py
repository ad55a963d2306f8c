"""A shop that may report, at noon of 31 March 2026."""

from collections.abc import AsyncIterator

import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from tests.conftest import FreshDatabase
from tests.conversions import cast
from tests.conversions.cast import Cast, Partner, on
from tests.doors import network

__all__ = ["network"]


@pytest.fixture
async def shop(database: FreshDatabase) -> AsyncIterator[Cast]:
    assert database.name
    clock.use_simulated_time(sandbox=True)
    await cast.set_clock(on(31))
    async with connections.transaction() as connection:
        shop = await cast.tune_house(connection)
    yield shop
    clock.use_simulated_time(sandbox=False)


@pytest.fixture
async def blog(shop: Cast) -> Partner:
    async with connections.transaction() as connection:
        return await cast.partner(connection, shop, "blog")
