"""The bench of accrual measures work that was done."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KEYS = [
    "conversions", "per_s", "loop_per_s", "ratio_loop", "copy_per_s", "compute_per_s", "peak_mib",
    "live_p50_ms",
]  # fmt: skip


@pytest.mark.slow
def test_accruing_looping_and_copying_book_all_orders_and_are_measured_on_them() -> None:
    # It ends with an error, and prints nothing, where any order was not decided, computed or booked.
    ran = subprocess.run(
        [sys.executable, "-m", "bench.accrual", "--json", "--conversions", "1000", "--live-orders", "500"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    measured = json.loads(ran.stdout)
    assert list(measured) == KEYS
    assert measured["conversions"] == 1_000
    assert all(measured[key] > 0 for key in KEYS)
