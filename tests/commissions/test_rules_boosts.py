from datetime import date
from fractions import Fraction

from msgspec.structs import replace

from partner_network.agreements.terms import Boost, ComponentCaps, Terms, Tier
from tests.commissions import cast

FLAT = replace(cast.SALES, structure="flat", tiers=(Tier(0, 100_000),))
HALF_MORE = Boost(
    name="spring",
    component="sales",
    starts=date(2026, 3, 10),
    until=date(2026, 4, 2),
    multiplier_ppm=1_500_000,
    cap_minor=10**9,
)


def boosted(*boosts: Boost, component: object = FLAT) -> Terms:
    return cast.terms(component, boosts=boosts)  # pyright: ignore[reportArgumentType]  # a component


def test_a_boost_covers_its_calendar_days_in_the_zone_half_open() -> None:
    orders = [
        cast.order("before", 1_000, cast.at(3, 9, 22)),  # 23:00 in Berlin
        cast.order("first", 1_000, cast.at(3, 9, 23)),
        cast.order("last", 1_000, cast.at(4, 1, 21)),  # 23:00, summer time
        cast.order("after", 1_000, cast.at(4, 1, 22)),
    ]
    assert cast.paid(orders, boosted(HALF_MORE)) == {"before": 100, "first": 150, "last": 150, "after": 100}


def test_its_cap_limits_the_running_extra_over_all_periods() -> None:
    capped = replace(HALF_MORE, cap_minor=120)
    orders = [
        cast.order("a", 2_000, cast.at(3, 12)),
        cast.order("b", 1_000, cast.at(4, 1)),
        cast.order("c", 1_000, cast.at(3, 11), rejected=True),
        cast.order("d", 1_000, cast.at(4, 1, 13)),
    ]
    assert cast.paid(orders, boosted(capped)) == {"a": 300, "b": 120, "d": 100}
    factors = {row.conversion: row.factors for row in cast.rows(orders, boosted(capped))}
    # Of 1.20 more the first takes 1.00, the second what is left, the third nothing at all.
    assert factors == {
        "a": (("boost spring", Fraction(3, 2)),),
        "b": (("boost spring", Fraction(6, 5)),),
        "d": (("boost spring", Fraction(1)),),
    }


def test_of_several_best_ones_the_highest_counts_and_ties_go_by_name() -> None:
    double = replace(HALF_MORE, name="double", multiplier_ppm=2_000_000, cap_minor=10)
    same = replace(HALF_MORE, name="also-double", multiplier_ppm=2_000_000, cap_minor=20)
    assert cast.paid([cast.order("a", 1_000, cast.at(3, 12))], boosted(HALF_MORE, double)) == {"a": 110}
    assert cast.paid([cast.order("a", 1_000, cast.at(3, 12))], boosted(HALF_MORE, double, same)) == {"a": 120}


def test_multiplying_ones_follow_each_other_in_name_order() -> None:
    a = replace(HALF_MORE, name="a", stacking="multiply", multiplier_ppm=2_000_000, cap_minor=50)
    b = replace(HALF_MORE, name="b", stacking="multiply", multiplier_ppm=3_000_000)
    (row,) = cast.rows([cast.order("x", 1_000, cast.at(3, 12))], boosted(b, a))
    assert row.minor == (100 + 50) * 3
    assert row.factors == (("boost a", Fraction(3, 2)), ("boost b", Fraction(3)))


def test_the_best_one_multiplies_with_those_that_multiply() -> None:
    also = replace(HALF_MORE, name="also", stacking="multiply", multiplier_ppm=2_000_000)
    lower = replace(HALF_MORE, name="lower", multiplier_ppm=1_100_000)
    assert cast.paid([cast.order("x", 1_000, cast.at(3, 12))], boosted(also, HALF_MORE, lower)) == {"x": 300}


def test_the_order_cap_comes_after_the_boost_and_decay_after_its_cap() -> None:
    component = replace(FLAT, cap_minor=ComponentCaps(order=120))
    order = cast.order("a", 1_000, cast.at(3, 12))
    assert cast.paid([order], boosted(HALF_MORE, component=component)) == {"a": 120}
    decaying = replace(FLAT, decay_ppm_per_day=100_000)
    touched = replace(order, weights=(Fraction(1),), own=(0,), touched_at=(cast.at(3, 9),))
    capped = replace(HALF_MORE, cap_minor=30)
    assert cast.paid([touched], boosted(capped, component=decaying)) == {"a": 91}


def test_a_boost_on_another_component_changes_nothing() -> None:
    other = replace(FLAT, name="other", event="lead")
    of = cast.terms(FLAT, other, boosts=(replace(HALF_MORE, component="other"),))
    assert cast.paid([cast.order("a", 1_000, cast.at(3, 12))], of) == {"a": 100}
