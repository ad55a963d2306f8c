"""Which orders one recompute needs: what an order placed at an instant can change."""

from datetime import datetime

from msgspec import Struct

from partner_network.agreements.terms import PeriodKind
from partner_network.commissions.rules.plan import BoostPlan, Plan
from partner_network.kernel import periods

_BY_LENGTH: tuple[PeriodKind, ...] = ("lifetime", "year", "quarter", "month")


class Span(Struct, frozen=True):
    """The half-open span of `placed_at` (see `VersionPlan.placed_at`) that must be given whole."""

    starts_at: datetime
    ends_at: datetime


def needed(plan: Plan, placed_at: datetime) -> Span:
    """Return the span whose orders, all of them and no others, price what an order placed there touches.

    Periods nest, so it is the longest period any component or bonus has; a capped boost ties together
    all the periods it is in force in, since its cap runs over the whole stream.
    """
    zone = plan.versions[0].zone
    kind = _longest_period(plan)
    boosts = _boosts(plan)
    # A late order is boosted by when it occurred but placed by when it came: then nothing is apart.
    if boosts and any(version.settlement.late_policy == "as_of_receipt" for version in plan.versions):
        kind = "lifetime"
    period = periods.period_of(placed_at, kind, zone)
    span = Span(period.starts_at, period.ends_at)
    while kind != "lifetime":
        wider = span
        for ready in boosts:
            if ready.starts_at < wider.ends_at and wider.starts_at < ready.ends_at:
                first = periods.period_of(ready.starts_at, kind, zone)
                last = periods.period_of(ready.ends_at - datetime.resolution, kind, zone)
                wider = Span(min(wider.starts_at, first.starts_at), max(wider.ends_at, last.ends_at))
        if wider == span:
            break
        span = wider
    return span


def _longest_period(plan: Plan) -> PeriodKind:
    kinds: set[PeriodKind] = {"month"}
    for version in plan.versions:
        kinds.update(ready.component.period for ready in version.priced)
        kinds.update(ready.bonus.period for many in version.bonuses.values() for ready in many)
    return next(kind for kind in _BY_LENGTH if kind in kinds)


def _boosts(plan: Plan) -> list[BoostPlan]:
    return [
        boost
        for version in plan.versions
        for many in version.components.values()
        for ready in many
        for boost in ready.boosts
    ]
