from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_network.kernel import errors, money

WEIGHTS = st.lists(st.fractions(min_value=0, max_value=9, max_denominator=99), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("n", "d", "expected"),
    [(5, 10, 1), (-5, 10, -1), (4, 10, 0), (-4, 10, 0), (15, 10, 2), (-15, 10, -2), (5, -10, -1), (0, 7, 0)],
)
def test_a_half_is_rounded_away_from_zero_on_either_side(n: int, d: int, expected: int) -> None:
    assert money.divide_half_away(n, d) == expected


@given(st.fractions())
def test_rounding_is_never_further_than_a_half(exact: Fraction) -> None:
    assert abs(money.round_half_away(exact) - exact) <= Fraction(1, 2)


@given(st.integers(-(10**15), 10**15), WEIGHTS)
def test_the_parts_of_a_split_sum_to_the_whole_and_none_is_a_unit_off(
    total: int, weights: list[Fraction]
) -> None:
    if not sum(weights):
        with pytest.raises(ValueError, match="cannot split"):
            money.largest_remainder(total, weights)
        return
    parts = money.largest_remainder(total, weights)
    assert sum(parts) == total
    assert all(
        abs(part - Fraction(total) * weight / sum(weights)) < 1
        for part, weight in zip(parts, weights, strict=True)
    )


def test_the_first_of_equal_remainders_gets_the_odd_unit_of_either_sign() -> None:
    thirds = [Fraction(1, 3)] * 3
    assert money.largest_remainder(100, thirds) == [34, 33, 33]
    assert money.largest_remainder(-101, thirds) == [-34, -34, -33]


def test_a_negative_weight_splits_nothing() -> None:
    with pytest.raises(ValueError, match="cannot split"):
        money.largest_remainder(1, [Fraction(2), Fraction(-1)])


@pytest.mark.parametrize(("currency", "digits"), [("JPY", 0), ("EUR", 2), ("IQD", 3), ("CLF", 4)])
def test_every_active_currency_has_the_exponent_of_iso_4217(currency: str, digits: int) -> None:
    assert money.exponent(currency) == digits


@pytest.mark.parametrize("currency", ["XAU", "eur", "DEM", ""])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    with pytest.raises(errors.InvalidError, match="ISO 4217"):
        money.exponent(currency)


def test_amounts_of_one_currency_add_and_compare() -> None:
    one, two = money.Money(1, "EUR"), money.Money(2, "EUR")
    assert one + one == two
    assert one - two == -one
    assert one < two
    assert one <= two
    assert two > one
    assert two >= one
    assert min(two, one) is one
    same = money.Money(1, "EUR")
    assert one <= same
    assert one >= same
    assert not one < same
    assert not one > same


def test_amounts_of_two_currencies_refuse_each_other() -> None:
    with pytest.raises(errors.CurrencyMismatchError):
        _ = money.Money(1, "EUR") + money.Money(1, "USD")
    with pytest.raises(errors.CurrencyMismatchError):
        min(money.Money(1, "EUR"), money.Money(1, "USD"))


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "expected"),
    [
        (123456, "USD", "en_US", "$1,234.56"),
        (-5, "EUR", "de_DE", "-0,05\xa0€"),
        (1234, "JPY", "en_US", "¥1,234"),
        (1234567, "IQD", "en_US", "IQD1,234.567"),
        (9007199254740993, "EUR", "en_US", "€90,071,992,547,409.93"),
        (0, "USD", "en_US", "$0.00"),
    ],
)
def test_an_amount_is_shown_with_every_digit_it_has(
    minor: int, currency: str, locale: str, expected: str
) -> None:
    assert money.display(minor, currency, locale) == expected
