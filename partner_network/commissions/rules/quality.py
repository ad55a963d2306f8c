"""Quality: a multiplier by how many of the partner's earlier customers stayed, as measured and stored."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from partner_network.agreements.quality_terms import Quality
from partner_network.commissions.rules.facts import Exact, Measure, Order
from partner_network.commissions.rules.plan import ComponentPlan, Plan
from partner_network.kernel import periods
from partner_network.kernel.money import PPM_PER_WHOLE

Key = tuple[str, date]
"""The name of a rule and a date of measuring: a partnership has one measure of each."""


class Priced(Protocol):
    """What quality reads and multiplies; `earned` is in millionths of a minor unit."""

    order: Order
    plan: ComponentPlan
    earned: Exact
    factors: tuple[tuple[str, Fraction], ...]
    measures: tuple[Measure, ...]


class Cohort(Struct, frozen=True):
    """Whose first sale lies in [starts_at, ends_at), by what was recorded before `known_until`."""

    starts_at: datetime
    ends_at: datetime
    known_until: datetime


class Customer(Struct, frozen=True, gc=False):
    """A customer of a cohort: the first sale, and the next one that was not refunded in full (None: none)."""

    first_at: datetime
    again_at: datetime | None


def apply(entry: Priced) -> None:
    """Multiply what one order earned by each rule on its component, in name order; unmeasured is once."""
    for rule in entry.plan.quality:
        measured_on = date_of(rule, entry.order.at, entry.plan.version.zone)
        for measure in entry.order.measures:
            if (measure.rule, measure.measured_on) == (rule.name, measured_on):
                factor = multiplier(rule, measure)
                entry.earned *= factor
                entry.factors += ((f"quality {rule.name}", factor),)
                entry.measures += (measure,)


def multiplier(rule: Quality, measure: Measure) -> Fraction:
    """Return what a measure comes to: that of the last step whose share of the customers stayed.

    A share is compared with a share, both multiplied out, so nothing is rounded and no money is looked at.
    """
    if measure.customers < rule.least_customers:
        return Fraction(1)
    reached = [
        step for step in rule.steps if measure.retained * PPM_PER_WHOLE >= step.from_ppm * measure.customers
    ]
    return Fraction(reached[-1].multiplier_ppm, PPM_PER_WHOLE)


def date_of(rule: Quality, at: datetime, zone: ZoneInfo) -> date:
    """Return the date whose measure holds for an order of that instant: the first day of its period."""
    return periods.period_of(at, rule.period, zone).starts_at.astimezone(zone).date()


def dates_between(rule: Quality, starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> Iterator[date]:
    """Yield the dates whose measures hold for orders of a half-open span."""
    at = starts_at
    while at < ends_at:
        yield date_of(rule, at, zone)
        at = periods.period_of(at, rule.period, zone).ends_at


def own_measures(plan: Plan, at: datetime, known: Mapping[Key, Measure]) -> tuple[Measure, ...]:
    """Return those of a partnership's measures that an order of that instant goes by."""
    version = plan.version_at(at)
    keys = [(rule.name, date_of(rule, at, version.zone)) for rule in rules_of(version.components.values())]
    return tuple(known[key] for key in keys if key in known)


def rules_of(components: Iterable[Iterable[ComponentPlan]]) -> Iterator[Quality]:
    """Yield the rules of one version's components."""
    return (rule for many in components for ready in many for rule in ready.quality)


def has_rules(plan: Plan) -> bool:
    """Tell whether any version has a rule of quality."""
    return any(True for version in plan.versions for _ in rules_of(version.components.values()))


def cohort_of(rule: Quality, measured_on: date, zone: ZoneInfo) -> Cohort:
    """Return which customers are measured: those won in time to have had `within_months` to come back."""
    until = periods.midnight(measured_on, zone)
    return Cohort(
        starts_at=_months_before(measured_on, rule.within_months + rule.cohort_months, zone),
        ends_at=_months_before(measured_on, rule.within_months, zone),
        known_until=until,
    )


def measure(rule: Quality, measured_on: date, zone: ZoneInfo, customers: Iterable[Customer]) -> Measure:
    """Return how many of a cohort's customers there are, and how many came back within the months."""
    count = stayed = 0
    for customer in customers:
        count += 1
        if customer.again_at is not None:
            ends_at = periods.add_months(customer.first_at, rule.within_months, zone)
            stayed += customer.again_at < ends_at
    return Measure(rule.name, measured_on, count, stayed)


def _months_before(day: date, months: int, zone: ZoneInfo) -> datetime:
    """Return 00:00 of the first day so many months earlier; a date of measuring is the first of its month."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return periods.midnight(date(max(years, 1), month + 1, 1), zone)
