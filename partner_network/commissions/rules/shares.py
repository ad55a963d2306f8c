"""What of an order a component may price: its lines, what refunds left of them, and the partner's share."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

from msgspec import Struct

from partner_network.agreements.term_values import Match, Metric
from partner_network.commissions.rules.facts import Line, Order, Refund
from partner_network.commissions.rules.plan import ComponentPlan, VersionPlan
from partner_network.kernel import money, periods
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

_SHORTEST_MONTH_DAYS = 28
_CLOCKS_DAYS = 2
"""More than any change of clocks can take from a run of months."""


class Net(Struct, frozen=True, gc=False):
    """Net of some lines in the order's currency: before refunds, and what refunds gave back of it."""

    gross: int
    refunded: int
    touched: bool = False

    @property
    def is_fully_refunded(self) -> bool:
        """Tell whether a refund in force took all of it."""
        return self.touched and self.refunded == self.gross

    def taken_back(self, line_minor: int) -> int:
        """Return what refunds take from a line: R(line * refunded / gross), all of it once all went back."""
        if self.is_fully_refunded:  # which is no fraction where all of it was free
            return line_minor
        return money.divide_half_away(line_minor * self.refunded, self.gross) if self.refunded else 0


def split_credits(net_minor: int, weights: Sequence[Fraction]) -> list[int]:
    """Split a conversion's net among its credits, sorted by (partner, touch), by largest remainder."""
    return money.largest_remainder(net_minor, weights)


def refunds_in_force(order: Order, max_age_days: int) -> list[Refund]:
    """Return the refunds that count, by (`at`, id): not undone, given before `max_age_days` had elapsed.

    An undoing can itself be undone. Errors: InvalidError when two have the same id.
    """
    undoings: dict[str, list[Refund]] = defaultdict(list)
    for refund in order.refunds:
        if refund.cancels is not None:
            undoings[refund.cancels].append(refund)
    if len({refund.id for refund in order.refunds}) != len(order.refunds):
        raise InvalidError(Sentence("Two refunds of order {id!r} have the same id.", id=order.id))

    def holds(refund: Refund) -> bool:
        # An undoing names one fact, so no circle can lead back to a refund.
        return not any(holds(undoing) for undoing in undoings[refund.id])

    return [
        refund
        for refund in sorted(order.refunds, key=lambda refund: (refund.at, refund.id))
        if refund.cancels is None and (refund.at - order.at).days < max_age_days and holds(refund)
    ]


def nets_by_line(order: Order, refunds: Sequence[Refund]) -> list[tuple[Line, Net]]:
    """Return each line, by id, with what refunds gave back of it; InvalidError if they do not add up."""
    lines = sorted(order.lines, key=lambda line: line.id)
    if sum(line.net_minor for line in lines) != order.net_minor or any(line.net_minor < 0 for line in lines):
        raise InvalidError(
            Sentence(
                "The lines of order {id!r} do not sum to its net of {net_minor}.",
                id=order.id,
                net_minor=order.net_minor,
            )
        )
    left = {line.id: line.net_minor for line in lines}
    if len(left) != len(lines):
        raise InvalidError(Sentence("Two lines of order {id!r} have the same id.", id=order.id))
    touched: set[str] = set()
    for refund in refunds:
        for line_id, part in _spread(order, refund, lines, left):
            left[line_id] -= part
            if part or refund.line is not None:
                touched.add(line_id)
    if refunds and not any(left.values()):
        touched.update(left)  # free lines go back with the whole order, whatever its refunds name
    return [(line, Net(line.net_minor, line.net_minor - left[line.id], line.id in touched)) for line in lines]


def _spread(
    order: Order, refund: Refund, lines: Sequence[Line], left: dict[str, int]
) -> list[tuple[str, int]]:
    if refund.line is not None:
        if refund.net_minor > left.get(refund.line, -1):
            raise InvalidError(
                Sentence(
                    "Refund {id!r} gives back more than line {line!r} has.", id=refund.id, line=refund.line
                )
            )
        return [(refund.line, refund.net_minor)]
    if refund.net_minor > sum(left.values()):
        raise _too_much(order)
    if refund.net_minor == 0:
        return []
    parts = money.largest_remainder(refund.net_minor, [Fraction(line.net_minor) for line in lines])
    if any(part > left[line.id] for line, part in zip(lines, parts, strict=True)):
        # A line was refunded before: by its net it would fall below zero, so what is left decides.
        parts = money.largest_remainder(refund.net_minor, [Fraction(left[line.id]) for line in lines])
    return [(line.id, part) for line, part in zip(lines, parts, strict=True)]


def whole_net(order: Order, refunds: Sequence[Refund]) -> Net:
    """Return the net of the whole order. Errors: InvalidError when more was refunded than sold."""
    if not refunds:
        return Net(order.net_minor, 0)
    refunded = sum(refund.net_minor for refund in refunds)
    if refunded > order.net_minor:
        raise _too_much(order)
    return Net(order.net_minor, refunded, touched=True)


def _too_much(order: Order) -> InvalidError:
    return InvalidError(
        Sentence(
            "Order {id!r} is refunded for more than its net of {net_minor}.",
            id=order.id,
            net_minor=order.net_minor,
        )
    )


def components_of(order: Order, version: VersionPlan) -> list[tuple[ComponentPlan, Net]]:
    """Return the components that price an order, each with the net of the lines it takes.

    A component takes a line when its event, match, minimum and recurring months all allow it; with
    `combine = "first"` the first one that may takes the line alone.
    """
    candidates = [plan for plan in version.components.get(order.event, ()) if _may_price(order, plan)]
    return _taken(order, version, candidates, by_all=version.combine_sum)


def donations_of(order: Order, version: VersionPlan) -> list[tuple[ComponentPlan, Net]]:
    """Return the donations that an order gives, each with the net of the lines it takes.

    Each takes what it matches, whatever components or other donations take of it.
    """
    if not version.donations:
        return []
    candidates = [plan for plan in version.donations.get(order.event, ()) if _may_price(order, plan)]
    return _taken(order, version, candidates, by_all=True)


def _taken(
    order: Order, version: VersionPlan, candidates: Sequence[ComponentPlan], *, by_all: bool
) -> list[tuple[ComponentPlan, Net]]:
    """Return which of the candidates take what: each line all that match it, or the first of them alone."""
    if not candidates:
        return []
    refunds = refunds_in_force(order, version.settlement.clawback.max_age_days) if order.refunds else []
    if not order.lines:
        net = whole_net(order, refunds)
        takers = [plan for plan in candidates if not plan.component.match.categories]
        takers = [plan for plan in takers if not plan.component.match.skus]
        return [(plan, net) for plan in (takers if by_all else takers[:1])]
    taken: dict[str, Net] = {}
    for line, net in nets_by_line(order, refunds):
        for plan in candidates:
            if matches(plan.component.match, line):
                before = taken.get(plan.name, Net(0, 0))
                taken[plan.name] = Net(
                    before.gross + net.gross, before.refunded + net.refunded, before.touched or net.touched
                )
                if not by_all:
                    break
    return [(plan, taken[plan.name]) for plan in candidates if plan.name in taken]


def matches(match: Match, line: Line) -> bool:
    """Tell whether a line is one that is paid on, by its category and its article."""
    return (not match.categories or line.category in match.categories) and (
        not match.skus or line.sku in match.skus
    )


def _may_price(order: Order, plan: ComponentPlan) -> bool:
    component = plan.component
    customer = component.match.customer
    if customer != "any" and (customer == "new") != order.new_customer:
        return False
    if (
        component.min_order_minor
        and in_agreement_currency(order, order.net_minor, plan.version) < component.min_order_minor
    ):
        return False
    first_at = order.first_order_at
    if component.recurring_months == 0:
        return order.order_number <= 1 if order.event == "sale" else first_at is None or order.at <= first_at
    certain_days = _SHORTEST_MONTH_DAYS * component.recurring_months - _CLOCKS_DAYS
    if first_at is None or (order.at - first_at).days < certain_days:
        return True  # so many days fit into any such run of months: no calendar needed
    return order.at < periods.add_months(first_at, component.recurring_months, plan.version.zone)


def in_agreement_currency(order: Order, minor: int, version: VersionPlan) -> int:
    """Convert at the order's rate, half away from zero, scaled by both exponents.

    Errors: InvalidError when the currencies differ and the order carries no rate.
    """
    currency = version.settlement.currency
    if order.currency == currency or minor == 0:
        return minor
    if order.rate is None:
        raise InvalidError(
            Sentence(
                "Order {id!r} is in {currency} and has no rate to {wanted}.",
                id=order.id,
                currency=order.currency,
                wanted=currency,
            )
        )
    scale = Fraction(10) ** (money.exponent(currency) - money.exponent(order.currency))
    return money.round_half_away(minor * order.rate * scale)


def metric(order: Order, kind: Metric, version: VersionPlan) -> int:
    """Return what an order adds to a metric: its share of the net after refunds, or its weight in ppm.

    Units: minor units of the agreement's currency; for count parts per million, none once all went back.
    """
    net = whole_net(order, refunds_in_force(order, version.settlement.clawback.max_age_days))
    if kind == "count":
        return 0 if net.is_fully_refunded else sum(own_parts(order, money.PPM_PER_WHOLE))
    return in_agreement_currency(order, sum(own_parts(order, net.gross - net.refunded)), version)


def own_parts(order: Order, total: int) -> list[int]:
    """Return this partner's parts of a total split among all credits, one for each of its touches."""
    if len(order.weights) <= 1:
        return [total]  # nobody shares the order
    parts = split_credits(total, order.weights)
    return [parts[position] for position in order.own]


def decay_factor(order: Order, ppm_per_day: int, parts: Sequence[int]) -> Fraction:
    """Return what decay leaves: per credited touch by whole elapsed days, weighted by its share."""
    left = [
        max(0, money.PPM_PER_WHOLE - ppm_per_day * _days_between(touched_at, order.at))
        for touched_at in order.touched_at
    ]
    if not left:
        return Fraction(1)
    weights = list(parts) if sum(parts) else [1] * len(left)
    weighted = sum(part * weight for part, weight in zip(left, weights, strict=True))
    return Fraction(weighted, sum(weights) * money.PPM_PER_WHOLE)


def _days_between(earlier: datetime, later: datetime) -> int:
    return (later - earlier).days
