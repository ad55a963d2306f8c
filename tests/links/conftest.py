"""A shop, its partner and their database."""

from pathlib import Path

import pytest

from tests.conftest import FreshDatabase
from tests.links import cast
from tests.links.cast import Network


@pytest.fixture
async def network(database: FreshDatabase, tmp_path: Path) -> Network:
    """The cast in a fresh database, at wall time."""
    return await cast.seed(database, tmp_path)
