"""Whatever happens in whatever order, what is booked bit by bit is what the whole history comes to."""

from pathlib import Path

import pytest

from partner_network.dashboards.verification import proof
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.sandbox.stripe_simulator import process
from tests import builders
from tests.builders import at
from tests.conftest import FreshDatabase
from tests.dashboards.random_life import RandomLife


async def _lives_and_is_proved(
    seed: int, most_hours: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = RandomLife(seed, most_hours)
    monkeypatch.setattr(builders, "POLICY_OF", life.policies)
    monkeypatch.setattr(builders, "TAX_PPM", life.taxes)
    monkeypatch.setattr(builders, "agree", life.agree)
    clock.use_simulated_time(sandbox=True)
    try:
        with process.running(folder / "stripe.sqlite") as address:
            stripe = StripeConnect(
                secret_key="sk_test_x", api_base=address, webhook_secret="whsec_x", sandbox=True
            )
            try:
                await builders.set_clock(at(1, 1, 0))
                cast = await builders.open_network(stripe, address)
                await life.live(cast)
                await cast.work()
                kinds = [kind async for kind in proof.verify(stripe)]
            finally:
                await stripe.close()
    finally:
        clock.use_simulated_time(sandbox=False)
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
