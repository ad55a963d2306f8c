"""The bench of accrual measures work that was done."""

import pytest

from tests.bench.running import measured

KEYS = [
    "conversions", "per_s", "loop_per_s", "ratio_loop", "copy_per_s", "compute_per_s", "peak_mib",
    "live_p50_ms",
]  # fmt: skip


@pytest.mark.slow
def test_accruing_looping_and_copying_book_all_orders_and_are_measured_on_them() -> None:
    # It ends with an error, and prints nothing, where any order was not decided, computed or booked.
    found = measured("bench.accrual", "--json", "--conversions", "1000", "--live-orders", "500")
    assert list(found) == KEYS
    assert found["conversions"] == 1_000
    assert all(found[key] > 0 for key in KEYS)
