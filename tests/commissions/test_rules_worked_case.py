"""The worked case of MONEY, section 4: tiers of 5, 8 and 10 %, three March orders, a refund in May."""

import pytest
from msgspec.structs import replace

from partner_network.agreements.terms import Structure
from tests.commissions import cast

ORDERS = [
    cast.order("A", 800_000, cast.at(3, 3)),
    cast.order("B", 700_000, cast.at(3, 10)),
    cast.order("C", 600_000, cast.at(3, 20)),
]
REFUNDED = [ORDERS[0], replace(ORDERS[1], refunds=(cast.refund(250_000),)), ORDERS[2]]


@pytest.mark.parametrize(
    ("structure", "expected"),
    [
        ("graduated", {"A": 40_000, "B": 50_000, "C": 50_000}),
        ("retroactive", {"A": 80_000, "B": 70_000, "C": 60_000}),
    ],
)
def test_march_pays_1400_graduated_and_2100_retroactive(
    structure: Structure, expected: dict[str, int]
) -> None:
    terms = cast.terms(replace(cast.SALES, structure=structure))
    assert cast.paid(ORDERS, terms) == expected


@pytest.mark.parametrize(
    ("structure", "expected", "change"),
    [
        ("graduated", {"A": 40_000, "B": 30_000, "C": 48_000}, -22_000),
        ("retroactive", {"A": 64_000, "B": 36_000, "C": 48_000}, -62_000),
    ],
)
def test_a_refund_under_recompute_reprices_the_whole_of_march(
    structure: Structure, expected: dict[str, int], change: int
) -> None:
    terms = cast.terms(replace(cast.SALES, structure=structure))
    after = cast.paid(REFUNDED, terms)
    assert after == expected
    assert sum(after.values()) - sum(cast.paid(ORDERS, terms).values()) == change


@pytest.mark.parametrize(
    ("structure", "expected", "change"),
    [
        ("graduated", {"A": 40_000, "B": 50_000 - 17_857, "C": 50_000}, -17_857),
        ("retroactive", {"A": 80_000, "B": 70_000 - 25_000, "C": 60_000}, -25_000),
    ],
)
def test_a_refund_under_line_only_touches_its_own_line_alone(
    structure: Structure, expected: dict[str, int], change: int
) -> None:
    terms = cast.terms(replace(cast.SALES, structure=structure), settlement=cast.line_only())
    after = cast.paid(REFUNDED, terms)
    assert after == expected
    assert sum(after.values()) - sum(cast.paid(ORDERS, terms).values()) == change


def test_every_row_explains_itself() -> None:
    first, second, third = cast.rows(REFUNDED, cast.terms())
    assert [row.metric_before for row in (first, second, third)] == [0, 800_000, 1_250_000]
    assert {row.metric_total for row in (first, second, third)} == {1_850_000}
    assert second.rates == ((50_000, 200_000), (80_000, 250_000))
    assert third.rates == ((80_000, 600_000),)
    assert {(row.period, row.rule, row.version, row.clause, row.currency) for row in (first, third)} == {
        ("2026-03", "graduated", "v1", "commission.components[0]", "EUR")
    }


def test_an_upper_tier_begins_exactly_at_its_bound() -> None:
    at_bound = [cast.order("A", 1_000_000)]
    assert cast.rows(at_bound, cast.terms())[0].minor == 50_000
    assert cast.rows(at_bound, cast.terms(replace(cast.SALES, structure="retroactive")))[0].minor == 80_000
    below = [cast.order("A", 999_999)]
    assert cast.rows(below, cast.terms(replace(cast.SALES, structure="retroactive")))[0].minor == 50_000
