"""When orders may be priced many at a time: where what a period pays depends on their sum alone.

Lines of a period are differences of a running sum, so the orders between two instants come to the difference
of the sum at both, whatever each of them is. That holds for tiers, period caps and boosts, which all look at
sums; it does not where an order's own amount, number or age changes what it is paid.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from partner_network.agreements.terms import Component
from partner_network.commissions.rules.plan import ComponentPlan, Plan, VersionPlan
from partner_network.kernel import periods

_DAY = timedelta(days=1)
_SHORTEST_MONTH_DAYS = 28
_LONGEST_MONTH_DAYS = 31
_CLOCKS_DAYS = 2
"""More than any change of clocks can add to a run of months, or take from it."""


def may_group(plan: Plan) -> bool:
    """Tell whether orders of a plan may be priced as one; else each must be given by itself."""
    if any(version.bonuses for version in plan.versions):
        return False
    boosted = any(ready.boosts for version in plan.versions for ready in _ready(version))
    by_receipt = any(version.settlement.late_policy == "as_of_receipt" for version in plan.versions)
    # A boost's cap runs over the whole stream, in the order in which orders of several periods then mix.
    return not (boosted and by_receipt) and not any(map(_looks_at_each, _components(plan)))


def _looks_at_each(component: Component) -> bool:
    cap = component.cap_minor
    return (
        cap.order is not None
        or cap.customer is not None
        or component.decay_ppm_per_day > 0
        or bool(component.invoice_ppm)
    )


def looks_at_lines(plan: Plan) -> bool:
    """Tell whether any component pays on some lines of an order only."""
    return any(one.match.categories or one.match.skus for one in _components(plan))


def takes_back_by_line(plan: Plan) -> bool:
    """Tell whether a refund is taken back from its own line, rounded by itself."""
    return any(version.line_only for version in plan.versions)


def cuts(plan: Plan, starts_at: datetime, ends_at: datetime) -> Iterator[datetime]:
    """Yield the instants of a span between which orders must not be put together."""
    for version in plan.versions:
        if version.valid_from is not None:
            yield version.valid_from
        at = periods.period_of(starts_at, "month", version.zone).starts_at
        while at < ends_at:
            yield at
            at = periods.period_of(at, "month", version.zone).ends_at
        for ready in _ready(version):
            for boost in ready.boosts:
                yield from (boost.starts_at, boost.ends_at)


def minimums(plan: Plan) -> set[int]:
    """Return the nets from which on an order is paid at all by some component."""
    return {one.min_order_minor for one in _components(plan) if one.min_order_minor}


def recurring_ages(plan: Plan) -> set[tuple[timedelta, timedelta]]:
    """Return spans of age since a customer's first order within which a calendar must tell if it still earns.

    Below the first of each pair it does, from the second on it does not. An age of nothing is the first
    order itself.
    """
    return {
        (
            (_SHORTEST_MONTH_DAYS * months - _CLOCKS_DAYS) * _DAY,
            (_LONGEST_MONTH_DAYS * months + _CLOCKS_DAYS) * _DAY,
        )
        for months in {one.recurring_months for one in _components(plan)}
        if months
    }


def counts_orders(plan: Plan) -> bool:
    """Tell whether any component pays on a customer's first order alone."""
    return any(one.recurring_months == 0 for one in _components(plan))


def asks_for_history(plan: Plan, longest: timedelta) -> bool:
    """Tell whether what a customer bought before can matter, in a program that is not older than so long."""
    return (
        counts_orders(plan)
        or asks_for_customer(plan)
        or any(one.invoice_ppm for one in _components(plan))
        or any(certainly < longest for certainly, _ in recurring_ages(plan))
    )


def asks_for_customer(plan: Plan) -> bool:
    """Tell whether any component pays on new or on returning customers alone."""
    return any(one.match.customer != "any" for one in _components(plan))


def _components(plan: Plan) -> Iterable[Component]:
    return (ready.component for version in plan.versions for ready in _ready(version))


def _ready(version: VersionPlan) -> Iterable[ComponentPlan]:
    return version.priced
