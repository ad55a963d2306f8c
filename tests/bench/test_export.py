"""The bench of exports measures work that was done."""

import pytest

from tests.bench.running import measured

KEYS = [
    "conversions", "rows", "files_mib", "export_s", "copy_s", "export_mib", "verify_s", "hash_s",
    "verify_mib",
]  # fmt: skip


@pytest.mark.slow
def test_what_was_exported_proves_itself_before_a_figure_is_printed() -> None:
    # It ends with an error and prints nothing where verification finds a difference, or COPY other rows.
    found = measured("bench.export", "--json", "--conversions", "300")
    assert list(found) == KEYS
    assert found["conversions"] == 300
    # Each order has a history and a receipt at least, and five clicks of its customer.
    assert found["rows"] > 300 * 7
