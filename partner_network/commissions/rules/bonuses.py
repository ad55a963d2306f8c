"""Bonuses: the first n of a period, or a milestone reached within it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from partner_network.commissions.rules import shares
from partner_network.commissions.rules.facts import BonusTarget, Order
from partner_network.commissions.rules.plan import BonusPlan, Plan
from partner_network.kernel import periods
from partner_network.kernel.money import PPM_PER_WHOLE, divide_half_away


class _Candidate(Struct, frozen=True, gc=False):
    """One order beside the bonus of its own version of the terms."""

    order: Order
    plan: BonusPlan
    period: str


def price(orders: Iterable[Order], plan: Plan) -> Iterator[BonusTarget]:
    """Yield what each bonus pays for each period, from orders in canonical order; nothing for nothing."""
    groups: dict[tuple[str, str], list[_Candidate]] = defaultdict(list)
    for order in orders:
        version = plan.version_at(order.at)
        for ready in version.bonuses.get(order.event, ()):
            placed_at = version.placed_at(order)
            label = periods.period_of(placed_at, ready.bonus.period, version.zone).label
            groups[ready.bonus.name, label].append(_Candidate(order, ready, label))
    for members in groups.values():
        paid = _first_n(members) if members[0].plan.bonus.kind == "first_n" else _milestone(members)
        if paid is not None and paid.minor:
            yield paid


def _first_n(members: Sequence[_Candidate]) -> BonusTarget | None:
    """Pay each whole or part of an action that lies among the first n of the period."""
    running = earned = 0
    paid: list[_Candidate] = []
    for member in members:
        bonus, order = member.plan.bonus, member.order
        is_refunded = _net(order, member.plan).is_fully_refunded
        if is_refunded and bonus.refund_frees_place:
            continue
        before, running = running, running + sum(shares.own_parts(order, PPM_PER_WHOLE))
        inside = min(running, bonus.n * PPM_PER_WHOLE) - before
        if inside > 0 and not is_refunded:
            earned += bonus.amount_minor * inside
            paid.append(member)
    return _target(paid, divide_half_away(earned, PPM_PER_WHOLE)) if paid else None


def _milestone(members: Sequence[_Candidate]) -> BonusTarget | None:
    """Pay once when the metric reaches n; whether refunds can undo it is the bonus's own word."""
    running = 0
    for member, change in _changes(members):
        running += change
        if running >= member.plan.bonus.n * _unit(member.plan):
            return _target([member], member.plan.bonus.amount_minor)
    return None


def _changes(members: Sequence[_Candidate]) -> Iterator[tuple[_Candidate, int]]:
    if members[0].plan.bonus.refund_frees_place:
        for member in members:
            yield member, _metric(member.order, member.plan)
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
    for _, _, _, member, change in moments:
        yield member, change


def _unit(plan: BonusPlan) -> int:
    return PPM_PER_WHOLE if plan.bonus.metric == "count" else 1


def _net(order: Order, plan: BonusPlan) -> shares.Net:
    return shares.whole_net(
        order, shares.refunds_in_force(order, plan.version.settlement.clawback.max_age_days)
    )


def _metric(order: Order, plan: BonusPlan) -> int:
    net = _net(order, plan)
    if plan.bonus.metric == "count":
        return 0 if net.is_fully_refunded else sum(shares.own_parts(order, PPM_PER_WHOLE))
    return shares.in_agreement_currency(
        order, sum(shares.own_parts(order, net.gross - net.refunded)), plan.version
    )


def _target(paid: Sequence[_Candidate], minor: int) -> BonusTarget:
    last = paid[-1]
    return BonusTarget(
        bonus=last.plan.bonus.name,
        period=last.period,
        minor=minor,
        currency=last.plan.version.settlement.currency,
        version=last.plan.version.key,
        clause=last.plan.clause,
        earned_at=last.order.at,
        conversions=tuple(member.order.id for member in paid),
    )
