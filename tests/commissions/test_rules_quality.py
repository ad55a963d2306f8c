from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from partner_network.agreements.quality_terms import Quality, QualityStep
from partner_network.agreements.terms import Boost, ComponentCaps, Terms, Tier
from partner_network.commissions.rules import plan, quality, targets
from partner_network.commissions.rules.facts import Measure, Order, TermsVersion
from partner_network.commissions.rules.quality import Cohort, Customer
from partner_network.kernel import errors
from tests.commissions import cast

FLAT = replace(cast.SALES, structure="flat", tiers=(Tier(0, 100_000),))
STAYED = Quality(
    name="stayed",
    component="sales",
    period="quarter",
    cohort_months=3,
    within_months=2,
    least_customers=10,
    steps=(QualityStep(0, 800_000), QualityStep(250_000, 1_000_000), QualityStep(500_000, 1_250_000)),
)
BERLIN = ZoneInfo("Europe/Berlin")
JANUARY, APRIL = date(2026, 1, 1), date(2026, 4, 1)


def under(*rules: Quality, component: object = FLAT, **commission: object) -> Terms:
    return cast.terms(component, quality=rules, **commission)  # pyright: ignore[reportArgumentType]  # a component


def measured(customers: int, retained: int, rule: str = "stayed", day: date = JANUARY) -> Measure:
    return Measure(rule, day, customers, retained)


def order(*measures: Measure, when: datetime = cast.at(3, 5), **facts: object) -> Order:  # noqa: B008  # a datetime never changes
    return cast.order("a", 1_000, when, measures=measures, **facts)


@pytest.mark.parametrize(
    ("retained", "minor"), [(0, 80), (24, 80), (25, 100), (49, 100), (50, 125), (100, 125)]
)
def test_the_last_step_whose_share_of_the_customers_stayed_multiplies(retained: int, minor: int) -> None:
    assert cast.paid([order(measured(100, retained))], under(STAYED)) == {"a": minor}


def test_a_share_is_compared_exactly_and_not_as_a_rounded_number() -> None:
    third = replace(STAYED, steps=(QualityStep(0, 0), QualityStep(333_334, 2_000_000)))
    assert cast.paid([order(measured(30, 10))], under(third)) == {"a": 0}
    below = replace(STAYED, steps=(QualityStep(0, 0), QualityStep(333_333, 2_000_000)))
    assert cast.paid([order(measured(30, 10))], under(below)) == {"a": 200}


@pytest.mark.parametrize(("customers", "minor"), [(0, 100), (9, 100), (10, 80)])
def test_of_too_few_customers_nothing_follows(customers: int, minor: int) -> None:
    assert cast.paid([order(measured(customers, 0))], under(STAYED)) == {"a": minor}


def test_without_a_measure_of_its_own_rule_and_period_an_order_is_paid_once() -> None:
    for other in ([], [measured(10, 0, "other")], [measured(10, 0, day=APRIL)]):
        (row,) = cast.rows([order(*other)], under(STAYED))
        assert (row.minor, row.factors, row.measures) == (100, (), ())


def test_a_measure_holds_for_orders_that_occur_in_its_period_by_the_zone() -> None:
    both = (measured(10, 0), measured(10, 10, day=APRIL))
    march = order(*both, when=cast.at(3, 31, 21))  # 23:00 in Berlin
    april = replace(order(*both, when=cast.at(3, 31, 22)), id="b")
    assert cast.paid([march, april], under(STAYED)) == {"a": 80, "b": 125}


def test_a_late_order_goes_by_the_measure_of_when_it_occurred() -> None:
    of = under(STAYED, settlement=cast.settlement(late_policy="as_of_receipt"))
    late = order(measured(10, 0), measured(10, 10, day=APRIL), recorded_at=cast.at(6))
    (row,) = cast.rows([late], of)
    assert (row.period, row.minor) == ("2026-06", 80)


def test_the_target_names_each_rule_its_factor_and_what_was_measured() -> None:
    (row,) = cast.rows([order(measured(40, 10))], under(STAYED))
    assert row.factors == (("quality stayed", Fraction(1)),)
    assert row.measures == (Measure("stayed", JANUARY, 40, 10),)


def test_several_rules_multiply_in_name_order() -> None:
    again = replace(STAYED, name="again", steps=(QualityStep(0, 500_000),))
    (row,) = cast.rows([order(measured(10, 0), measured(10, 0, "again"))], under(STAYED, again))
    assert [name for name, _ in row.factors] == ["quality again", "quality stayed"]
    assert row.minor == 40


def test_a_rule_on_another_component_changes_nothing() -> None:
    other = replace(FLAT, name="other", event="lead")
    of = cast.terms(FLAT, other, quality=(replace(STAYED, component="other"),))
    assert cast.paid([order(measured(10, 0))], of) == {"a": 100}


def test_quality_comes_after_boost_decay_and_invoice_and_before_the_caps() -> None:
    component = replace(
        FLAT, decay_ppm_per_day=100_000, invoice_ppm=(500_000,), cap_minor=ComponentCaps(order=50)
    )
    boost = Boost("spring", "sales", date(2026, 3, 1), date(2026, 4, 1), 2_000_000, 60)
    touched = order(
        measured(10, 10),
        weights=(Fraction(1),),
        own=(0,),
        touched_at=(cast.at(3, 3),),
    )
    (row,) = cast.rows([touched], under(STAYED, component=component, boosts=(boost,)))
    # (100 + 60 of the boost's cap) * 0.8 * 0.5 * 1.25 = 80, of which an order may pay 50
    assert [name for name, _ in row.factors] == ["boost spring", "decay", "invoice", "quality stayed"]
    assert (row.minor, row.capped_by) == (50, ("order",))
    assert cast.paid(
        [touched], under(STAYED, component=replace(component, cap_minor=ComponentCaps()), boosts=(boost,))
    ) == {"a": 80}


def test_only_the_steps_and_the_least_number_may_change_from_version_to_version() -> None:
    def versions(second: Quality) -> plan.Plan:
        return plan.plan_of(
            [
                TermsVersion(key="v1", terms=under(STAYED)),
                TermsVersion(key="v2", terms=under(second), valid_from=cast.at(3, 15)),
            ]
        )

    stricter = versions(replace(STAYED, steps=(QualityStep(0, 500_000),), least_customers=1))
    orders = [order(measured(9, 9)), replace(order(measured(9, 9), when=cast.at(3, 20)), id="b")]
    paid = targets.targets(orders, stricter).commissions
    assert {row.conversion: row.minor for row in paid} == {"a": 100, "b": 50}
    for change in ({"period": "month"}, {"cohort_months": 4}, {"within_months": 4}):
        with pytest.raises(errors.InvalidError, match="'stayed' keeps its component, period and months"):
            versions(replace(STAYED, **change))


def test_an_order_is_given_the_measures_of_its_own_periods() -> None:
    known = {(m.rule, m.measured_on): m for m in (measured(10, 1), measured(10, 2, day=APRIL))}
    ready = plan.plan_of([TermsVersion(key="v1", terms=under(STAYED))])
    assert quality.own_measures(ready, cast.at(2), known) == (measured(10, 1),)
    assert quality.own_measures(ready, cast.at(7), known) == ()
    assert quality.has_rules(ready)
    assert not quality.has_rules(plan.plan_of([TermsVersion(key="v1", terms=cast.terms(FLAT))]))


def test_an_order_is_given_what_the_rules_of_its_own_version_measured_in_its_own_zone() -> None:
    new = replace(STAYED, name="since-march", period="month")
    ready = plan.plan_of(
        [
            TermsVersion(key="v1", terms=under(STAYED), valid_until=cast.at(3, 15)),
            TermsVersion(key="v2", terms=under(new), valid_from=cast.at(3, 15)),
        ]
    )
    all_measures = [measured(1, 1), measured(1, 1, day=APRIL)] + [
        measured(1, 1, "since-march", date(2026, month, 1)) for month in (1, 3, 4)
    ]
    known = {(one.rule, one.measured_on): one for one in all_measures}
    assert quality.own_measures(ready, cast.at(3, 14), known) == (measured(1, 1),)
    march, april = (measured(1, 1, "since-march", date(2026, month, 1)) for month in (3, 4))
    assert quality.own_measures(ready, cast.at(3, 31, 21), known) == (march,)
    assert quality.own_measures(ready, cast.at(3, 31, 22), known) == (april,)


def test_the_dates_of_a_span_are_the_first_days_of_the_periods_it_touches() -> None:
    def dates(starts_at: datetime, ends_at: datetime) -> list[str]:
        return [str(on) for on in quality.dates_between(STAYED, starts_at, ends_at, BERLIN)]

    april = cast.at(3, 31, 22)
    assert dates(cast.at(2), april) == ["2026-01-01"]
    assert dates(cast.at(2), april + timedelta(microseconds=1)) == ["2026-01-01", "2026-04-01"]
    assert dates(april, cast.at(11)) == ["2026-04-01", "2026-07-01", "2026-10-01"]
    assert dates(april, april) == []


def test_a_cohort_is_the_months_before_those_in_which_its_customers_could_come_back() -> None:
    assert quality.cohort_of(STAYED, APRIL, BERLIN) == Cohort(
        starts_at=datetime(2025, 10, 31, 23, tzinfo=cast.at(1).tzinfo),
        ends_at=datetime(2026, 1, 31, 23, tzinfo=cast.at(1).tzinfo),
        known_until=datetime(2026, 3, 31, 22, tzinfo=cast.at(1).tzinfo),
    )


def test_a_customer_stayed_who_bought_again_before_the_months_were_over() -> None:
    first = cast.at(12, 31, year=2025)  # two months on is 28 February, at the same wall time
    again = [None, first, cast.at(2, 28) - timedelta(microseconds=1), cast.at(2, 28)]
    customers = [Customer(first, at) for at in again]
    assert quality.measure(STAYED, APRIL, BERLIN, customers) == Measure("stayed", APRIL, 4, 2)
