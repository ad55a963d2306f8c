"""One lived network for all tests here, built once; each test that damages it gets a copy of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.identity.actions import seal
from partner_network.sandbox.stripe_simulator import process
from tests import builders
from tests.builders import at
from tests.conftest import Databases, FreshDatabase
from tests.dashboards import story


class Lived:
    """A database in which the story happened, and the simulator that it happened with."""

    def __init__(self, database: str, stripe_address: str) -> None:
        self.database = database
        self.stripe_address = stripe_address

    def stripe(self) -> StripeConnect:
        return StripeConnect(
            secret_key="sk_test_x", api_base=self.stripe_address, webhook_secret="whsec_x", sandbox=True
        )


@pytest.fixture(scope="module")
def lived(databases: Databases, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    with process.running(tmp_path_factory.mktemp("stripe") / "state.sqlite") as address:
        network = Lived(f"lived_{uuid4().hex[:12]}", address)
        asyncio.run(databases.execute(f"CREATE DATABASE {network.database} TEMPLATE {template}"))
        asyncio.run(_live(network, databases.url(network.database)))
        yield network
        asyncio.run(databases.drop(network.database))


async def _live(network: Lived, url: str) -> None:
    await connections.open_pool(url)
    clock.use_simulated_time(sandbox=True)
    stripe = network.stripe()
    try:
        await builders.set_clock(at(1, 1, 0))
        await story.live(await builders.open_network(stripe, network.stripe_address))
        await seal.seal_now()
    finally:
        await stripe.close()
        clock.use_simulated_time(sandbox=False)
        await connections.close_pool()


@pytest.fixture
async def copy(databases: Databases, lived: Lived) -> AsyncIterator[FreshDatabase]:
    """The lived network in a database of the test's own, with the pool open on it as the worker."""
    name = f"copy_{uuid4().hex[:12]}"
    await databases.execute(f"CREATE DATABASE {name} TEMPLATE {lived.database}")
    fresh = FreshDatabase(databases, name)
    role = None if fresh.url("worker") != fresh.url() else "partner_network_worker"
    await connections.open_pool(fresh.url("worker"), role=role, max_size=2)
    try:
        yield fresh
    finally:
        await connections.close_pool()
        await databases.drop(name)


@pytest.fixture
async def stripe(lived: Lived) -> AsyncIterator[StripeConnect]:
    stripe = lived.stripe()
    yield stripe
    await stripe.close()
