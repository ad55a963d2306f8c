"""The bench of replay and what-if measures work that was done."""

import pytest

from tests.bench.running import measured

KEYS = [
    "conversions", "clicks", "whatif_s", "replay_s", "sql_s", "ratio_whatif", "ratio_replay", "peak_mib",
]  # fmt: skip


@pytest.mark.slow
def test_replay_what_if_and_sql_by_hand_give_the_same_credits_and_are_measured_on_them() -> None:
    # It ends with an error, and prints nothing, where any of the three credits a partner otherwise.
    found = measured("bench.replay", "--json", "--conversions", "2000")
    assert list(found) == KEYS
    assert (found["conversions"], found["clicks"]) == (2_000, 10_000)
