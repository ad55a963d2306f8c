import pytest

from tests.agreements.cast import Cast, cast_of
from tests.doors import Network, network

__all__ = ["network"]


@pytest.fixture
async def cast(network: Network) -> Cast:
    """A partnership in review."""
    return await cast_of(network)
