from datetime import date

import pytest
from msgspec.structs import replace

from partner_network.agreements.terms import Bonus, Boost, Commission, Component, PeriodKind, Settlement
from partner_network.commissions.rules import plan, span
from partner_network.commissions.rules.facts import TermsVersion
from partner_network.kernel import periods
from tests.commissions import cast

BERLIN = periods.zone_named("Europe/Berlin")
BONUS = Bonus("b", "first_n", "sale", "count", 1, "quarter", 1)


def months(
    *components: Component,
    boosts: tuple[Boost, ...] = (),
    bonuses: tuple[Bonus, ...] = (),
    of: Settlement | None = None,
) -> list[str]:
    """Return the first and the last month that recomputing a day of March needs."""
    terms = cast.terms(*components, settlement=of, boosts=boosts, bonuses=bonuses)
    need = span.needed(plan.plan_of([TermsVersion(key="v1", terms=terms)]), cast.at(3, 15))
    if need == span.Span(periods.LIFETIME.starts_at, periods.LIFETIME.ends_at):
        return ["lifetime"]
    ends = [need.starts_at, need.ends_at - need.ends_at.resolution]
    return [periods.period_of(end, "month", BERLIN).label for end in ends]


def boost(name: str, starts: date, until: date) -> Boost:
    return Boost(name, "sales", starts, until, 1_500_000, 1_000)


def test_a_monthly_stream_needs_its_month_alone() -> None:
    assert months() == ["2026-03", "2026-03"]


def test_terms_that_pay_for_nothing_need_a_month_all_the_same() -> None:
    nothing = replace(cast.terms(), commission=Commission(components=()))
    need = span.needed(plan.plan_of([TermsVersion(key="v1", terms=nothing)]), cast.at(3, 15))
    assert periods.period_of(need.starts_at, "month", BERLIN) == periods.period_of(
        cast.at(3), "month", BERLIN
    )
    assert need.ends_at == periods.period_of(cast.at(3), "month", BERLIN).ends_at


@pytest.mark.parametrize(
    ("period", "needed"),
    [("quarter", ["2026-01", "2026-03"]), ("year", ["2026-01", "2026-12"]), ("lifetime", ["lifetime"])],
)
def test_the_longest_period_of_any_component_decides(period: PeriodKind, needed: list[str]) -> None:
    longer = replace(cast.SALES, name="longer", period=period)
    assert months(cast.SALES, longer) == needed


def test_a_bonus_of_a_longer_period_counts_too() -> None:
    assert months(bonuses=(BONUS,)) == ["2026-01", "2026-03"]


@pytest.mark.parametrize(
    ("boosts", "needed"),
    [
        ([(date(2026, 3, 10), date(2026, 3, 20))], ["2026-03", "2026-03"]),
        ([(date(2026, 3, 1), date(2026, 3, 20))], ["2026-03", "2026-03"]),
        ([(date(2026, 2, 20), date(2026, 3, 2))], ["2026-02", "2026-03"]),
        ([(date(2026, 3, 31), date(2026, 4, 2))], ["2026-03", "2026-04"]),
        ([(date(2026, 2, 20), date(2026, 3, 1))], ["2026-03", "2026-03"]),
        ([(date(2026, 4, 1), date(2026, 4, 2))], ["2026-03", "2026-03"]),
        ([(date(2026, 3, 10), date(2026, 4, 1))], ["2026-03", "2026-03"]),
        (
            [(date(2026, 4, 20), date(2026, 6, 2)), (date(2026, 3, 20), date(2026, 4, 2))],
            ["2026-03", "2026-06"],
        ),
    ],
)
def test_a_capped_boost_ties_the_months_it_is_in_force_in(
    boosts: list[tuple[date, date]], needed: list[str]
) -> None:
    many = tuple(boost(f"b{number}", *dates) for number, dates in enumerate(boosts))
    assert months(boosts=many) == needed


def test_boosts_and_late_orders_placed_by_receipt_leave_nothing_apart() -> None:
    receipt = cast.settlement(late_policy="as_of_receipt")
    assert months(of=receipt) == ["2026-03", "2026-03"]
    assert months(of=receipt, boosts=(boost("b", date(2026, 3, 1), date(2026, 3, 2)),)) == ["lifetime"]
