"""The portal on the lived network: each test has its own copy and may change it."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity import passwords
from tests.conftest import Databases, FreshDatabase
from tests.dashboards.conftest import Lived
from tests.doors import PASSWORD, Network, network

__all__ = ["network"]


@pytest.fixture
async def database(databases: Databases, lived: Lived) -> AsyncIterator[FreshDatabase]:
    """A copy of the lived network, for the web app of the test."""
    name = f"portal_{uuid4().hex[:12]}"
    await databases.execute(f"CREATE DATABASE {name} TEMPLATE {lived.database}")
    fresh = FreshDatabase(databases, name)
    await connections.open_pool(fresh.url(), max_size=2)
    try:
        yield fresh
    finally:
        await connections.close_pool()
        await databases.drop(name)


@pytest.fixture
async def portal(network: Network) -> Network:
    """The web app on the lived network, at the first of May 2026, whose people have a password."""
    clock.use_simulated_time(sandbox=True)
    await network.owner.execute("UPDATE members SET password_hash = $1", await passwords.hash_of(PASSWORD))
    return network
