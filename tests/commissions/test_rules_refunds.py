from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from partner_network.agreements.terms import Clawback, Settlement, Structure, Tier
from partner_network.commissions.rules.facts import Line, Refund
from partner_network.kernel import errors
from tests.commissions import cast

MODES = [cast.settlement(), cast.line_only()]
FLAT = replace(cast.SALES, structure="flat", tiers=(Tier(0, 100_000),))
LINES = (Line(id="l1", net_minor=600), Line(id="l2", net_minor=300), Line(id="l3", net_minor=100))


@given(
    st.sampled_from(["graduated", "retroactive"]),
    st.sampled_from(MODES),
    st.lists(st.integers(0, 900_000), min_size=1, max_size=6),
    st.data(),
)
def test_a_full_refund_in_any_parts_leaves_nothing(
    structure: Structure, mode: Settlement, nets: list[int], data: st.DataObject
) -> None:
    gone = data.draw(st.integers(0, len(nets) - 1))
    first = data.draw(st.integers(0, nets[gone]))
    orders = [cast.order(f"o{number}", net) for number, net in enumerate(nets)]
    parts = (cast.refund(first), cast.refund(nets[gone] - first, id="r2"))
    orders[gone] = replace(orders[gone], refunds=parts)
    of = cast.terms(replace(cast.SALES, structure=structure), settlement=mode)
    assert cast.paid(orders, of)[f"o{gone}"] == 0


@pytest.mark.parametrize("mode", MODES)
def test_a_fully_refunded_action_pays_nothing(mode: Settlement) -> None:
    component = replace(cast.SALES, metric="count", tiers=(Tier(0, amount_minor=500),))
    orders = [cast.order("a", 900, refunds=(cast.refund(900),)), cast.order("b", 100)]
    assert cast.paid(orders, cast.terms(component, settlement=mode)) == {"a": 0, "b": 500}


def test_under_recompute_a_partial_refund_changes_no_count_and_a_full_one_frees_the_place() -> None:
    component = replace(
        cast.SALES, metric="count", tiers=(Tier(0, amount_minor=500), Tier(1, amount_minor=900))
    )
    partly = [cast.order("a", 900, refunds=(cast.refund(899),)), cast.order("b", 100)]
    fully = [cast.order("a", 900, refunds=(cast.refund(900),)), cast.order("b", 100)]
    assert cast.paid(partly, cast.terms(component)) == {"a": 500, "b": 900}
    assert cast.paid(fully, cast.terms(component)) == {"a": 0, "b": 500}


def test_a_count_loses_an_order_when_all_of_the_lines_it_takes_went_back() -> None:
    component = replace(
        cast.SALES,
        metric="count",
        tiers=(Tier(0, amount_minor=500),),
        match=replace(FLAT.match, skus=("cd",)),
    )
    lines = (
        Line(id="l1", net_minor=600, sku="cd"),
        Line(id="l2", net_minor=400, sku="book"),
        Line(id="l3", net_minor=0, sku="cd"),
    )
    order = cast.order("a", 1_000, lines=lines)
    for refunds, minor, counted in [
        ((), 500, 1_000_000),
        ((cast.refund(600, line="l1"),), 0, 0),
        ((cast.refund(599, line="l1"),), 500, 1_000_000),
        ((cast.refund(400, line="l2"),), 500, 1_000_000),
    ]:
        (row,) = cast.rows([replace(order, refunds=refunds)], cast.terms(component))
        assert (row.minor, row.metric_after, row.metric_total) == (minor, counted, counted)


def test_a_free_order_counts_until_it_is_taken_back() -> None:
    component = replace(cast.SALES, metric="count", tiers=(Tier(0, amount_minor=500),))
    free = Line(id="l1", net_minor=0)
    assert cast.paid([cast.order("a", 0, lines=(free,))], cast.terms(component)) == {"a": 500}
    back = cast.order("a", 0, lines=(free,), refunds=(cast.refund(0),))
    assert cast.paid([back], cast.terms(component)) == {"a": 0}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("refunds", "minor"),
    [
        ((cast.refund(0),), 500),  # of the whole order, which keeps its 10.00
        ((cast.refund(999),), 500),
        ((cast.refund(999, line="l1"),), 500),
        ((cast.refund(0, line="l2"),), 0),
        ((cast.refund(1_000),), 0),
        ((cast.refund(1_000, line="l1"),), 0),  # nothing of the order is left, and its gift went with it
        ((cast.refund(1), cast.refund(999, line="l1", id="r2")), 0),
        ((cast.refund(1_000, line="l1"), cast.refund(0, id="r2", cancels="r1")), 500),
    ],
)
def test_a_free_line_goes_back_by_its_name_or_with_the_whole_order(
    refunds: tuple[Refund, ...], minor: int, mode: Settlement
) -> None:
    gift = replace(
        cast.SALES,
        metric="count",
        tiers=(Tier(0, amount_minor=500),),
        match=replace(FLAT.match, skus=("gift",)),
    )
    lines = (Line(id="l1", net_minor=1_000, sku="cd"), Line(id="l2", net_minor=0, sku="gift"))
    order = cast.order("a", 1_000, lines=lines, refunds=refunds)
    assert cast.paid([order], cast.terms(gift, settlement=mode)) == {"a": minor}


def test_under_line_only_a_free_action_that_was_taken_back_pays_nothing_and_keeps_its_place() -> None:
    component = replace(
        cast.SALES, metric="count", tiers=(Tier(0, amount_minor=500), Tier(1, amount_minor=900))
    )
    orders = [cast.order("a", 0, refunds=(cast.refund(0),)), cast.order("b", 0)]
    assert cast.paid(orders, cast.terms(component, settlement=cast.line_only())) == {"a": 0, "b": 900}
    assert cast.paid(orders, cast.terms(component)) == {"a": 0, "b": 500}


def test_under_line_only_a_fully_refunded_action_keeps_its_place() -> None:
    component = replace(
        cast.SALES, metric="count", tiers=(Tier(0, amount_minor=500), Tier(1, amount_minor=900))
    )
    orders = [cast.order("a", 900, refunds=(cast.refund(900),)), cast.order("b", 100)]
    assert cast.paid(orders, cast.terms(component, settlement=cast.line_only())) == {"a": 0, "b": 900}


def test_line_only_takes_back_cumulatively_so_parts_cost_no_more_than_the_whole() -> None:
    thirds = tuple(cast.refund(100, id=f"r{number}") for number in range(3))
    of = cast.terms(replace(FLAT, tiers=(Tier(0, 16_667),)), settlement=cast.line_only())
    taken = [
        cast.rows([cast.order("a", 300, refunds=thirds[:count])], of)[0].taken_back_minor
        for count in range(4)
    ]
    assert taken == [0, 2, 3, 5]  # of a line of 5: 1.67, 3.33, 5


def test_an_undone_refund_is_as_if_it_never_was() -> None:
    undone = (cast.refund(400), cast.refund(0, cast.at(6), id="r2", cancels="r1"))
    assert cast.paid([cast.order("a", 1_000, refunds=undone)], cast.terms(FLAT)) == {"a": 100}


@pytest.mark.parametrize("ids", [("r1", "r2", "r3"), ("r3", "r2", "r1")])
def test_an_undoing_can_itself_be_undone_even_in_one_instant(ids: tuple[str, str, str]) -> None:
    refund, undoing, redoing = ids
    facts = (
        cast.refund(400, id=refund),
        cast.refund(0, id=undoing, cancels=refund),
        cast.refund(0, id=redoing, cancels=undoing),
    )
    assert cast.paid([cast.order("a", 1_000, refunds=facts)], cast.terms(FLAT)) == {"a": 60}


def test_undoings_of_each_other_undo_nothing_else() -> None:
    circle = (cast.refund(400), cast.refund(0, id="r2", cancels="r3"), cast.refund(0, id="r3", cancels="r2"))
    assert cast.paid([cast.order("a", 1_000, refunds=circle)], cast.terms(FLAT)) == {"a": 60}


@pytest.mark.parametrize(
    ("age", "minor"), [(timedelta(days=180), 100), (timedelta(days=180) - timedelta(microseconds=1), 60)]
)
def test_a_refund_of_exactly_the_maximum_age_is_a_fact_without_effect(age: timedelta, minor: int) -> None:
    late = cast.refund(400, cast.at(3, 5) + age)
    assert cast.paid([cast.order("a", 1_000, refunds=(late,))], cast.terms(FLAT)) == {"a": minor}


def test_with_a_maximum_age_of_zero_no_refund_counts() -> None:
    of = cast.terms(FLAT, settlement=cast.settlement(clawback=Clawback(max_age_days=0)))
    at_once = cast.refund(400, cast.at(3, 5))
    assert cast.paid([cast.order("a", 1_000, refunds=(at_once,))], of) == {"a": 100}


def by_sku(*skus: str) -> tuple[Line, ...]:
    return tuple(replace(line, sku=sku) for line, sku in zip(LINES, skus, strict=True))


def test_a_refund_of_one_line_touches_the_components_of_that_line_alone() -> None:
    books = replace(FLAT, name="books", match=replace(FLAT.match, skus=("book",)))
    order = cast.order("a", 1_000, lines=by_sku("book", "pen", "pen"), refunds=(cast.refund(300, line="l2"),))
    rows = cast.rows([order], cast.terms(books, FLAT))
    assert [(row.component, row.minor) for row in rows] == [("books", 60), ("sales", 10)]


def test_a_refund_without_line_is_spread_over_all_by_largest_remainder() -> None:
    one_each = [replace(FLAT, name=line.id, match=replace(FLAT.match, skus=(line.id,))) for line in LINES]
    whole = [replace(component, tiers=(Tier(0, 1_000_000),)) for component in one_each]
    order = cast.order("a", 1_000, lines=by_sku("l1", "l2", "l3"), refunds=(cast.refund(5),))
    rows = cast.rows([order], cast.terms(*whole))
    # 3.0, 1.5 and 0.5 of a unit: one and a half units are left for two equal remainders, so l2 gets it
    assert [row.minor for row in rows] == [597, 298, 100]


def test_a_line_refunded_before_never_falls_below_zero() -> None:
    refunds = (cast.refund(600, line="l1"), cast.refund(200, id="r2"))
    whole = replace(FLAT, tiers=(Tier(0, 1_000_000),), match=replace(FLAT.match, skus=("l1",)))
    rest = replace(FLAT, name="rest", tiers=(Tier(0, 1_000_000),))
    order = cast.order("a", 1_000, lines=by_sku("l1", "l2", "l3"), refunds=refunds)
    assert [row.minor for row in cast.rows([order], cast.terms(whole, rest))] == [0, 200]


def test_a_spread_that_just_fits_keeps_to_the_net_of_the_lines() -> None:
    refunds = (cast.refund(90, line="l3"), cast.refund(100, id="r2"))
    whole = replace(FLAT, tiers=(Tier(0, 1_000_000),), match=replace(FLAT.match, skus=("l1",)))
    order = cast.order("a", 1_000, lines=by_sku("l1", "l2", "l3"), refunds=refunds)
    assert cast.paid([order], cast.terms(whole)) == {"a": 540}


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"refunds": (cast.refund(1_001),)}, "refunded for more than its net of 1000"),
        ({"refunds": (cast.refund(600), cast.refund(401, id="r2"))}, "refunded for more than its net"),
        ({"refunds": (cast.refund(-1),)}, "negative amount"),
        ({"refunds": (cast.refund(1), cast.refund(2))}, "Two refunds of order 'a' have the same id"),
        ({"lines": LINES[:2]}, "do not sum to its net"),
        ({"lines": (Line(id="x", net_minor=1_001), Line(id="y", net_minor=-1))}, "do not sum to its net"),
        ({"lines": (Line(id="x", net_minor=500), Line(id="x", net_minor=500))}, "have the same id"),
        ({"lines": LINES, "refunds": (cast.refund(301, line="l2"),)}, "more than line 'l2' has"),
        ({"lines": LINES, "refunds": (cast.refund(1, line="l9"),)}, "more than line 'l9' has"),
        ({"lines": LINES, "refunds": (cast.refund(1_001),)}, "refunded for more than its net"),
    ],
)
def test_facts_that_cannot_be_are_refused_by_name(facts: dict[str, object], sentence: str) -> None:
    order = cast.order("a", 1_000, **facts)  # pyright: ignore[reportArgumentType]  # the table names the facts
    with pytest.raises(errors.InvalidError, match=sentence):
        cast.paid([order], cast.terms(FLAT))


def test_an_order_below_zero_is_refused() -> None:
    with pytest.raises(errors.InvalidError, match="negative amount"):
        cast.paid([cast.order("a", -1)], cast.terms(FLAT))


def test_one_order_given_twice_is_refused() -> None:
    with pytest.raises(errors.InvalidError, match="given twice"):
        cast.paid([cast.order("a", 1), cast.order("a", 1)], cast.terms())
