"""Walk one stream: tiers, then multipliers, then caps, then whole minor units that add up."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction

from msgspec import Struct

from partner_network.commissions.rules import boosts, quality, shares
from partner_network.commissions.rules.facts import NOTHING_YET, Exact, Measure, Order, StreamState, Target
from partner_network.commissions.rules.plan import ComponentPlan
from partner_network.commissions.rules.shares import Net
from partner_network.kernel import periods
from partner_network.kernel.money import PPM_PER_WHOLE, divide_half_away


class Entry(Struct, gc=False):
    """One order within a stream while it is priced; `earned` is in millionths of a minor unit."""

    order: Order
    plan: ComponentPlan
    period: str
    net: Net
    metric: int
    units: int
    parts: list[int]
    before: int = 0
    after: int = 0
    total: int = 0
    rates: tuple[tuple[int, int], ...] = ()
    earned: Exact = 0
    factors: tuple[tuple[str, Fraction], ...] = ()
    measures: tuple[Measure, ...] = ()
    capped_by: tuple[str, ...] = ()
    line: int = 0


def entry_of(order: Order, plan: ComponentPlan, net: Net, placed_at: datetime) -> Entry:
    """Return an order's entry: its part of the tier metric, and the units its rate is paid on."""
    component = plan.component
    line_only = plan.version.line_only
    by_count, per_action = component.metric == "count", component.pays_per_action
    share = weight = 0
    parts: list[int] = []
    if not by_count or not per_action:
        parts = shares.own_parts(order, net.gross if line_only else net.gross - net.refunded)
        share = shares.in_agreement_currency(order, sum(parts), plan.version)
    if by_count or per_action:
        counts = line_only or not net.is_fully_refunded
        weights = shares.own_parts(order, PPM_PER_WHOLE if counts else 0)
        weight = sum(weights)
        parts = weights if per_action else parts
    return Entry(
        order=order,
        plan=plan,
        period=periods.period_of(placed_at, component.period, plan.version.zone).label,
        net=net,
        metric=weight if by_count else share,
        units=weight if per_action else share,
        parts=parts,
    )


def price(entries: Sequence[Entry], after: StreamState = NOTHING_YET) -> StreamState:
    """Price the entries of one stream, given in canonical order, and return where the last period stands.

    All entries of each period must be there but for those that `after` has summed up: none of theirs comes
    later than these.
    """
    by_period: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_period[entry.period].append(entry)
    for label, members in by_period.items():
        _apply_tiers(members, after.in_period(label).metric)
    boosted = after.boosted
    if any(entry.plan.boosts for entry in entries):
        boosted = boosts.apply(entries, boosted)
    closing = after
    for label, members in by_period.items():
        _multiply(members)
        earned = _cap_and_round(members, after.in_period(label).earned)
        if label == entries[-1].period:
            closing = StreamState(label, members[-1].after, earned, boosted)
    return closing


def _apply_tiers(entries: Iterable[Entry], before: int) -> None:
    total = running = before
    for entry in entries:
        total += entry.metric
    for entry in entries:
        plan = entry.plan
        entry.before = running
        running += entry.metric
        entry.after = running
        entry.total = total
        structure = plan.component.structure
        if structure == "graduated":
            entry.rates = plan.pieces(entry.before, running)
            entry.earned = plan.paid_up_to(running) - plan.paid_up_to(entry.before)
        else:
            rate = plan.rates[plan.tier_at(total) if structure == "retroactive" else 0]
            entry.rates = ((rate, entry.units),)
            entry.earned = rate * entry.units


def _multiply(entries: Iterable[Entry]) -> None:
    for entry in entries:
        component = entry.plan.component
        if component.decay_ppm_per_day:
            factor = shares.decay_factor(entry.order, component.decay_ppm_per_day, entry.parts)
            entry.earned *= factor
            entry.factors += (("decay", factor),)
        if component.invoice_ppm:
            position = min(max(entry.order.order_number, 1), len(component.invoice_ppm)) - 1
            factor = Fraction(component.invoice_ppm[position], PPM_PER_WHOLE)
            entry.earned *= factor
            entry.factors += (("invoice", factor),)
        if entry.plan.quality:
            quality.apply(entry)


def _cap_and_round(entries: Iterable[Entry], running: Exact) -> Exact:
    """Cap each order, then each customer's and the period's running sum; round the running sum, return it.

    With one cap for all, adding what still fits is `min(S, cap)`; with caps that differ by version it
    keeps every line at or above zero.
    """
    by_customer: dict[str, Exact] = defaultdict(int)
    rounded = round_micro(running)
    for entry in entries:
        cap = entry.plan.component.cap_minor
        earned = entry.earned
        if cap.order is not None:
            earned = _fitting(entry, earned, cap.order * PPM_PER_WHOLE, "order")
        if cap.customer is not None:
            used = by_customer[entry.order.customer]
            earned = _fitting(entry, earned, cap.customer * PPM_PER_WHOLE - used, "customer")
        by_customer[entry.order.customer] += earned
        if cap.period is not None:
            earned = _fitting(entry, earned, cap.period * PPM_PER_WHOLE - running, "period")
        running += earned
        so_far = round_micro(running)
        entry.line = so_far - rounded
        rounded = so_far
    return running


def _fitting(entry: Entry, earned: Exact, room: Exact, cap: str) -> Exact:
    if earned <= room:
        return earned
    entry.capped_by += (cap,)
    return max(room, 0)


def round_micro(exact: Exact) -> int:
    """Return millionths of a minor unit as whole minor units, halves away from zero."""
    if isinstance(exact, int):
        return divide_half_away(exact, PPM_PER_WHOLE)
    return divide_half_away(exact.numerator, exact.denominator * PPM_PER_WHOLE)


def target_of(entry: Entry, adjusted: int) -> Target:
    """Return the final target: the line, less what refunds take from it, plus what was adjusted.

    Rounding: under line_only, `R(line * refunds so far / net)`, cumulative over the order's refunds.
    """
    plan, net = entry.plan, entry.net
    taken_back = net.taken_back(entry.line) if plan.version.line_only else 0
    return Target(
        conversion=entry.order.id,
        component=plan.name,
        period=entry.period,
        minor=max(0, entry.line - taken_back + adjusted),
        currency=plan.version.settlement.currency,
        version=plan.version.key,
        clause=plan.clause,
        rule=plan.component.structure,
        metric_before=entry.before,
        metric_after=entry.after,
        metric_total=entry.total,
        rates=entry.rates,
        factors=entry.factors,
        capped_by=entry.capped_by,
        line_minor=entry.line,
        taken_back_minor=taken_back,
        adjusted_minor=adjusted,
        measures=entry.measures,
        charity=plan.charity,
    )
