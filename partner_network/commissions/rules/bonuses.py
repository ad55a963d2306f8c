"""Bonuses: the first n of a period, or a milestone reached within it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from partner_network.commissions.rules import shares, unpriceable
from partner_network.commissions.rules.facts import BonusState, BonusTarget, Order
from partner_network.commissions.rules.plan import BonusPlan, Plan, unit
from partner_network.kernel import periods
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.money import PPM_PER_WHOLE, divide_half_away
from partner_network.kernel.sentences import Sentence


class _Candidate(Struct, frozen=True, gc=False):
    """One order beside the bonus of its own version of the terms."""

    order: Order
    plan: BonusPlan
    period: str

    @property
    def given_minor(self) -> int:
        """What adjustments of the bonus by this order add to it, or take from it."""
        name = self.plan.bonus.name
        return sum(one.minor for one in self.order.adjustments if one.bonus == name)


Priced: TypeAlias = tuple[BonusTarget | None, BonusState]
"""What a bonus pays for one period, and where the orders given leave it."""


def price(
    orders: Iterable[Order], plan: Plan, after: Mapping[str, BonusState]
) -> tuple[list[BonusTarget], dict[str, BonusState]]:
    """Return what each bonus pays for each period, from orders in canonical order, and where they leave it.

    With `after`, the orders follow those that it stands for, and only the bonuses that they change are told.
    """
    groups: dict[tuple[str, str], list[_Candidate]] = defaultdict(list)
    adjusted: dict[tuple[str, str], list[_Candidate]] = defaultdict(list)
    for order in orders:
        for candidate in _candidates(order, plan):
            groups[candidate.plan.bonus.name, candidate.period].append(candidate)
        for candidate in _adjusted(order, plan) if order.adjustments else ():
            adjusted[candidate.plan.bonus.name, candidate.period].append(candidate)
    paid: list[BonusTarget] = []
    states = dict(after)
    for place, members in groups.items():
        name, label = place
        known = after.get(name)
        before = known if known is not None and known.period == label else _nothing_yet(members[0])
        is_first_n = members[0].plan.bonus.kind == "first_n"
        target, state = _first_n(members, before) if is_first_n else _milestone(members, before)
        states[name] = replace(state, adjusted=True) if place in adjusted else state
        paid += _with_adjustments(target, adjusted.pop(place, ()))
    for (name, _), left in adjusted.items():
        states[name] = replace(states.get(name, _nothing_yet(left[0])), adjusted=True)
        paid += _with_adjustments(None, left)
    return [target for target in paid if target.minor], states


def _with_adjustments(target: BonusTarget | None, adjusted: Sequence[_Candidate]) -> Iterator[BonusTarget]:
    """Yield what a bonus pays for a period with its adjustments: each counts by the terms of its order."""
    given: dict[str, list[_Candidate]] = defaultdict(list)
    for candidate in adjusted:
        given[candidate.plan.version.key].append(candidate)
    if target is not None:
        yield _and(target, given.pop(target.version, ()))
    for members in given.values():
        yield _and(_target(members[-1], 0, ()), members)


def _and(target: BonusTarget, adjusted: Sequence[_Candidate]) -> BonusTarget:
    minor = sum(candidate.given_minor for candidate in adjusted)
    return replace(target, minor=max(0, target.minor + minor), adjusted_minor=minor)


def may_follow(states: Mapping[str, BonusState], orders: Sequence[Order], plan: Plan) -> bool:
    """Tell whether no order comes before a moment that a milestone has looked at, and none was adjusted."""
    return not any(
        order.at <= state.until
        for order in orders
        for candidate in _candidates(order, plan)
        for state in [states.get(candidate.plan.bonus.name)]
        if state is not None and state.until is not None and state.period == candidate.period
    ) and not any(state.adjusted for state in states.values())


def _candidates(order: Order, plan: Plan) -> Iterator[_Candidate]:
    if order.rejected:
        return
    version = plan.version_at(order.at)
    for ready in version.bonuses.get(order.event, ()):
        yield _candidate(order, ready)


def _candidate(order: Order, ready: BonusPlan) -> _Candidate:
    version = ready.version
    placed_at = version.placed_at(order)
    return _Candidate(order, ready, periods.period_of(placed_at, ready.bonus.period, version.zone).label)


def _adjusted(order: Order, plan: Plan) -> Iterator[_Candidate]:
    """Yield the order beside each bonus that it was adjusted for, rejected or not."""
    version = plan.version_at(order.at)
    ready_of = {ready.bonus.name: ready for ready in version.bonuses.get(order.event, ())}
    for name in {one.bonus: one for one in order.adjustments if one.bonus is not None}:
        if name not in ready_of:
            raise unpriceable.said_of(
                InvalidError(
                    Sentence(
                        "Order {order!r} is adjusted for bonus {bonus!r}, which its terms do not have.",
                        order=order.id,
                        bonus=name,
                    )
                ),
                version=version.key,
                clause="commission.bonuses",
            )
        yield _candidate(order, ready_of[name])


def _nothing_yet(first: _Candidate) -> BonusState:
    return BonusState(first.period, 0, frees_place=first.plan.bonus.refund_frees_place)


def _first_n(members: Sequence[_Candidate], before: BonusState) -> Priced:
    """Pay each whole or part of an action that lies among the first n of the period."""
    running, earned = before.running, before.earned
    paid: list[_Candidate] = []
    for member in members:
        bonus, order = member.plan.bonus, member.order
        is_refunded = _net(order, member.plan).is_fully_refunded
        if is_refunded and bonus.refund_frees_place:
            continue
        start, running = running, running + sum(shares.own_parts(order, PPM_PER_WHOLE))
        inside = min(running, bonus.n * PPM_PER_WHOLE) - start
        if inside > 0 and not is_refunded:
            earned += bonus.amount_minor * inside
            paid.append(member)
    conversions = (*before.conversions, *(member.order.id for member in paid))
    state = replace(before, running=running, earned=earned, conversions=conversions)
    if not paid:
        return None, state
    return _target(paid[-1], divide_half_away(earned, PPM_PER_WHOLE), conversions), state


def _milestone(members: Sequence[_Candidate], before: BonusState) -> Priced:
    """Pay once when the metric reaches n; whether refunds can undo it is the bonus's own word."""
    running, until = before.running, before.until
    reached: _Candidate | None = None
    for member, change, moment in _changes(members, frees_place=before.frees_place):
        running += change
        until = moment
        if reached is None and running >= member.plan.bonus.n * unit(member.plan.bonus.metric):
            reached = member
    state = replace(before, running=running, until=until, reached=before.reached or reached is not None)
    if reached is None or before.reached:
        return None, state
    return _target(reached, reached.plan.bonus.amount_minor, (reached.order.id,)), state


def _changes(
    members: Sequence[_Candidate], *, frees_place: bool
) -> Iterator[tuple[_Candidate, int, datetime | None]]:
    if frees_place:
        for member in members:
            yield member, _metric(member.order, member.plan), None
        return
    # Once reached it stays, so what counts is the metric at each moment it was true, in order of `at`.
    moments: list[tuple[datetime, int, str, _Candidate, int]] = []
    for member in members:
        order = member.order
        known = _metric(replace(order, refunds=()), member.plan)
        moments.append((order.at, 0, order.id, member, known))
        for refund in sorted(order.refunds, key=lambda r: (r.at, r.id)):
            until_then = tuple(
                other for other in order.refunds if (other.at, other.id) <= (refund.at, refund.id)
            )
            now = _metric(replace(order, refunds=until_then), member.plan)
            moments.append((refund.at, 1, refund.id, member, now - known))
            known = now
    moments.sort(key=lambda moment: moment[:3])
    for moment, _, _, member, change in moments:
        yield member, change, moment


def _net(order: Order, plan: BonusPlan) -> shares.Net:
    return shares.whole_net(
        order, shares.refunds_in_force(order, plan.version.settlement.clawback.max_age_days)
    )


def _metric(order: Order, plan: BonusPlan) -> int:
    return shares.metric(order, plan.bonus.metric, plan.version)


def _target(last: _Candidate, minor: int, conversions: tuple[str, ...]) -> BonusTarget:
    return BonusTarget(
        bonus=last.plan.bonus.name,
        period=last.period,
        minor=minor,
        currency=last.plan.version.settlement.currency,
        version=last.plan.version.key,
        clause=last.plan.clause,
        earned_at=last.order.at,
        conversions=conversions,
    )
