"""The founded network, and a fresh copy of it for each example."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from unittest import mock
from uuid import uuid4

from partner_network.database import connections
from partner_network.gateways.stripe_connect import StripeConnect
from tests import builders
from tests.builders import RADIO, SHOP, SMALL, WEEKLY, Cast, at
from tests.conftest import Databases

T = TypeVar("T")
PAIRS = ((SHOP, WEEKLY), (SHOP, RADIO), (SHOP, SMALL), (WEEKLY, SHOP))
"""Who advertises, and who promotes it; the first and the last mirror each other."""
POLICIES = {SHOP: 'model = "linear"', WEEKLY: 'model = "last_click"\nbinding_months = 2'}


class Stage:
    """A founded network at rest; one loop runs everything that happens in copies of it."""

    runner: asyncio.Runner

    def __init__(self, databases: Databases, founded: str, cast: Cast) -> None:
        self._databases = databases
        self._founded = founded
        self.cast = cast

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        """Run something in the one loop."""
        return self.runner.run(what)

    async def open(self) -> str:
        """Open this process's pool on a fresh copy; return its name."""
        name = f"lived_{uuid4().hex[:12]}"
        await self._databases.execute(f"CREATE DATABASE {name} TEMPLATE {self._founded}")
        await connections.open_pool(self._databases.url(name), max_size=4)
        return name

    async def close(self, name: str) -> None:
        """Throw a copy away."""
        await connections.close_pool()
        await self._databases.drop(name)


async def found(databases: Databases, name: str, stripe_address: str) -> Stage:
    """Found the network in an empty database, but for its terms."""
    stripe = StripeConnect(
        secret_key="sk_test_x", api_base=stripe_address, webhook_secret="whsec_x", sandbox=True
    )
    async with _pool_on(databases.url(name)):
        await builders.set_clock(at(1, 1, 0))
        with (
            mock.patch.object(builders, "agree", _nobody_signs),
            mock.patch.object(builders, "POLICY_OF", POLICIES),
        ):
            cast = await builders.open_network(stripe, stripe_address)
    return Stage(databases, name, cast)


async def _nobody_signs(cast: Cast, advertiser: str, partner: str) -> None:
    del cast, advertiser, partner


@asynccontextmanager
async def _pool_on(url: str) -> AsyncGenerator[None]:
    await connections.open_pool(url, max_size=4)
    try:
        yield
    finally:
        await connections.close_pool()
