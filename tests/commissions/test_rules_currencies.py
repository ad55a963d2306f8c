"""Amounts between currencies of every exponent, 0 to 4, worked out by hand."""

from fractions import Fraction

import pytest
from msgspec.structs import replace

from partner_network.agreements.terms import ComponentCaps, Tier
from tests.commissions import cast

ALL = replace(cast.SALES, structure="flat", tiers=(Tier(0, 1_000_000),))
ONE_OF_EACH = [
    # one unit of the order's currency is so much of the agreement's; exponents: JPY 0, EUR 2, KWD 3, UYW 4
    ("JPY", 12_345, "EUR", "0.0061", 7_530),  # 75.3045 EUR
    ("EUR", 7_531, "JPY", "163.9344", 12_346),  # 12345.90 JPY
    ("KWD", 27_715, "EUR", "2", 5_543),
    ("EUR", 5_543, "KWD", "1/2", 27_715),
    ("UYW", 10_000, "JPY", "5/2", 3),  # 2.5 JPY, half away from zero
    ("JPY", 3, "UYW", "1/7", 4_286),  # 0.428571... UYW
    ("UYW", 12_345, "KWD", "1", 1_235),  # 1.2345 KWD
    ("KWD", 1, "UYW", "1", 10),
    ("USD", 333, "EUR", "1/3", 111),
    ("CLF", 1, "EUR", "35", 0),  # 0.0035 EUR
    ("CLF", 2, "EUR", "35", 1),  # 0.0070 EUR
]


@pytest.mark.parametrize(("currency", "minor", "wanted", "rate", "converted"), ONE_OF_EACH)
def test_a_share_is_scaled_by_both_exponents_and_rounded_once(
    currency: str, minor: int, wanted: str, rate: str, converted: int
) -> None:
    of = cast.terms(ALL, settlement=replace(cast.settlement(), currency=wanted))
    (row,) = cast.rows([cast.order("a", minor, currency=currency, rate=Fraction(rate))], of)
    assert (row.minor, row.metric_total, row.currency) == (converted, converted, wanted)


def test_a_rate_is_taken_of_the_share_and_not_of_the_order() -> None:
    halves = (Fraction(1, 2), Fraction(1, 2))
    of = cast.terms(ALL)
    parts = [
        cast.paid([cast.order("a", 5, currency="USD", rate=Fraction(1, 2), weights=halves, own=(own,))], of)
        for own in (0, 1)
    ]
    # 5 is 3 and 2; half of 3 is 1.5, away from zero 2
    assert parts == [{"a": 2}, {"a": 1}]


def test_what_refunds_left_is_converted_once_and_not_the_refund() -> None:
    order = cast.order("a", 5, currency="USD", rate=Fraction(1, 2), refunds=(cast.refund(2),))
    assert cast.paid([order], cast.terms(ALL)) == {"a": 2}  # 1.5, where 2.5 less 1 would be 3 less 1


def test_line_only_takes_back_in_proportion_to_the_orders_own_currency() -> None:
    order = cast.order("a", 3, currency="USD", rate=Fraction(100), refunds=(cast.refund(1),))
    (row,) = cast.rows([order], cast.terms(ALL, settlement=cast.line_only()))
    assert (row.line_minor, row.taken_back_minor, row.minor) == (300, 100, 200)


def test_caps_and_amounts_of_a_currency_without_decimals_are_whole_units() -> None:
    yen = replace(cast.settlement(), currency="JPY")
    capped = replace(ALL, tiers=(Tier(0, 333_333),), cap_minor=ComponentCaps(order=2))
    assert cast.paid([cast.order("a", 5, currency="JPY")], cast.terms(ALL, settlement=yen)) == {"a": 5}
    assert cast.paid([cast.order("a", 60, currency="JPY")], cast.terms(capped, settlement=yen)) == {"a": 2}


def test_amounts_beyond_what_a_float_holds_stay_exact() -> None:
    most = 2**62
    of = cast.terms(replace(ALL, tiers=(Tier(0, 999_999),)))
    assert cast.paid([cast.order("a", most)], of) == {"a": (most * 999_999 * 2 + 10**6) // (2 * 10**6)}
