from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from partner_network.agreements.terms import ComponentCaps, Match, Settlement, Tier
from partner_network.commissions.rules.facts import Line
from tests.commissions import cast

FLAT = replace(cast.SALES, structure="flat", tiers=(Tier(0, 100_000),))
TICK = timedelta(microseconds=1)
LINES = (
    Line(id="l1", net_minor=600, sku="lp-1", category="vinyl"),
    Line(id="l2", net_minor=300, sku="cd-1", category="cd"),
    Line(id="l3", net_minor=100),
)
VINYL = replace(FLAT, name="vinyl", match=Match(categories=("vinyl",)), tiers=(Tier(0, 200_000),))


def earned(order: object, *components: object, **commission: object) -> dict[str, int]:
    rows = cast.rows([order], cast.terms(*components, **commission))  # pyright: ignore[reportArgumentType]  # the callers below give orders and components
    return {row.component: row.minor for row in rows}


def test_each_line_goes_to_the_first_component_that_may_take_it() -> None:
    assert earned(cast.order("a", 1_000, lines=LINES), VINYL, FLAT) == {"vinyl": 120, "sales": 40}
    assert earned(cast.order("a", 1_000, lines=LINES), FLAT, VINYL) == {"sales": 100}


def test_a_free_line_is_a_line_like_any_other() -> None:
    free = (*LINES, Line(id="l4", net_minor=0))
    assert earned(cast.order("a", 1_000, lines=free), FLAT) == {"sales": 100}


def test_combined_as_a_sum_every_component_that_matches_pays() -> None:
    order = cast.order("a", 1_000, lines=LINES)
    assert earned(order, VINYL, FLAT, combine="sum") == {"vinyl": 120, "sales": 100}


def test_an_order_without_lines_matches_only_what_asks_for_nothing() -> None:
    assert earned(cast.order("a", 1_000), VINYL, FLAT) == {"sales": 100}
    assert earned(cast.order("a", 1_000), VINYL) == {}


def test_category_and_sku_must_both_match_where_both_are_given() -> None:
    both = replace(FLAT, match=Match(categories=("vinyl", "cd"), skus=("cd-1", "other")))
    assert earned(cast.order("a", 1_000, lines=LINES), both) == {"sales": 30}


@pytest.mark.parametrize(
    ("customer", "expected"), [("new", {"sales": 100}), ("returning", {}), ("any", {"sales": 100})]
)
def test_a_component_may_ask_for_new_or_returning_customers(customer: str, expected: dict[str, int]) -> None:
    component = replace(FLAT, match=replace(FLAT.match, customer=customer))
    assert earned(cast.order("a", 1_000, new_customer=True), component) == expected


def test_a_component_prices_its_own_event_alone() -> None:
    lead = replace(FLAT, name="lead", event="lead", tiers=(Tier(0, amount_minor=250),))
    assert earned(cast.order("a", 0, event="lead"), FLAT, lead) == {"lead": 250}


def test_the_minimum_tests_the_whole_order_before_refunds() -> None:
    component = replace(VINYL, min_order_minor=1_000)
    refunded = cast.order("a", 1_000, lines=LINES, refunds=(cast.refund(300, line="l2"),))
    assert earned(refunded, component) == {"vinyl": 120}
    assert earned(cast.order("a", 999), replace(FLAT, min_order_minor=1_000)) == {}


def test_an_order_below_the_minimum_falls_to_the_next_component() -> None:
    big = replace(FLAT, name="big", min_order_minor=5_000, tiers=(Tier(0, 200_000),))
    assert earned(cast.order("a", 1_000), big, FLAT) == {"sales": 100}


@pytest.mark.parametrize(
    ("after", "pays"),
    [(timedelta(0), True), (timedelta(seconds=-1), True), (timedelta(days=28 * 12 + 5), True), (None, False)],
)
def test_recurring_months_are_calendar_months_and_half_open(after: timedelta | None, pays: bool) -> None:
    first = cast.at(2, 28, 23)  # midnight of 1 March in Berlin
    twelve_months_on = cast.at(2, 28, 23, year=2027)
    when = (
        twelve_months_on
        if after is None
        else (first + after if after > timedelta(0) else twelve_months_on + after)
    )
    if after == timedelta(0):
        when = first
    order = cast.order("a", 1_000, when, order_number=2, first_order_at=first)
    assert bool(earned(order, FLAT)) is pays


@pytest.mark.parametrize(
    ("months", "last", "first_out"),
    [(1, cast.at(2, 28, 10), cast.at(2, 28, 11)), (2, cast.at(3, 31, 9), cast.at(3, 31, 10))],
)
def test_recurring_months_are_clamped_to_the_months_last_day_at_the_same_wall_time(
    months: int, last: datetime, first_out: datetime
) -> None:
    first = cast.at(1, 31, 11)  # 12:00 in Berlin; on 31 March that is 10:00 in UTC
    component = replace(FLAT, recurring_months=months)
    inside, outside = [
        cast.order("a", 1_000, when, order_number=2, first_order_at=first) for when in (last, first_out)
    ]
    assert (earned(inside, component), earned(outside, component)) == ({"sales": 100}, {})


def test_a_month_in_which_an_hour_is_skipped_ends_by_the_calendar_not_after_28_days() -> None:
    # 10 February, 12:00 in New York, is 17:00 in UTC. A month later it is summer time there, since 8 March:
    # 12:00 is 16:00 in UTC, so this month has 27 days and 23 hours.
    component = replace(FLAT, recurring_months=1)
    settlement = Settlement(currency="EUR", time_zone="America/New_York")
    first, ends = cast.at(2, 10, 17), cast.at(3, 10, 16)
    for when, paid in [(ends - TICK, {"a": 100}), (ends, {}), (first + timedelta(days=28) - TICK, {})]:
        order = cast.order("a", 1_000, when, order_number=2, first_order_at=first)
        assert cast.paid([order], cast.terms(component, settlement=settlement)) == paid


def test_recurring_for_no_months_pays_the_first_order_only() -> None:
    component = replace(FLAT, recurring_months=0)
    first = cast.order("a", 1_000, order_number=1, first_order_at=cast.at(3, 5))
    second = cast.order("b", 1_000, cast.at(3, 6), order_number=2, first_order_at=cast.at(3, 5))
    at_once = cast.order("b", 1_000, cast.at(3, 5), order_number=2, first_order_at=cast.at(3, 5))
    assert earned(first, component) == {"sales": 100}
    assert earned(second, component) == earned(at_once, component) == {}


@pytest.mark.parametrize(("first_order", "pays"), [(None, True), (5, True), (4, False)])
def test_recurring_for_no_months_pays_leads_up_to_the_first_order(
    first_order: int | None, pays: bool
) -> None:
    component = replace(FLAT, event="lead", recurring_months=0, tiers=(Tier(0, amount_minor=250),))
    first_at = None if first_order is None else cast.at(3, first_order)
    assert bool(earned(cast.order("a", 0, event="lead", first_order_at=first_at), component)) is pays


@pytest.mark.parametrize(("number", "minor"), [(1, 100), (2, 50), (3, 25), (9, 25)])
def test_the_last_invoice_multiplier_stays(number: int, minor: int) -> None:
    component = replace(FLAT, invoice_ppm=(1_000_000, 500_000, 250_000))
    assert earned(cast.order("a", 1_000, order_number=number), component) == {"sales": minor}


def test_the_caps_hold_in_turn_for_order_customer_and_period() -> None:
    component = replace(FLAT, cap_minor=ComponentCaps(order=60, customer=100, period=170))
    orders = [
        cast.order("a", 1_000, cast.at(3, 1), customer="kim"),
        cast.order("b", 500, cast.at(3, 2), customer="kim"),
        cast.order("c", 500, cast.at(3, 3), customer="lee"),
        cast.order("d", 500, cast.at(3, 4), customer="max"),
        cast.order("e", 500, cast.at(4, 4), customer="kim"),
    ]
    rows = cast.rows(orders, cast.terms(component))
    assert [row.minor for row in rows] == [60, 40, 50, 20, 50]
    assert [row.capped_by for row in rows] == [("order",), ("customer",), (), ("period",), ()]


def test_every_earlier_order_of_a_customer_takes_room_under_its_cap_in_the_period() -> None:
    component = replace(FLAT, cap_minor=ComponentCaps(customer=100))
    nets = [600, 300, 200, 100]
    orders = [cast.order(f"{day}", net, cast.at(3, day), customer="kim") for day, net in enumerate(nets, 1)]
    rows = cast.rows(orders, cast.terms(component))
    assert [row.minor for row in rows] == [60, 30, 10, 0]


def test_a_line_tells_every_cap_that_took_from_it_and_none_that_it_just_reached() -> None:
    component = replace(FLAT, cap_minor=ComponentCaps(order=60, customer=90, period=80))
    orders = [
        cast.order("a", 600, cast.at(3, 1), customer="kim"),
        cast.order("b", 900, cast.at(3, 2), customer="kim"),
    ]
    rows = cast.rows(orders, cast.terms(component))
    assert [(row.minor, row.capped_by) for row in rows] == [(60, ()), (20, ("order", "customer", "period"))]


def test_nothing_of_what_a_cap_took_is_carried_into_the_sum_of_the_period() -> None:
    component = replace(FLAT, cap_minor=ComponentCaps(period=80))
    orders = [cast.order(name, 800, cast.at(3, day)) for day, name in enumerate(["a", "b", "c"], 1)]
    computed = cast.computed(orders, cast.terms(component))
    assert [row.minor for row in computed.commissions] == [80, 0, 0]
    assert computed.checkpoint is not None
    assert computed.checkpoint.components["sales"].earned == 80 * 1_000_000


def test_a_refund_makes_room_under_a_period_cap_for_later_orders() -> None:
    component = replace(FLAT, cap_minor=ComponentCaps(period=120))
    first = cast.order("a", 1_000, cast.at(3, 1), refunds=(cast.refund(400),))
    assert cast.paid([first, cast.order("b", 1_000)], cast.terms(component)) == {"a": 60, "b": 60}
