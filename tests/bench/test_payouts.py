"""The bench of payouts measures transfers that were made."""

import pytest

from tests.bench.running import measured

KEYS = ["payouts", "rate_per_s", "configured_per_s", "run_s", "idle_share"]


@pytest.mark.slow
def test_every_payout_is_accepted_once_before_a_figure_is_printed() -> None:
    # It ends with an error and prints nothing where the books or the stand-in know of fewer transfers.
    found = measured("bench.payouts", "--json", "--payouts", "8", "--per-s", "1000")
    assert list(found) == KEYS
    assert (found["payouts"], found["configured_per_s"]) == (8, 1_000)
    assert found["rate_per_s"] > 0
    assert 0 <= found["idle_share"] <= 1
