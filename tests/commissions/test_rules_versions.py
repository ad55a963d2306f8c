from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest
from msgspec.structs import replace

from partner_network.agreements.terms import Bonus, Boost, ComponentCaps, Terms, Tier
from partner_network.commissions.rules import plan, rates, targets
from partner_network.commissions.rules.facts import Order, TermsVersion
from partner_network.commissions.rules.rates import Rate
from partner_network.kernel import errors
from tests.commissions import cast

FLAT = replace(cast.SALES, structure="flat", tiers=(Tier(0, 100_000),))
DOUBLE = replace(FLAT, tiers=(Tier(0, 200_000),))
MID_MARCH = cast.at(3, 15)


def priced(orders: list[Order], old: Terms, new: Terms, begins: datetime = MID_MARCH) -> dict[str, int]:
    versions = [
        TermsVersion(key="v2", terms=new, valid_from=begins),
        TermsVersion(key="v1", terms=old, valid_until=begins),
    ]
    return {row.conversion: row.minor for row in targets.targets(orders, plan.plan_of(versions)).commissions}


def test_each_order_is_priced_by_the_version_valid_when_it_occurred() -> None:
    before = cast.order("before", 1_000, MID_MARCH - timedelta(microseconds=1), recorded_at=cast.at(4))
    at = cast.order("at", 1_000, MID_MARCH)
    assert priced([before, at], cast.terms(FLAT), cast.terms(DOUBLE)) == {"before": 100, "at": 200}


def test_a_stream_keeps_its_metric_across_versions() -> None:
    higher = replace(cast.SALES, tiers=tuple(replace(t, rate_ppm=2 * (t.rate_ppm or 0)) for t in cast.TIERS))
    orders = [cast.order("a", 900_000, cast.at(3, 1)), cast.order("b", 200_000, cast.at(3, 20))]
    assert priced(orders, cast.terms(), cast.terms(higher)) == {"a": 45_000, "b": 10_000 + 16_000}


def test_a_retroactive_rate_is_that_of_each_orders_own_version_at_the_whole_periods_total() -> None:
    old = replace(cast.SALES, structure="retroactive")
    new = replace(old, tiers=(Tier(0, 10_000), Tier(900_000, 20_000)))
    orders = [cast.order("a", 600_000, cast.at(3, 1)), cast.order("b", 400_000, cast.at(3, 20))]
    # 1,000,000 in all: 8 % under the old terms, 2 % under the new ones
    assert priced(orders, cast.terms(old), cast.terms(new)) == {"a": 48_000, "b": 8_000}


def test_a_boost_keeps_what_it_has_used_of_its_cap_when_a_version_raises_it() -> None:
    boost = Boost("spring", "sales", date(2026, 3, 1), date(2026, 4, 1), 2_000_000, 150)
    old = cast.terms(FLAT, boosts=(boost,))
    new = cast.terms(FLAT, boosts=(replace(boost, cap_minor=170),))
    orders = [cast.order("a", 1_000, cast.at(3, 1)), cast.order("b", 1_000, cast.at(3, 20))]
    assert priced(orders, old, new) == {"a": 200, "b": 170}
    late = [replace(orders[0], net_minor=2_000), orders[1]]
    assert priced(late, old, new) == {"a": 350, "b": 120}


def test_each_order_is_taken_back_in_the_mode_of_its_own_version() -> None:
    retroactive = replace(cast.SALES, structure="retroactive")
    old = cast.terms(retroactive, settlement=cast.line_only())
    orders = [
        cast.order("a", 600_000, cast.at(3, 1), refunds=(cast.refund(300_000),)),
        cast.order("b", 400_000, cast.at(3, 20), refunds=(cast.refund(100_000),)),
    ]
    # the first counts as 600,000, before refunds, the second as 300,000: 5 % of each, less half of the first
    assert priced(orders, old, cast.terms(retroactive)) == {"a": 15_000, "b": 15_000}


def test_a_component_that_a_version_leaves_out_pays_nothing_from_then_on() -> None:
    other = replace(FLAT, name="other", tiers=(Tier(0, 300_000),))
    orders = [cast.order("a", 1_000, cast.at(3, 1)), cast.order("b", 1_000, cast.at(3, 20))]
    assert priced(orders, cast.terms(FLAT, other), cast.terms(other)) == {"a": 100, "b": 300}


def test_a_milestone_is_paid_by_the_version_of_the_order_that_reached_it() -> None:
    milestone = Bonus("m", "milestone", "sale", "count", 2, "month", 500)
    dearer = replace(milestone, amount_minor=700)
    versions = [
        TermsVersion(key="v1", terms=cast.terms(FLAT, bonuses=(milestone,)), valid_until=MID_MARCH),
        TermsVersion(key="v2", terms=cast.terms(FLAT, bonuses=(dearer,)), valid_from=MID_MARCH),
    ]
    orders = [cast.order("a", 1, cast.at(3, 1)), cast.order("b", 1, cast.at(3, 20))]
    (paid,) = targets.targets(orders, plan.plan_of(versions)).bonuses
    assert (paid.minor, paid.version, paid.conversions) == (700, "v2", ("b",))


def test_a_lower_cap_of_a_later_version_never_makes_a_line_negative() -> None:
    capped = replace(FLAT, cap_minor=ComponentCaps(period=150))
    lower = replace(FLAT, cap_minor=ComponentCaps(period=120))
    orders = [cast.order("a", 2_000, cast.at(3, 1)), cast.order("b", 1_000, cast.at(3, 20))]
    assert priced(orders, cast.terms(capped), cast.terms(lower)) == {"a": 150, "b": 0}


def test_after_its_end_the_last_version_still_prices() -> None:
    ended = TermsVersion(key="v1", terms=cast.terms(FLAT), valid_until=cast.at(2))
    (row,) = targets.targets([cast.order("a", 1_000)], plan.plan_of([ended])).commissions
    assert (row.version, row.minor) == ("v1", 100)


def test_an_order_before_the_first_version_is_refused() -> None:
    later = TermsVersion(key="v1", terms=cast.terms(FLAT), valid_from=cast.at(6))
    with pytest.raises(errors.InvalidError, match="No terms were valid yet at 2026-03-05"):
        targets.targets([cast.order("a", 1_000)], plan.plan_of([later]))


def test_versions_that_cannot_follow_each_other_are_refused() -> None:
    one = TermsVersion(key="v1", terms=cast.terms(FLAT))
    quarterly = cast.terms(replace(FLAT, period="quarter"))
    dollars = cast.terms(FLAT, settlement=replace(cast.settlement(), currency="USD"))
    for other, sentence in [
        (
            TermsVersion(key="v2", terms=quarterly, valid_from=MID_MARCH),
            "'sales' keeps its event, metric and period",
        ),
        (TermsVersion(key="v2", terms=dollars, valid_from=MID_MARCH), "only by a new agreement"),
        (one, "valid at the same time"),
    ]:
        with pytest.raises(errors.InvalidError, match=sentence):
            plan.plan_of([one, other])
    overlapping = [replace(one, valid_until=cast.at(6)), replace(one, key="v2", valid_from=MID_MARCH)]
    with pytest.raises(errors.InvalidError, match="'v1' and 'v2' are valid at the same time"):
        plan.plan_of(overlapping)
    with pytest.raises(errors.InvalidError, match="no terms"):
        plan.plan_of([])


def test_a_bonus_keeps_its_kind_across_versions() -> None:
    bonus = Bonus("b", "first_n", "sale", "count", 1, "month", 1)
    first = TermsVersion(key="v1", terms=cast.terms(bonuses=(bonus,)))
    other = cast.terms(bonuses=(replace(bonus, kind="milestone"),))
    with pytest.raises(errors.InvalidError, match="'b' keeps its event"):
        plan.plan_of([first, TermsVersion(key="v2", terms=other, valid_from=MID_MARCH)])


def test_a_file_begins_at_midnight_in_its_own_zone() -> None:
    terms = replace(cast.terms(), valid_from=date(2026, 4, 1))
    assert plan.dated("v1", terms).valid_from == cast.at(3, 31, 22)
    assert plan.dated("v1", cast.terms()).valid_from is None


LATE = cast.order("late", 1_000_000, cast.at(3, 31, 20), recorded_at=cast.at(4, 30, 22))
IN_TIME = replace(LATE, id="in-time", recorded_at=LATE.recorded_at - timedelta(microseconds=1))


def test_a_late_order_keeps_its_period_under_true_up() -> None:
    assert [row.period for row in cast.rows([LATE], cast.terms())] == ["2026-03"]


def test_a_late_order_counts_in_the_period_of_its_receipt_under_as_of_receipt() -> None:
    of = cast.terms(settlement=cast.settlement(late_policy="as_of_receipt"))
    may = cast.order("may", 1_000_000, cast.at(5, 2))
    rows = {row.conversion: row for row in cast.rows([LATE, IN_TIME, may], of)}
    assert {one: row.period for one, row in rows.items()} == {
        "late": "2026-05",
        "in-time": "2026-03",
        "may": "2026-05",
    }
    assert rows["may"].minor == 80_000  # the late one occurred first and took the lower tier


def test_a_late_order_keeps_the_terms_of_when_it_occurred() -> None:
    receipt = cast.settlement(late_policy="as_of_receipt")
    old, new = cast.terms(FLAT, settlement=receipt), cast.terms(DOUBLE, settlement=receipt)
    assert priced([LATE], old, new, begins=cast.at(4, 15)) == {"late": 100_000}


def test_a_foreign_order_converts_at_its_rate_and_both_exponents() -> None:
    yen = cast.order("a", 10_000, currency="JPY", rate=Fraction("0.0061"))
    dinars = cast.order("b", 10_000, currency="KWD", rate=Fraction("2.7715"))
    whole = replace(FLAT, tiers=(Tier(0, 1_000_000),))
    assert cast.paid([yen, dinars], cast.terms(whole)) == {"a": 6_100, "b": 2_772}  # 27.715 is half away


def test_a_refund_converts_at_the_rate_of_its_order() -> None:
    whole = replace(FLAT, tiers=(Tier(0, 1_000_000),))
    order = cast.order("a", 1_000, currency="USD", rate=Fraction(9, 10), refunds=(cast.refund(500),))
    assert cast.paid([order], cast.terms(whole)) == {"a": 450}


def test_the_minimum_of_a_foreign_order_is_tested_in_the_agreements_currency() -> None:
    component = replace(FLAT, min_order_minor=900)
    for net, rows in [(1_000, 1), (999, 0)]:
        order = cast.order("a", net, currency="USD", rate=Fraction(9, 10))
        assert len(cast.rows([order], cast.terms(component))) == rows


def test_a_foreign_order_without_rate_stops_the_stream_by_name() -> None:
    with pytest.raises(errors.InvalidError, match="'a' is in USD and has no rate to EUR"):
        cast.rows([cast.order("a", 1_000, currency="USD")], cast.terms())


DAY = date(2026, 3, 5)
PUBLISHED = rates.Rates(
    [
        Rate(DAY, "EUR", "USD", Fraction("1.08")),
        Rate(DAY, "EUR", "GBP", Fraction("0.84")),
        Rate(DAY - timedelta(days=7), "EUR", "SEK", Fraction("11.5")),
    ]
)


def test_direct_inverse_and_cross_rates_are_exact() -> None:
    assert PUBLISHED.at(DAY, "EUR", "USD") == Fraction(27, 25)
    assert PUBLISHED.at(DAY, "USD", "EUR") == Fraction(25, 27)
    assert PUBLISHED.at(DAY, "USD", "GBP") == Fraction(7, 9)
    assert PUBLISHED.at(DAY, "GBP", "GBP") == 1


def test_the_last_rate_counts_for_seven_days_and_then_stops_naming_the_day() -> None:
    assert PUBLISHED.at(DAY, "EUR", "SEK") == Fraction(23, 2)
    assert PUBLISHED.at(DAY + timedelta(days=7), "USD", "EUR") == Fraction(25, 27)
    with pytest.raises(errors.InvalidError, match=r"EUR/SEK .* up to 2026-03-06"):
        PUBLISHED.at(DAY + timedelta(days=1), "EUR", "SEK")


def test_no_rate_of_the_future_and_no_rate_of_zero_is_used() -> None:
    with pytest.raises(errors.InvalidError, match="up to 2026-02-25"):
        PUBLISHED.at(date(2026, 2, 25), "EUR", "SEK")
    with pytest.raises(errors.InvalidError, match="not above zero"):
        rates.Rates([Rate(DAY, "EUR", "USD", Fraction(0))])
    with pytest.raises(errors.InvalidError, match="two rates"):
        rates.Rates([Rate(DAY, "EUR", "USD", Fraction(1)), Rate(DAY, "EUR", "USD", Fraction(2))])


def test_a_component_and_a_bonus_of_one_name_are_two_things() -> None:
    named = Bonus("sales", "first_n", "sale", "count", 1, "quarter", 700)
    old, new = cast.terms(FLAT, bonuses=(named,)), cast.terms(DOUBLE, bonuses=(named,))
    assert priced([cast.order("a", 1_000, MID_MARCH)], old, new) == {"a": 200}


def test_terms_keep_the_day_they_end_so_that_no_others_begin_before_it() -> None:
    first = plan.dated("v1", cast.terms(FLAT), valid_until=MID_MARCH)
    assert first.valid_until == MID_MARCH
    early = TermsVersion(key="v2", terms=cast.terms(DOUBLE), valid_from=MID_MARCH - timedelta(microseconds=1))
    with pytest.raises(errors.InvalidError, match="valid at the same time"):
        plan.plan_of([first, early])
