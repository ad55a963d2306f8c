"""Terms made ready to price orders: bounds in metric units, instants instead of dates, clauses by path."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from partner_network.agreements.quality_terms import Quality
from partner_network.agreements.term_values import Metric
from partner_network.agreements.terms import Bonus, Boost, Component, Event, Settlement, Terms
from partner_network.commissions.rules import giving
from partner_network.commissions.rules.facts import Order, TermsVersion
from partner_network.kernel import periods
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.money import PPM_PER_WHOLE
from partner_network.kernel.sentences import Sentence

_ALWAYS = datetime.min.replace(tzinfo=UTC)


class BoostPlan(Struct, frozen=True):
    """One boost with its instants."""

    name: str
    boost: Boost
    starts_at: datetime
    ends_at: datetime


class ComponentPlan(Struct, frozen=True):
    """One component of one version. Rates times units are millionths of a minor unit throughout."""

    name: str
    clause: str
    component: Component
    version: "VersionPlan"
    bounds: tuple[int, ...]
    rates: tuple[int, ...]
    paid_below: tuple[int, ...]
    boosts: tuple[BoostPlan, ...]
    quality: tuple[Quality, ...] = ()
    charity: str = ""
    """Whom it pays in place of the partner: it is a donation."""

    def tier_at(self, metric: int) -> int:
        """Return the position of the tier that begins at or below the metric."""
        return bisect_right(self.bounds, metric) - 1

    def paid_up_to(self, metric: int) -> int:
        """Return F(metric): each tier's rate on the part of the metric within it."""
        tier = bisect_right(self.bounds, metric) - 1
        return self.paid_below[tier] + self.rates[tier] * (metric - self.bounds[tier])

    def pieces(self, before: int, after: int) -> tuple[tuple[int, int], ...]:
        """Return (rate, units) for each tier between two running metrics."""
        first, last = self.tier_at(before), self.tier_at(after)
        if first == last:
            return ((self.rates[first], after - before),)
        cuts = (before, *self.bounds[first + 1 : last + 1], after)
        return tuple(
            (self.rates[first + step], cuts[step + 1] - cuts[step])
            for step in range(len(cuts) - 1)
            if cuts[step + 1] > cuts[step]
        )


class BonusPlan(Struct, frozen=True):
    """One bonus of one version."""

    clause: str
    bonus: Bonus
    version: "VersionPlan"


class VersionPlan(Struct, frozen=True, eq=False):
    """One version of the terms, ready; eq=False keeps it hashable by identity and cheap to compare."""

    key: str
    settlement: Settlement
    zone: ZoneInfo
    line_only: bool
    combine_sum: bool
    valid_from: datetime | None
    components: dict[Event, list[ComponentPlan]]
    bonuses: dict[Event, list[BonusPlan]]
    donations: dict[Event, list[ComponentPlan]]

    @property
    def priced(self) -> Iterator[ComponentPlan]:
        """Return all that prices an order by itself: components, then donations."""
        for many in (*self.components.values(), *self.donations.values()):
            yield from many

    def placed_at(self, order: Order) -> datetime:
        """Return the instant whose period an order counts in: its own, or its receipt when late."""
        settlement = self.settlement
        if settlement.late_policy == "true_up" or order.recorded_at <= order.at:
            return order.at
        late = order.recorded_at >= periods.lock_at(order.at, settlement.lock, self.zone)
        return order.recorded_at if late else order.at


class Plan(Struct, frozen=True, eq=False):
    """All versions of one agreement's terms, oldest first."""

    versions: tuple[VersionPlan, ...]

    def version_at(self, at: datetime) -> VersionPlan:
        """Return the version valid at an instant; after the end the last one, before the start none."""
        chosen: VersionPlan | None = None
        for version in self.versions:
            if version.valid_from is not None and at < version.valid_from:
                break
            chosen = version
        if chosen is None:
            raise InvalidError(
                Sentence("No terms were valid yet at {at}; the agreement begins later.", at=at.isoformat())
            )
        return chosen


def dated(key: str, terms: Terms, valid_until: datetime | None = None) -> TermsVersion:
    """Return a version that begins at 00:00, in its zone, of the file's own `valid_from` (None: always)."""
    zone = periods.zone_named(terms.settlement.time_zone)
    begins = None if terms.valid_from is None else periods.midnight(terms.valid_from, zone)
    return TermsVersion(key=key, terms=terms, valid_from=begins, valid_until=valid_until)


def plan_of(versions: Sequence[TermsVersion]) -> Plan:
    """Make the versions of one agreement ready for `targets`. Errors: InvalidError when they do not fit.

    Versions of one agreement share currency, time zone and, component by component, event, metric and
    period: the identity of a stream. The same holds for a bonus.
    """
    if not versions:
        raise InvalidError("There are no terms to price by.")
    ordered = sorted(versions, key=lambda version: version.valid_from or _ALWAYS)
    for earlier, later in pairwise(ordered):
        begins = later.valid_from or _ALWAYS
        if earlier.valid_from == later.valid_from or (earlier.valid_until or begins) > begins:
            raise InvalidError(
                Sentence(
                    "The terms {earlier!r} and {later!r} are valid at the same time.",
                    earlier=earlier.key,
                    later=later.key,
                )
            )
    plans = tuple(_version_plan(version) for version in ordered)
    _must_continue(plans)
    return Plan(versions=plans)


def _version_plan(version: TermsVersion) -> VersionPlan:
    settlement, commission = version.terms.settlement, version.terms.commission
    plan = VersionPlan(
        key=version.key,
        settlement=settlement,
        zone=periods.zone_named(settlement.time_zone),
        line_only=settlement.clawback.mode == "line_only",
        combine_sum=commission.combine == "sum",
        valid_from=version.valid_from,
        components={},
        bonuses={},
        donations={},
    )
    for index, component in enumerate(commission.components):
        boosts = [boost for boost in commission.boosts if boost.component == component.name]
        quality = [rule for rule in commission.quality_rules if rule.component == component.name]
        ready = _component_plan(f"commission.components[{index}]", component, plan, boosts)
        ready = replace(ready, quality=tuple(sorted(quality, key=lambda rule: rule.name)))
        plan.components.setdefault(component.event, []).append(ready)
    for index, bonus in enumerate(commission.bonuses):
        ready_bonus = BonusPlan(clause=f"commission.bonuses[{index}]", bonus=bonus, version=plan)
        plan.bonuses.setdefault(bonus.event, []).append(ready_bonus)
    for index, donation in enumerate(version.terms.donations):
        ready = _component_plan(f"donations[{index}]", giving.as_component(donation), plan, ())
        plan.donations.setdefault(donation.event, []).append(replace(ready, charity=donation.charity))
    return plan


def unit(kind: Metric) -> int:
    """Return what one of a metric is in what `shares.metric` adds up."""
    return PPM_PER_WHOLE if kind == "count" else 1


def _component_plan(
    clause: str, component: Component, version: VersionPlan, boosts: Sequence[Boost]
) -> ComponentPlan:
    bounds = [tier.starts * unit(component.metric) for tier in component.tiers]
    rates = [tier.amount_minor if tier.rate_ppm is None else tier.rate_ppm for tier in component.tiers]
    known = tuple(rate or 0 for rate in rates)
    paid = [0]
    for index in range(1, len(bounds)):
        paid.append(paid[-1] + known[index - 1] * (bounds[index] - bounds[index - 1]))
    return ComponentPlan(
        name=component.name,
        clause=clause,
        component=component,
        version=version,
        bounds=tuple(bounds),
        rates=known,
        paid_below=tuple(paid),
        boosts=tuple(
            BoostPlan(
                name=boost.name,
                boost=boost,
                starts_at=periods.midnight(boost.starts, version.zone),
                ends_at=periods.midnight(boost.until, version.zone),
            )
            for boost in sorted(boosts, key=lambda boost: boost.name)
        ),
    )


def _must_continue(plans: Sequence[VersionPlan]) -> None:
    first = plans[0]
    _must_measure_alike(plans)
    identity: dict[tuple[type, str], tuple[object, ...]] = {}
    for plan in plans:
        if (plan.settlement.currency, plan.settlement.time_zone) != (
            first.settlement.currency,
            first.settlement.time_zone,
        ):
            raise InvalidError("Currency and time zone change only by a new agreement, not by a version.")
        components = [(ready.component, ready.charity) for ready in plan.priced]
        bonuses = [(ready.bonus, ready.bonus.kind) for many in plan.bonuses.values() for ready in many]
        for named, kind in (*components, *bonuses):
            now = (named.event, named.metric, named.period, kind)
            if identity.setdefault((type(named), named.name), now) != now:
                raise InvalidError(
                    Sentence(
                        "{name!r} keeps its event, metric and period across versions; "
                        "give a changed one a new name.",
                        name=named.name,
                    )
                )


def _must_measure_alike(plans: Sequence[VersionPlan]) -> None:
    """Refuse versions that measure one quality by two rules: a measure is stored under its name alone."""
    identity: dict[str, tuple[object, ...]] = {}
    for plan in plans:
        for rule in (rule for many in plan.components.values() for ready in many for rule in ready.quality):
            now = rule.identity
            if identity.setdefault(rule.name, now) != now:
                raise InvalidError(
                    Sentence(
                        "Quality {name!r} keeps its component, period and months across versions; "
                        "give a changed one a new name.",
                        name=rule.name,
                    )
                )
