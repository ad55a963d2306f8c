from collections.abc import Callable

import pytest

from tests.agreements.cast import Cast, cast_of
from tests.doors import Network, network

__all__ = ["network"]


@pytest.fixture
async def cast(network: Network) -> Cast:
    """A shop and its partner, with an agreement that may be signed: something to steal."""
    return await cast_of(network)


@pytest.fixture
def planted() -> Callable[[str], str]:
    """Make a name that tries to end the line it stands on."""
    return lambda name: f"{name}\r\nset-cookie: stolen=1\r\n\r\n<script>"
