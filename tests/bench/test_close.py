"""The bench of the close measures work that was done."""

import pytest

from tests.bench.running import measured

KEYS = [
    "lines", "partners", "close_s", "mature_s", "lines_per_s", "singly_per_s", "ratio_singly", "peak_mib",
]  # fmt: skip


@pytest.mark.slow
def test_all_that_was_earned_matures_and_every_posting_is_stated_before_a_figure_is_printed() -> None:
    # It ends with an error and prints nothing where a commission is left, or a statement is not the ledger's.
    found = measured("bench.close", "--json", "--lines", "500", "--partners", "10")
    assert list(found) == KEYS
    # 500 commissions, and the tax of the partners 5 and 10.
    assert (found["lines"], found["partners"]) == (502, 10)
