"""The bench of the close measures work that was done."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KEYS = [
    "lines", "partners", "close_s", "mature_s", "lines_per_s", "singly_per_s", "ratio_singly", "peak_mib",
]  # fmt: skip


@pytest.mark.slow
def test_all_that_was_earned_matures_and_every_posting_is_stated_before_a_figure_is_printed() -> None:
    # It ends with an error and prints nothing where a commission is left, or a statement is not the ledger's.
    ran = subprocess.run(
        [sys.executable, "-m", "bench.close", "--json", "--lines", "500", "--partners", "10"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    measured = json.loads(ran.stdout)
    assert list(measured) == KEYS
    # 500 commissions, and the tax of the partners 5 and 10.
    assert (measured["lines"], measured["partners"]) == (502, 10)
