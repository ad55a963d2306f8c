"""The figures of a commission, computed again from what its revision keeps; worked out by hand."""

from fractions import Fraction

import pytest

from partner_network.receipts.commission import arithmetic


def test_each_piece_and_multiplier_and_the_rounding_come_to_the_line() -> None:
    # 5 % of 100.00 and 8 % of 33.33 are 500 and 266.64; times 9/10 that is 689.976, and 690 once rounded
    figures = arithmetic.figures_in(
        '{"minor": 640, "line_minor": 690, "taken_back_minor": 100, "adjusted_minor": 50,'
        ' "rates": [[50000, 10000], [80000, 3333]], "factors": [["decay", "9/10"]]}'
    )
    assert [piece.exact for piece in figures.pieces] == [500, Fraction(6666, 25)]
    assert [piece.minor for piece in figures.pieces] == [500, 267]
    assert figures.earned == Fraction(86247, 125)
    assert figures.rounding == Fraction(3, 125)
    assert figures.holds


@pytest.mark.parametrize(
    ("line", "minor", "cap", "holds"),
    [
        (500, 500, "", True),
        (501, 501, "", False),  # more than rounding explains
        (500, 499, "", False),  # and nothing took it off
        (300, 300, '"order"', True),
        (502, 502, '"order"', False),  # a cap only lowers
    ],
)
def test_figures_that_do_not_come_to_the_line_are_told(line: int, minor: int, cap: str, holds: bool) -> None:
    figures = arithmetic.figures_in(
        f'{{"minor": {minor}, "line_minor": {line}, "rates": [[50000, 10000]], "capped_by": [{cap}]}}'
    )
    assert figures.holds is holds


def test_what_nothing_pays_any_more_has_empty_figures_that_hold() -> None:
    figures = arithmetic.figures_in("{}")
    assert (figures.minor, figures.holds, figures.pieces) == (0, True, [])
