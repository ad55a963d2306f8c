"""An order with touches of three partners, decided under each of two models."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.doors import Network, network
from tests.receipts import stage
from tests.receipts.files_typed import Shell
from tests.receipts.stage import Stage

__all__ = ["network"]


@pytest.fixture
async def last_click(network: Network) -> AsyncIterator[Stage]:
    async with stage.staged(network) as staged:
        yield staged


@pytest.fixture
async def linear(network: Network) -> AsyncIterator[Stage]:
    async with stage.staged(network, 'model = "linear"') as staged:
        yield staged


@pytest.fixture(params=["last_click", "linear"])
async def either(network: Network, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with stage.staged(network, f'model = "{request.param}"') as staged:
        yield staged


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, capsys)
