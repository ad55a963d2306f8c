"""Whatever happens in whatever order, what is booked bit by bit is what the whole history comes to."""

from pathlib import Path

import pytest

from partner_network.dashboards.verification import proof
from tests.conftest import FreshDatabase
from tests.dashboards.random_life import RandomLife, lived


async def _lives_and_is_proved(
    seed: int, most_hours: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with lived(RandomLife(seed, most_hours), folder, monkeypatch) as cast:
        kinds = [kind async for kind in proof.verify(cast.stripe)]
    assert kinds[-1].difference is None
    assert {kind.name: kind.count for kind in kinds}["commissions"] > 0


async def test_a_random_network_is_proved(
    database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database.name
    await _lives_and_is_proved(1, 60, tmp_path, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 108))
async def test_a_busy_random_network_is_proved(
    database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    assert database.name
    await _lives_and_is_proved(seed, 9, tmp_path, monkeypatch)
