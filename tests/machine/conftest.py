"""One founded network that every example of the machine begins with, as a copy of one database."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import pytest

from partner_network.gateways import clock
from partner_network.sandbox.stripe_simulator import process
from tests.conftest import Databases
from tests.machine import stages
from tests.machine.stages import Stage


@pytest.fixture(scope="module")
def stage(databases: Databases, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A network with its people, programs and accounts at Stripe, in which nobody has signed terms yet."""
    founded = f"founded_{uuid4().hex[:12]}"
    asyncio.run(databases.execute(f"CREATE DATABASE {founded} TEMPLATE {template}"))
    clock.use_simulated_time(sandbox=True)
    try:
        with (
            process.running(tmp_path_factory.mktemp("stripe") / "state.sqlite") as address,
            asyncio.Runner() as runner,
        ):
            opened = runner.run(stages.found(databases, founded, address))
            opened.runner = runner
            yield opened
            runner.run(opened.cast.stripe.close())
    finally:
        clock.use_simulated_time(sandbox=False)
        asyncio.run(databases.execute(f"DROP DATABASE {founded} WITH (FORCE)"))
