from typing import Any

import pytest

from tests.receipts.files_typed import RATES, WORKED, Shell, flat, sale, terms

BACK: dict[str, Any] = WORKED["refunds"][0]
NO_RATE = "facts: conversions[0].currency: Conversion 'A': No rate JPY/EUR was published in the 7 days up to"
MADE_GOOD = {"id": "a", "conversion": "A", "partner": "ann", "at": "2026-03-02T00:00:00Z", "minor": 1}


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        ("[]", "facts: expected `object`, got `array`"),
        ({"conversions": [sale("A", "03-02", 1.5)]},  # pyright: ignore[reportArgumentType]  # what nobody should write
         "facts: conversions[0].net_minor: write a whole number; there are no decimal points here"),
        ({"conversions": [sale("A", "03-02", 2**62 + 1)]},
         "facts: conversions[0].net_minor: expected `int` <= 4611686018427387904"),
        ({"conversions": [sale("A", "03-02", 1), sale("A", "03-03", 1)]},
         "facts: conversions[1].id: 'A' is there with other content"),
        ({"conversions": [*2 * [sale("A", "03-02", 1)], sale("B", "03-02", 1, currency="XYZ")]},
         "facts: conversions[2].currency: 'XYZ' is no active ISO 4217 currency"),
        ({"conversions": [sale("A", "03-02", 1, currency="JPY")]},
         f"{NO_RATE} 2026-03-02; load it first."),
        ({"conversions": [sale("A", "03-10", 1, currency="JPY")], "rates": RATES},
         f"{NO_RATE} 2026-03-10; load it first."),
        ({"rates": [{**RATES[0], "rate": "0.0"}]}, "facts: rates[0].rate: a rate is above zero"),
        ({"rates": [{**RATES[0], "quote": "EUR"}]},
         "facts: rates[0].quote: a rate is between two currencies"),
        ({"rates": [RATES[0], {**RATES[0], "rate": "160.0"}, {**RATES[0], "rate": "161"}]},
         "facts: rates[2].rate: there is another rate EUR/JPY of that day"),
        ({"rates": [{**RATES[0], "rate": 160}]}, "facts: rates[0].rate: expected `str`, got `int`"),
        ({**WORKED, "refunds": [BACK, {**BACK, "id": "s", "net_minor": 450_001}]},
         "facts: refunds[1].net_minor: Order 'B' is refunded for more than its net of 700000."),
        ({"conversions": [sale("A", "03-02", 3, lines=[{"id": "1", "net_minor": 2}])]},
         "facts: conversions[0].lines: The lines of order 'A' do not sum to its net of 3."),
        ({"conversions": [sale("A", "03-02", 4, lines=[{"id": "1", "net_minor": 2}] * 2)]},
         "facts: conversions[0].lines: Two lines of order 'A' have the same id."),
        ({"conversions": [sale("A", "03-02", 2, lines=[{"id": "1", "net_minor": 2}])],
          "refunds": [{**BACK, "conversion": "A", "line": "2"}]},
         "facts: refunds[0].line: Refund 'r' gives back more than line '2' has."),
        ({"conversions": [sale("A", "03-02", 1, event="lead", credits=[])],
          "adjustments": [MADE_GOOD]},
         "facts: adjustments[0].conversion: no component of the terms pays on a lead"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_in_one_line_by_the_path_of_its_key(
    shell: Shell, facts: object, line: str
) -> None:
    assert shell.refused(facts, terms()) == line


def test_bad_terms_and_a_bad_instant_are_refused_in_one_line(shell: Shell) -> None:
    dated = flat(1, head='valid_from = "2026-03-01"')
    assert shell.refused(WORKED, flat(1), flat(2)) == (
        "terms: The terms 'always' and 'always' are valid at the same time."
    )
    assert shell.refused(WORKED, flat(1), flat(2, head="valid_from = 7")).startswith(
        "terms /1.toml: valid_from: "
    )
    assert shell.refused({"conversions": [sale("A", "02-02", 1)]}, dated) == (
        "facts: conversions[0].at: no terms were valid yet; they begin at 2026-02-28T23:00:00+00:00"
    )
    for text in ("yesterday", "2026-03-31", "2026-03-31T00:00:00"):
        assert shell.refused(WORKED, terms(), as_of=text) == (
            f"as-of: {text!r}: write an instant, like 2026-03-31T22:00:00Z"
        )
