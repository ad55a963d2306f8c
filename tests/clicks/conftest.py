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
async def network(database: FreshDatabase, tmp_path: Path) -> AsyncGenerator[Network]:
    """The cast in a fresh database, at wall time."""
    network = await cast.seed(database, tmp_path)
    yield network

    async def is_left() -> bool:
        # A killed process's connections end a moment after it, and only their own role could end them.
        return not await network.fetch(
            "SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename <> current_user"
        )

    await served.eventually(is_left)


@pytest.fixture
async def redirect(network: Network) -> AsyncGenerator[Redirect]:
    """The redirect of one process."""
    async with served.serving(network) as one:
        yield one
