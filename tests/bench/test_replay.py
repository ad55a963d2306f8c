"""The bench of replay and what-if measures work that was done."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KEYS = [
    "conversions", "clicks", "whatif_s", "replay_s", "sql_s", "ratio_whatif", "ratio_replay", "peak_mib",
]  # fmt: skip


@pytest.mark.slow
def test_replay_what_if_and_sql_by_hand_give_the_same_credits_and_are_measured_on_them() -> None:
    # It ends with an error, and prints nothing, where any of the three credits a partner otherwise.
    ran = subprocess.run(
        [sys.executable, "-m", "bench.replay", "--json", "--conversions", "2000"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    measured = json.loads(ran.stdout)
    assert list(measured) == KEYS
    assert (measured["conversions"], measured["clicks"]) == (2_000, 10_000)
