"""One simulator for all tests here, emptied before each; Stripe's description judges every answer."""

from collections.abc import Generator

import pytest

from partner_network.sandbox.stripe_simulator import process
from tests.sandbox.stripe_simulator.client import Simulator
from tests.sandbox.stripe_simulator.description import Description


@pytest.fixture(scope="session")
def description() -> Description:
    return Description()


@pytest.fixture(scope="session")
def running_simulator(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    with process.running(tmp_path_factory.mktemp("stripe") / "state.sqlite") as address:
        yield address


@pytest.fixture
def simulator(running_simulator: str, description: Description) -> Generator[Simulator]:
    """The simulator, empty; whatever a test does, the books must agree afterwards."""
    simulator = Simulator(running_simulator, description)
    simulator.control("reset")
    yield simulator
    books = simulator.books()
    assert books["differences"] == []
    assert set(books["sums"].values()) <= {0}
    simulator.http.close()
