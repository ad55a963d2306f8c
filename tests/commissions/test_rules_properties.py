"""Random histories: the engine against the formulas of MONEY, section 4, written out once more."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from partner_network.agreements.terms import (
    Bonus,
    Boost,
    Clawback,
    Commission,
    Component,
    ComponentCaps,
    Settlement,
    Terms,
)
from partner_network.commissions.rules import plan, span, targets
from partner_network.commissions.rules.facts import Order, Refund, Targets, TermsVersion
from partner_network.kernel import periods
from tests.commissions import cast

T = TypeVar("T")
PPM = 1_000_000
START = cast.at(1, 1, 0)


@st.composite
def order_lists(draw: st.DrawFn) -> list[Order]:
    orders: list[Order] = []
    for number in range(draw(st.integers(0, 14))):
        net = draw(st.integers(0, 900_000))
        when = START + timedelta(hours=draw(st.integers(0, 24 * 120)))
        orders.append(
            cast.order(
                f"o{number}",
                net,
                when,
                recorded_at=when + timedelta(days=draw(st.sampled_from([0, 0, 0, 20, 70]))),
                customer=draw(st.sampled_from(["kim", "lee"])),
                refunds=draw(_refunds(net, when)),
                rejected=draw(st.integers(0, 9)) == 0,
                **draw(_credits()),
            )
        )
    return orders


@st.composite
def _refunds(draw: st.DrawFn, net: int, when: datetime) -> tuple[Refund, ...]:
    made: list[Refund] = []
    for number in range(draw(st.integers(0, 2))):
        part = draw(st.integers(0, net))
        net -= part
        made.append(
            cast.refund(part, when + timedelta(days=draw(st.sampled_from([1, 30, 200]))), id=f"r{number}")
        )
    if made and draw(st.booleans()):
        made.append(cast.refund(0, made[-1].at + timedelta(days=1), id="undo", cancels=made[-1].id))
    return tuple(made)


def _credits() -> st.SearchStrategy[Mapping[str, object]]:
    shared = {"weights": (Fraction(2, 7), Fraction(1, 7), Fraction(4, 7)), "own": (0, 2)}
    return st.sampled_from([{}, {}, shared])


COMPONENTS = st.builds(
    Component,
    name=st.just("sales"),
    event=st.just("sale"),
    tiers=st.just(cast.TIERS),
    structure=st.sampled_from(["graduated", "retroactive"]),
    period=st.sampled_from(["month", "quarter"]),
    cap_minor=st.builds(
        ComponentCaps,
        order=st.none() | st.integers(0, 50_000),
        customer=st.none() | st.integers(0, 100_000),
        period=st.none() | st.integers(0, 100_000),
    ),
)
SETTLEMENTS = st.builds(
    Settlement,
    currency=st.just("EUR"),
    time_zone=st.sampled_from(["Europe/Berlin", "America/New_York"]),
    clawback=st.builds(Clawback, mode=st.sampled_from(["recompute", "line_only"])),
    late_policy=st.sampled_from(["true_up", "as_of_receipt"]),
)
BOOST = Boost("b", "sales", date(2026, 1, 20), date(2026, 2, 20), 1_700_000, 30_000)
BONUSES = (
    Bonus("first", "first_n", "sale", "count", 2, "month", 333),
    Bonus("many", "milestone", "sale", "net_amount", 1_000_000, "quarter", 777, refund_frees_place=True),
)
TERMS = st.builds(
    Terms,
    settlement=SETTLEMENTS,
    commission=st.builds(
        Commission,
        components=st.tuples(COMPONENTS),
        bonuses=st.sampled_from([(), BONUSES]),
        boosts=st.sampled_from([(), (BOOST,)]),
    ),
)


def ready(of: Terms) -> plan.Plan:
    return plan.plan_of([TermsVersion(key="v1", terms=of)])


def by_formula(orders: list[Order], of: Terms) -> dict[str, int]:
    """Return each order's target by MONEY's own words, for terms without boosts."""
    component, settlement = of.commission.components[0], of.settlement
    zone = periods.zone_named(settlement.time_zone)
    line_only = settlement.clawback.mode == "line_only"
    by_period: dict[str, list[Order]] = defaultdict(list)
    for order in sorted(orders, key=lambda order: (order.at, order.id.encode())):
        late = order.recorded_at >= periods.lock_at(order.at, settlement.lock, zone)
        moved = late and settlement.late_policy == "as_of_receipt"
        if not order.rejected:
            placed_at = order.recorded_at if moved else order.at
            by_period[periods.period_of(placed_at, component.period, zone).label].append(order)
    found: dict[str, int] = {}
    for members in by_period.values():
        shares = [
            _share(order, order.net_minor - (0 if line_only else _refunded(order))) for order in members
        ]
        total, running, spent = sum(shares), 0, Fraction(0)
        customers: dict[str, Fraction] = defaultdict(Fraction)
        for order, share in zip(members, shares, strict=True):
            if component.structure == "graduated":
                exact = _tiered(running + share, component) - _tiered(running, component)
            else:
                exact = Fraction(
                    max(t.rate_ppm or 0 for t in component.tiers if t.starts <= total) * share, PPM
                )
            running += share
            exact = min(exact, _cap(component.cap_minor.order))
            before, customers[order.customer] = customers[order.customer], customers[order.customer] + exact
            limit = _cap(component.cap_minor.customer)
            exact = min(before + exact, limit) - min(before, limit)
            limit = _cap(component.cap_minor.period)
            line = _round(min(spent + exact, limit)) - _round(min(spent, limit))
            spent += exact
            back = _round(Fraction(line * _refunded(order), order.net_minor or 1)) if line_only else 0
            found[order.id] = line - back
    return found


def _cap(minor: int | None) -> Fraction:
    return Fraction(10**18 if minor is None else minor)


def _round(exact: Fraction) -> int:
    return int(exact + Fraction(1, 2))


def _tiered(metric: int, component: Component) -> Fraction:
    bounds = [*(tier.starts for tier in component.tiers), max(metric, 10**12)]
    parts = zip(component.tiers, pairwise(bounds), strict=True)
    return sum(
        (Fraction(tier.rate_ppm or 0, PPM) * max(0, min(high, metric) - low) for tier, (low, high) in parts),
        Fraction(0),
    )


def _refunded(order: Order) -> int:
    undone = {refund.cancels for refund in order.refunds}
    in_time = [refund for refund in order.refunds if refund.at - order.at < timedelta(days=180)]
    return sum(refund.net_minor for refund in in_time if refund.id not in undone)


def _share(order: Order, net: int) -> int:
    if not order.weights:
        return net
    floors = [int(net * weight) for weight in order.weights]
    by_remainder = sorted(range(3), key=lambda i: (floors[i] - net * order.weights[i], i))
    for i in by_remainder[: net - sum(floors)]:
        floors[i] += 1
    return floors[0] + floors[2]


@given(order_lists(), TERMS)
@settings(max_examples=200)
def test_the_engine_equals_the_written_formulas(orders: list[Order], of: Terms) -> None:
    plain = replace(of, commission=replace(of.commission, boosts=(), bonuses=()))
    computed = targets.targets(orders, ready(plain)).commissions
    assert {row.conversion: row.minor for row in computed} == by_formula(orders, plain)


@given(order_lists(), TERMS, st.randoms(use_true_random=False))
def test_the_order_in_which_facts_arrive_changes_nothing(
    orders: list[Order], of: Terms, chance: random.Random
) -> None:
    shuffled = [
        replace(order, refunds=tuple(_mixed(order.refunds, chance))) for order in _mixed(orders, chance)
    ]
    assert targets.targets(shuffled, ready(of)) == targets.targets(orders, ready(of))


def _mixed(many: Sequence[T], chance: random.Random) -> list[T]:
    return chance.sample(list(many), len(many))


@given(order_lists(), TERMS)
@settings(max_examples=50)
def test_a_span_computed_alone_equals_its_part_of_the_whole(orders: list[Order], of: Terms) -> None:
    prepared = ready(of)
    whole = targets.targets(orders, prepared)
    version = prepared.versions[0]
    for touched in orders:
        need = span.needed(prepared, version.placed_at(touched))
        inside = [order for order in orders if need.starts_at <= version.placed_at(order) < need.ends_at]
        assert touched in inside
        alone = targets.targets(inside, prepared)
        ids = {order.id for order in inside}
        assert alone.commissions == tuple(row for row in whole.commissions if row.conversion in ids)
        assert set(alone.bonuses) == {paid for paid in whole.bonuses if set(paid.conversions) <= ids}


@given(order_lists(), TERMS)
def test_lines_are_whole_positive_and_add_up_to_the_period_within_its_cap(
    orders: list[Order], of: Terms
) -> None:
    computed = targets.targets(orders, ready(of))
    cap = of.commission.components[0].cap_minor.period
    for label in {row.period for row in computed.commissions}:
        lines = [row.line_minor for row in computed.commissions if row.period == label]
        assert all(line >= 0 for line in lines)
        assert cap is None or sum(lines) <= cap
    assert all(0 <= row.minor <= row.line_minor for row in computed.commissions)
    _boost_stays_within_its_cap(orders, of, computed)


def _boost_stays_within_its_cap(orders: list[Order], of: Terms, computed: Targets) -> None:
    uncapped = replace(of.commission.components[0], cap_minor=ComponentCaps())
    raised = replace(of, commission=replace(of.commission, components=(uncapped,)))
    plain = replace(raised, commission=replace(raised.commission, boosts=()))
    sums = [
        sum(row.line_minor for row in targets.targets(orders, ready(one)).commissions)
        for one in (raised, plain)
    ]
    slack = len({row.period for row in computed.commissions})  # one rounding for each period
    assert -slack <= sums[0] - sums[1] <= BOOST.cap_minor + slack
