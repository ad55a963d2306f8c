"""An order that comes last is priced from a checkpoint; whatever comes otherwise, all that is known is."""

import json
import random
from datetime import date
from fractions import Fraction
from typing import TypeAlias

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from partner_network.agreements.terms import Bonus, Boost, Component, ComponentCaps, Terms, Tier
from partner_network.commissions.rules import checkpoints, targets
from partner_network.commissions.rules.facts import (
    BonusTarget,
    Checkpoint,
    Order,
    StreamState,
    Target,
    Targets,
)
from partner_network.commissions.rules.plan import Plan
from tests.commissions import cast
from tests.commissions.test_rules_properties import BONUSES, TERMS, order_lists, ready

Booked: TypeAlias = dict[tuple[str, ...], Target | BonusTarget]
KEPT = Bonus("kept", "milestone", "sale", "count", 3, "quarter", 555, refund_frees_place=False)


def rows(computed: Targets) -> Booked:
    """Return what is booked, but for the period's total: earlier lines were told it as it was."""
    lines: Booked = {
        (row.conversion, row.component): replace(row, metric_total=0) for row in computed.commissions
    }
    return lines | {(paid.bonus, paid.period, "bonus"): paid for paid in computed.bonuses}


def stored(checkpoint: Checkpoint | None) -> Checkpoint | None:
    if checkpoint is None:
        return None
    text = checkpoints.to_json(checkpoint)
    return checkpoints.from_json(checkpoint.last_at, checkpoint.last_id, text)


class Books:
    """What appends and walks have booked so far, as the worker does it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.known: list[Order] = []
        self.booked: Booked = {}
        self.checkpoint: Checkpoint | None = None
        self.appended = 0

    def take(self, orders: list[Order]) -> None:
        self.known += orders
        found = targets.append(self.checkpoint, orders, self.plan) if self.checkpoint else None
        if found is None:
            found = targets.targets(self.known, self.plan)
            self.booked = {}
        else:
            self.appended += 1
        self.booked |= rows(found)
        self.checkpoint = stored(found.checkpoint)


@given(order_lists(), TERMS, st.booleans(), st.randoms(use_true_random=False), st.floats(0, 1))
@settings(max_examples=300)
def test_any_arrival_and_any_mix_of_appends_and_walks_books_what_all_facts_give(
    orders: list[Order],
    of: Terms,
    keeps: bool,
    chance: random.Random,
    late: float,
) -> None:
    if keeps and of.commission.bonuses:
        of = replace(of, commission=replace(of.commission, bonuses=(*BONUSES, KEPT)))
    books = Books(ready(of))
    left = sorted(orders, key=lambda order: (order.at, order.id))
    while left:
        some = chance.randrange(1, 4)
        taken, left = left[:some], left[some:]
        if chance.random() < late:  # one of them comes after those that follow
            left.insert(min(len(left), 3), taken.pop())
        books.take(taken)
    whole = targets.targets(orders, ready(of))
    assert books.booked == rows(whole)
    assert books.checkpoint == stored(whole.checkpoint)


def march(*orders: tuple[str, int, int], of: Terms) -> Books:
    books = Books(ready(of))
    for name, net_minor, day in orders:
        books.take([cast.order(name, net_minor, cast.at(3, day))])
    return books


def test_graduated_orders_in_their_order_are_walked_once_and_appended_ever_after() -> None:
    # Worked case of MONEY section 4: 400 + 500 + 500.
    books = march(("a", 800_000, 1), ("b", 700_000, 2), ("c", 600_000, 3), of=cast.terms())
    assert books.appended == 2
    assert [row.minor for row in books.booked.values()] == [40_000, 50_000, 50_000]
    assert books.checkpoint is not None
    state = books.checkpoint.components["sales"]
    assert (state.period, state.metric, state.earned) == ("2026-03", 2_100_000, 140_000 * 1_000_000)


def test_a_retroactive_stream_is_walked_again_only_where_an_order_crosses_a_bound() -> None:
    sales = replace(cast.SALES, structure="retroactive")
    books = march(("a", 400_000, 1), ("b", 500_000, 2), of=cast.terms(sales))
    assert books.appended == 1
    books.take([cast.order("c", 100_000, cast.at(3, 3))])
    assert books.appended == 1
    assert [row.minor for row in books.booked.values()] == [32_000, 40_000, 8_000]


def test_a_bound_of_any_component_is_looked_at_however_many_stand_before_it() -> None:
    flat = replace(cast.SALES, name="flat", structure="flat", tiers=(Tier(0, 10_000),))
    more = replace(cast.SALES, name="more", structure="retroactive")
    of = cast.terms(flat, more, combine="sum")
    books = march(("a", 900_000, 1), ("b", 200_000, 2), of=of)
    assert books.appended == 0
    # 1 % of each, and 8 % of each since their sum of 11,000.00 is above 10,000.00.
    assert {name: row.minor for name, row in books.booked.items()} == {
        ("a", "flat"): 9_000,
        ("b", "flat"): 2_000,
        ("a", "more"): 72_000,
        ("b", "more"): 16_000,
    }


def test_the_first_order_of_a_period_is_appended_whatever_tier_the_one_before_ended_in() -> None:
    sales = replace(cast.SALES, structure="retroactive")
    books = march(("a", 1_500_000, 1), of=cast.terms(sales))
    books.take([cast.order("b", 100_000, cast.at(4, 2))])
    assert books.appended == 1
    assert [row.minor for row in books.booked.values()] == [120_000, 5_000]


def test_the_first_order_of_a_component_is_appended() -> None:
    leads = Component(
        name="leads",
        event="lead",
        structure="retroactive",
        metric="count",
        tiers=(Tier(0, amount_minor=100),),
    )
    books = march(("a", 100_000, 1), of=cast.terms(cast.SALES, leads))
    books.take([cast.order("b", 0, cast.at(3, 2), event="lead")])
    assert books.appended == 1
    assert [row.minor for row in books.booked.values()] == [5_000, 100]


def test_an_order_of_the_very_moment_a_milestone_looked_at_is_never_appended() -> None:
    books = march(("a", 100, 1), ("b", 100, 2), of=cast.terms(bonuses=(KEPT,)))
    assert books.appended == 1
    books.take([cast.order("c", 100, cast.at(3, 2))])
    assert books.appended == 1
    assert books.booked["kept", "2026-Q1", "bonus"].minor == 555


@pytest.mark.parametrize(
    ("bonus", "appended"),
    [
        (Bonus("first", "first_n", "sale", "count", checkpoints.MOST_PLACES, "quarter", 10), 1),
        (Bonus("first", "first_n", "sale", "count", checkpoints.MOST_PLACES + 1, "quarter", 10), 0),
        (Bonus("far", "milestone", "sale", "net_amount", 1_000_000, "quarter", 10), 1),
    ],
)
def test_a_bonus_of_more_places_than_are_remembered_is_never_appended(bonus: Bonus, appended: int) -> None:
    assert march(("a", 100, 1), ("b", 100, 2), of=cast.terms(bonuses=(bonus,))).appended == appended


def test_a_whole_number_is_stored_as_one_and_a_part_exactly() -> None:
    state = StreamState("2026-03", 5, Fraction(10, 1), {"winter": Fraction(1, 3)})
    text = checkpoints.to_json(Checkpoint(cast.at(3), "a", {"sales": state}, {}))
    assert json.loads(text)["components"]["sales"] == {
        "period": "2026-03",
        "metric": 5,
        "earned": 10,
        "boosted": {"winter": "1/3"},
    }


def test_a_bound_is_looked_at_behind_a_component_that_nothing_was_sold_by() -> None:
    leads = replace(cast.SALES, name="leads", event="lead", structure="retroactive")
    sales = replace(cast.SALES, structure="retroactive")
    books = march(("a", 900_000, 1), ("b", 200_000, 2), of=cast.terms(leads, sales))
    assert books.appended == 0
    # Their sum of 11,000.00 is above 10,000.00, so each of them is paid 8 %.
    assert [row.minor for row in books.booked.values()] == [72_000, 16_000]


def test_a_boosts_room_is_kept_exactly_from_append_to_append() -> None:
    # A third more on 10 %: 1/30 of each net is extra, until the boost has given 10 cents in all.
    third = Boost("third", "sales", date(2026, 3, 1), date(2026, 4, 1), 1_333_333, 10)
    flat = replace(cast.SALES, structure="flat", tiers=(Tier(0, 100_000),))
    books = march(
        ("a", 100, 1), ("b", 101, 2), ("c", 100, 3), ("d", 100, 4), of=cast.terms(flat, boosts=(third,))
    )
    assert books.appended == 3
    # The sum is 13.33333, then 26.7999633. c finds 3.3000067 of the 10 left for its 3.33333: 40.1, then 50.1.
    assert [row.minor for row in books.booked.values()] == [13, 14, 13, 10]
    assert books.checkpoint is not None
    assert books.checkpoint.components["sales"].boosted == {"third": 10 * 1_000_000}


def test_an_order_given_again_is_never_appended() -> None:
    books = march(("a", 800_000, 1), ("b", 700_000, 2), of=cast.terms())
    assert books.checkpoint is not None
    again = [cast.order("b", 700_000, cast.at(3, 2))]
    assert targets.append(books.checkpoint, again, books.plan) is None


def test_an_order_that_is_not_the_last_is_never_appended() -> None:
    books = march(("b", 700_000, 2), ("a", 800_000, 1), of=cast.terms())
    assert books.appended == 0
    books.take([cast.order("aa", 1, cast.at(3, 2))])  # the same instant as b, and before it by its id
    assert books.appended == 0


def test_an_order_of_a_customer_with_a_cap_is_never_appended() -> None:
    capped = replace(cast.SALES, cap_minor=ComponentCaps(customer=1_000))
    assert march(("a", 800_000, 1), ("b", 700_000, 2), of=cast.terms(capped)).appended == 0


def test_a_checkpoint_that_is_not_one_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="period"):
        checkpoints.from_json(cast.at(3), "a", '{"components": {"sales": {"period": 1}}, "bonuses": {}}')
