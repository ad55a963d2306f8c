"""The bench of statements measures documents that were made."""

import pytest

from tests.bench.running import measured

KEYS = [
    "lines", "pages", "statements", "pdf_per_s", "bare_pdf_per_s", "ratio_bare", "two_process_pdf_per_s",
    "two_process_bare_pdf_per_s", "two_process_ratio_bare",
]  # fmt: skip


@pytest.mark.slow
def test_every_statement_is_set_by_both_engines_on_equally_many_pages() -> None:
    # It ends with an error and prints nothing where a document lacks or has other pages than the bare one.
    found = measured("bench.statements", "--json", "--lines", "60", "--statements", "2")
    assert list(found) == KEYS
    assert (found["lines"], found["statements"], found["pages"]) == (60, 2, 2)
    assert all(found[key] > 0 for key in KEYS)
