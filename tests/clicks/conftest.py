"""The redirect on a fresh database."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.clicks import served
from tests.clicks.served import Redirect
from tests.conftest import FreshDatabase
from tests.links import cast
from tests.links.cast import Network


@pytest.fixture
async def network(database: FreshDatabase, tmp_path: Path) -> Network:
    """The cast in a fresh database, at wall time."""
    return await cast.seed(database, tmp_path)


@pytest.fixture
async def redirect(network: Network) -> AsyncGenerator[Redirect]:
    """The redirect of one process."""
    async with served.serving(network) as one:
        yield one
