from fractions import Fraction

import pytest
from msgspec.structs import replace

from partner_network.agreements.terms import Bonus
from partner_network.commissions.rules import plan as plans
from partner_network.commissions.rules import targets as engine
from partner_network.commissions.rules.facts import Adjustment, BonusTarget, Order, TermsVersion
from partner_network.kernel.errors import InvalidError
from tests.commissions import cast

FIRST_TWO = Bonus(
    name="first-two", kind="first_n", event="sale", metric="count", n=2, period="quarter", amount_minor=2_500
)
TEN_THOUSAND = Bonus(
    name="big",
    kind="milestone",
    event="sale",
    metric="net_amount",
    n=10_000,
    period="month",
    amount_minor=9_999,
)


def bonuses(bonus: Bonus, *orders: Order) -> tuple[BonusTarget, ...]:
    return cast.computed(list(orders), cast.terms(bonuses=(bonus,))).bonuses


def test_the_first_n_of_a_period_are_paid_each() -> None:
    orders = [cast.order(f"o{month}{day}", 100, cast.at(month, day)) for month in (1, 3, 5) for day in (1, 2)]
    first, second = bonuses(FIRST_TWO, *orders)
    assert (first.period, first.minor, first.conversions) == ("2026-Q1", 5_000, ("o11", "o12"))
    assert (second.period, second.minor, second.earned_at) == ("2026-Q2", 5_000, cast.at(5, 2))
    assert (first.clause, first.version, first.currency) == ("commission.bonuses[0]", "v1", "EUR")
    assert (first.bonus, second.bonus) == ("first-two", "first-two")


@pytest.mark.parametrize(("frees", "minor"), [(False, 2_500), (True, 5_000)])
def test_a_fully_refunded_order_pays_nothing_and_may_pass_its_place_on(frees: bool, minor: int) -> None:
    bonus = replace(FIRST_TWO, refund_frees_place=frees)
    gone = cast.order("a", 100, cast.at(3, 1), refunds=(cast.refund(100),))
    (paid,) = bonuses(bonus, gone, cast.order("b", 100, cast.at(3, 2)), cast.order("c", 100, cast.at(3, 3)))
    assert paid.minor == minor


def test_a_partial_refund_keeps_the_whole_place() -> None:
    (paid,) = bonuses(FIRST_TWO, cast.order("a", 100, refunds=(cast.refund(99),)))
    assert paid.minor == 2_500


def test_shared_conversions_take_parts_of_a_place() -> None:
    third = {"weights": (Fraction(1, 3), Fraction(2, 3)), "own": (0,)}
    orders = [cast.order(f"o{number}", 100, **third) for number in range(7)]  # pyright: ignore[reportArgumentType]  # facts by name
    (paid,) = bonuses(FIRST_TWO, *orders)
    # 333,333 ppm each: six of them are 1,999,998, and the seventh has room for 2 more
    assert paid.minor == 5_000
    assert len(paid.conversions) == 7


def test_nothing_counts_but_the_event_of_the_bonus() -> None:
    assert bonuses(FIRST_TWO, cast.order("a", 100, event="lead"), cast.order("b", 100, rejected=True)) == ()


def test_the_smallest_part_of_an_action_is_paid_its_part() -> None:
    dear = replace(FIRST_TWO, amount_minor=3_000_000)
    shared = (Fraction(1, 1_000_000), Fraction(999_999, 1_000_000))
    (paid,) = bonuses(dear, cast.order("a", 100, weights=shared, own=(0,)))
    assert (paid.minor, paid.conversions) == (3, ("a",))


def test_a_milestone_pays_once_when_the_metric_reaches_n() -> None:
    orders = [
        cast.order("a", 9_999, cast.at(3, 1)),
        cast.order("b", 1, cast.at(3, 2)),
        cast.order("c", 50_000),
    ]
    (paid,) = bonuses(TEN_THOUSAND, *orders)
    assert (paid.minor, paid.conversions, paid.earned_at) == (9_999, ("b",), cast.at(3, 2))
    assert bonuses(TEN_THOUSAND, orders[0]) == ()


def test_a_milestone_may_count_actions() -> None:
    bonus = replace(TEN_THOUSAND, metric="count", n=2)
    assert bonuses(bonus, cast.order("a", 1)) == ()
    assert [paid.minor for paid in bonuses(bonus, cast.order("a", 1), cast.order("b", 1))] == [9_999]


@pytest.mark.parametrize(("frees", "count"), [(False, 1), (True, 0)])
def test_a_milestone_once_reached_stays_unless_refunds_free_it(frees: bool, count: int) -> None:
    bonus = replace(TEN_THOUSAND, refund_frees_place=frees)
    assert len(bonuses(bonus, cast.order("a", 10_000, refunds=(cast.refund(1),)))) == count


def test_a_milestone_that_was_never_true_at_any_moment_is_not_reached() -> None:
    refunded_first = cast.order("a", 9_000, cast.at(3, 1), refunds=(cast.refund(5_000, cast.at(3, 2)),))
    then = cast.order("b", 2_000, cast.at(3, 3))
    assert bonuses(TEN_THOUSAND, refunded_first, then) == ()
    undone = replace(
        refunded_first,
        refunds=(*refunded_first.refunds, cast.refund(0, cast.at(3, 4), id="r2", cancels="r1")),
    )
    assert [paid.minor for paid in bonuses(TEN_THOUSAND, undone, then)] == [9_999]


def test_a_milestone_goes_by_what_each_refund_had_left_at_its_moment() -> None:
    back = (cast.refund(500, cast.at(3, 2)), cast.refund(9_000, cast.at(3, 4), id="r2"))
    # 95.00, then 90.00, then with 15.00 more 105.00: the second refund comes too late to undo it.
    orders = [cast.order("a", 9_500, cast.at(3, 1), refunds=back), cast.order("b", 1_500, cast.at(3, 3))]
    assert [paid.conversions for paid in bonuses(TEN_THOUSAND, *orders)] == [("b",)]


def test_a_milestone_takes_refunds_of_one_name_and_instant_as_two() -> None:
    back = (cast.refund(100, cast.at(3, 2)),)
    orders = [cast.order(name, 5_100, cast.at(3, 1), refunds=back) for name in ("a", "b")]
    assert [paid.minor for paid in bonuses(TEN_THOUSAND, *orders)] == [9_999]


def test_a_milestone_counts_an_order_before_its_refund_of_the_same_instant() -> None:
    refunded_at_once = cast.order("z", 10_000, cast.at(3, 1), refunds=(cast.refund(1, cast.at(3, 1)),))
    assert [paid.minor for paid in bonuses(TEN_THOUSAND, refunded_at_once)] == [9_999]


def test_a_milestone_that_refunds_undo_counts_no_order_that_went_back_whole() -> None:
    second = Bonus("second", "milestone", "sale", "count", 2, "quarter", 777, refund_frees_place=True)
    gone = cast.order("a", 1_000, cast.at(3, 1), refunds=(cast.refund(1_000),))
    kept = [cast.order("b", 1_000, cast.at(3, 2)), cast.order("c", 1_000, cast.at(3, 3))]
    assert bonuses(second, gone, kept[0]) == ()
    (paid,) = bonuses(second, gone, *kept)
    assert (paid.minor, paid.conversions) == (777, ("c",))


def test_a_bonus_of_nothing_has_no_row() -> None:
    assert bonuses(replace(FIRST_TWO, amount_minor=0), cast.order("a", 1)) == ()


def given(minor: int, bonus: str = "first-two", id: str = "a1") -> tuple[Adjustment, ...]:  # noqa: A002  # a test reads best with the field's own name
    return (Adjustment(id=id, minor=minor, bonus=bonus),)


def test_an_adjustment_of_a_bonus_adds_to_it_in_the_period_of_its_order_and_to_nothing_else() -> None:
    gone = cast.order("a", 1_000, cast.at(3, 1), refunds=(cast.refund(1_000),), adjustments=given(2_500))
    computed = cast.computed([gone, cast.order("b", 1_000, cast.at(3, 2))], cast.terms(bonuses=(FIRST_TWO,)))
    (paid,) = computed.bonuses
    # b takes its own 25.00; a, refunded whole, keeps its place and was given 25.00 back
    assert (paid.period, paid.minor, paid.adjusted_minor) == ("2026-Q1", 5_000, 2_500)
    assert [(one.conversion, one.minor) for one in computed.commissions] == [("a", 0), ("b", 50)]


def test_what_takes_more_than_a_bonus_leaves_nothing_owed() -> None:
    assert bonuses(FIRST_TWO, cast.order("a", 100, adjustments=given(-9_000))) == ()


def test_an_order_whose_credit_went_elsewhere_keeps_what_its_bonus_was_adjusted_by() -> None:
    (paid,) = bonuses(FIRST_TWO, cast.order("a", 100, rejected=True, adjustments=given(2_500)))
    assert (paid.minor, paid.earned_at, paid.conversions) == (2_500, cast.at(3, 5), ())


def test_an_adjustment_counts_by_the_terms_of_its_order() -> None:
    terms = cast.terms(bonuses=(FIRST_TWO,))
    versions = [
        TermsVersion(key="v1", terms=terms, valid_until=cast.at(3, 2)),
        TermsVersion(key="v2", terms=terms, valid_from=cast.at(3, 2)),
    ]
    orders = [
        cast.order("a", 100, cast.at(3, 1)),
        cast.order("b", 100, cast.at(3, 3), rejected=True, adjustments=given(700)),
    ]
    paid = engine.targets(orders, plans.plan_of(versions)).bonuses
    assert [(one.version, one.minor) for one in paid] == [("v1", 2_500), ("v2", 700)]


def test_a_bonus_that_the_terms_do_not_have_stops_the_run_and_is_named() -> None:
    with pytest.raises(InvalidError, match="bonus 'other', which its terms do not have"):
        bonuses(FIRST_TWO, cast.order("a", 100, adjustments=given(1, "other")))


@pytest.mark.parametrize("is_counted", [True, False])
def test_nothing_is_added_alone_after_a_bonus_was_adjusted(is_counted: bool) -> None:
    plan = plans.plan_of([TermsVersion(key="v1", terms=cast.terms(bonuses=(FIRST_TWO,)))])
    first = cast.order("a", 100, cast.at(3, 1), rejected=not is_counted, adjustments=given(700))
    checkpoint = engine.targets([first], plan).checkpoint
    assert checkpoint is not None
    assert engine.append(checkpoint, [cast.order("b", 100, cast.at(3, 2))], plan) is None
