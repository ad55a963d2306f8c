from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from partner_network.agreements.terms import Tier
from partner_network.commissions.rules import shares
from partner_network.commissions.rules.facts import Adjustment, Line
from partner_network.kernel import errors
from tests.commissions import cast

ALL = replace(cast.SALES, structure="flat", tiers=(Tier(0, 1_000_000),))
THIRDS = (Fraction(1, 3),) * 3


@given(st.lists(st.fractions(0, 1), min_size=1, max_size=6).filter(sum), st.integers(0, 10**9))
def test_the_partners_shares_of_one_order_sum_to_its_net(weights: list[Fraction], net: int) -> None:
    shared = tuple(weight / sum(weights) for weight in weights)
    total = 0
    for position in range(len(shared)):
        order = cast.order("a", net, weights=shared, own=(position,))
        total += cast.paid([order], cast.terms(ALL))["a"]
    assert total == net


def test_the_current_net_is_split_again_after_a_refund() -> None:
    for own, minor in [(0, 34), (1, 33), (2, 33)]:
        order = cast.order("a", 150, weights=THIRDS, own=(own,), refunds=(cast.refund(50),))
        assert cast.paid([order], cast.terms(ALL)) == {"a": minor}


def test_a_partner_of_several_touches_gets_the_sum_of_their_shares() -> None:
    order = cast.order("a", 100, weights=THIRDS, own=(0, 2))
    assert cast.paid([order], cast.terms(ALL)) == {"a": 67}


def test_one_conversion_never_pays_more_than_one_amount_over_all_partners() -> None:
    component = replace(ALL, metric="count", tiers=(Tier(0, amount_minor=3_000_000),))
    orders = [cast.order("a", 100, weights=THIRDS, own=(own,)) for own in range(3)]
    assert [cast.paid([order], cast.terms(component))["a"] for order in orders] == [
        1_000_002,
        999_999,
        999_999,
    ]


def test_a_component_splits_the_net_of_the_lines_it_takes() -> None:
    lines = (Line(id="x", net_minor=100, sku="x"), Line(id="y", net_minor=50, sku="y"))
    component = replace(ALL, match=replace(ALL.match, skus=("x",)))
    order = cast.order("a", 150, lines=lines, weights=THIRDS, own=(0,))
    assert cast.paid([order], cast.terms(component)) == {"a": 34}


def test_split_credits_is_the_largest_remainder_of_the_net() -> None:
    assert shares.split_credits(100, THIRDS) == [34, 33, 33]


@pytest.mark.parametrize(
    "facts", [{"weights": THIRDS}, {"own": (0,)}, {"weights": (Fraction(1),), "own": (0, 1)}]
)
def test_credits_that_do_not_say_whose_they_are_are_refused(facts: dict[str, object]) -> None:
    with pytest.raises(errors.InvalidError, match="which of its credits"):
        cast.paid([cast.order("a", 1, **facts)], cast.terms())  # pyright: ignore[reportArgumentType]  # facts by name


@pytest.mark.parametrize(("day", "minor"), [(4, 900), (5, 1_000), (1, 600)])
def test_decay_takes_off_a_part_for_each_whole_day_since_the_touch(day: int, minor: int) -> None:
    component = replace(ALL, decay_ppm_per_day=100_000)
    order = cast.order(
        "a", 1_000, weights=(Fraction(1),), own=(0,), touched_at=(cast.at(3, day, 11 + (day > 4)),)
    )
    assert cast.paid([order], cast.terms(component)) == {"a": minor}


def test_an_order_whose_touches_are_not_told_does_not_decay() -> None:
    component = replace(ALL, decay_ppm_per_day=100_000)
    (row,) = cast.rows([cast.order("a", 1_000)], cast.terms(component))
    assert (row.minor, row.factors) == (1_000, (("decay", Fraction(1)),))


def test_an_order_of_nothing_decays_by_its_touches_alike() -> None:
    component = replace(ALL, decay_ppm_per_day=100_000)
    touched = (cast.at(3, 4), cast.at(3, 2))  # a day and three days before the order
    order = cast.order("a", 0, weights=(Fraction(1, 2),) * 2, own=(0, 1), touched_at=touched)
    (row,) = cast.rows([order], cast.terms(component))
    assert (row.minor, row.factors) == (0, (("decay", Fraction(8, 10)),))


def test_decay_of_several_touches_is_weighted_by_their_shares_and_never_below_zero() -> None:
    component = replace(ALL, decay_ppm_per_day=100_000)
    touched_at = (cast.at(3, 5), cast.at(2, 1))
    order = cast.order(
        "a", 1_000, weights=(Fraction(3, 4), Fraction(1, 4)), own=(0, 1), touched_at=touched_at
    )
    (row,) = cast.rows([order], cast.terms(component))
    assert (row.minor, row.factors) == (750, (("decay", Fraction(3, 4)),))


def test_decay_weighs_touches_by_the_whole_minor_units_each_got() -> None:
    component = replace(ALL, decay_ppm_per_day=100_000, tiers=(Tier(0, 1_000_000),))
    halves, touched_at = (Fraction(1, 2), Fraction(1, 2)), (cast.at(3, 5), cast.at(2, 1))
    order = cast.order("a", 1, weights=halves, own=(0, 1), touched_at=touched_at)
    assert cast.paid([order], cast.terms(component)) == {"a": 1}  # all of it fell to the first touch


def test_decay_of_a_rate_chosen_by_the_count_weighs_touches_by_what_each_got() -> None:
    component = replace(ALL, structure="retroactive", metric="count", decay_ppm_per_day=100_000)
    halves, touched_at = (Fraction(1, 2), Fraction(1, 2)), (cast.at(2, 1), cast.at(3, 5))
    order = cast.order("a", 1, weights=halves, own=(0, 1), touched_at=touched_at)
    assert cast.paid([order], cast.terms(component)) == {"a": 0}  # all of it fell to the old touch


def test_decay_of_an_amount_per_action_is_weighted_by_the_parts_of_the_action() -> None:
    component = replace(ALL, metric="count", decay_ppm_per_day=100_000, tiers=(Tier(0, amount_minor=1_000),))
    weights, touched_at = (Fraction(1, 4), Fraction(3, 4)), (cast.at(3, 5), cast.at(2, 1))
    order = cast.order("a", 0, weights=weights, own=(0, 1), touched_at=touched_at)
    assert cast.paid([order], cast.terms(component)) == {"a": 250}


def test_an_adjustment_adds_to_the_target_and_survives_every_recompute() -> None:
    upheld = (Adjustment(id="d1", minor=-300), Adjustment(id="d2", minor=50))
    order = cast.order("a", 1_000, adjustments=upheld)
    (row,) = cast.rows([order], cast.terms(ALL))
    assert (row.minor, row.line_minor, row.adjusted_minor) == (750, 1_000, -250)
    refunded = replace(order, refunds=(cast.refund(100),))
    assert cast.paid([refunded], cast.terms(ALL)) == {"a": 650}


def test_a_target_is_never_below_zero() -> None:
    order = cast.order(
        "a", 1_000, adjustments=(Adjustment(id="d1", minor=-300),), refunds=(cast.refund(1_000),)
    )
    assert cast.paid([order], cast.terms(ALL)) == {"a": 0}


def test_an_adjustment_pays_even_where_no_component_prices_the_order() -> None:
    gift = Adjustment(id="d1", minor=500)
    for order in (
        cast.order("a", 1_000, rejected=True, adjustments=(gift,)),
        cast.order("a", 1_000, order_number=9, first_order_at=cast.at(1, year=2020), adjustments=(gift,)),
    ):
        (row,) = cast.rows([order], cast.terms(ALL))
        assert (row.minor, row.component, row.period, row.line_minor) == (500, "sales", "2026-03", 0)


def test_an_adjustment_of_a_named_component_stays_with_it() -> None:
    other = replace(ALL, name="other")
    order = cast.order("a", 1_000, adjustments=(Adjustment(id="d1", minor=5, component="other"),))
    rows = cast.rows([order], cast.terms(ALL, other))
    assert {row.component: row.minor for row in rows} == {"sales": 1_000, "other": 5}
    unknown = replace(order, adjustments=(Adjustment(id="d1", minor=5, component="gone"),))
    with pytest.raises(errors.InvalidError, match="'d1' of order 'a' names no component"):
        cast.rows([unknown], cast.terms(ALL))


def test_a_rejected_order_pays_nothing_and_counts_nowhere() -> None:
    orders = [cast.order("a", 1_000_000, rejected=True), cast.order("b", 1_000_000)]
    assert cast.paid(orders, cast.terms()) == {"b": 50_000}
