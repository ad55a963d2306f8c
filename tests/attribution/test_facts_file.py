import json
from datetime import UTC, datetime
from fractions import Fraction

import pytest

from partner_network.agreements.terms import Program, ProgramPolicy, Settlement, Terms
from partner_network.attribution import deciding, facts_file
from partner_network.attribution.customers import Customers
from partner_network.attribution.deciding import Decided, TermsOf
from partner_network.kernel import errors

TERMS = Terms(settlement=Settlement(currency="EUR", time_zone="Europe/Berlin"))
CLICK = {"id": "t1", "partner": "ann", "customer": "kim", "at": "2026-03-01T12:00:00Z"}
SALE = {
    "id": "A",
    "event": "sale",
    "customer": "kim",
    "at": "2026-03-05T12:00:00Z",
    "currency": "EUR",
    "net_minor": 1_000,
}
MEASURE = {"partner": "ann", "rule": "stayed", "date": "2026-04-01", "customers": 2, "retained": 2}


def text(**facts: object) -> str:
    return json.dumps(facts)


def decided(terms: Terms = TERMS, **facts: object) -> dict[str, Decided]:
    found = deciding.decide_all(facts_file.read_facts(text(**facts)), TermsOf(lambda _: terms))
    return {one.row.id: one for one in found}


def winners(one: Decided) -> list[tuple[str, str]]:
    return [(credit.partner, credit.touch) for credit in one.credits]


def test_what_is_left_out_is_filled_as_the_format_says() -> None:
    facts = facts_file.read_facts(text(touches=[CLICK], conversions=[SALE]))
    one = decided(touches=[CLICK], conversions=[SALE])["A"]
    assert winners(one) == [("ann", "t1")]
    assert (facts.touches[0].consent, facts.touches[0].channel, facts.refunds, facts.rates) == (
        True,
        "partner",
        (),
        (),
    )


def test_a_fact_given_twice_is_one_fact_and_with_other_content_none() -> None:
    assert len(facts_file.read_facts(text(touches=[CLICK, CLICK], conversions=[SALE, SALE])).touches) == 1
    with pytest.raises(errors.InvalidError, match=r"conversions\[1\]\.id: 'A' is there with other content"):
        facts_file.read_facts(text(conversions=[SALE, {**SALE, "net_minor": 1}]))


@pytest.mark.parametrize(
    ("facts", "path", "why"),
    [
        ({"touchs": []}, "touchs", "is no key of the facts"),
        ({"touches": [{**CLICK, "kinds": "x"}]}, "touches[0].kinds", "is no key of the facts"),
        ({"conversions": [{**SALE, "net_minor": 10.0}]}, "conversions[0].net_minor", "whole number"),
        ({"conversions": [{**SALE, "net_minor": -1}]}, "conversions[0].net_minor", ">= 0"),
        ({"conversions": [{**SALE, "at": "2026-03-05T12:00:00"}]}, "conversions[0].at", "timezone"),
        ({"conversions": [{**SALE, "event": "order"}]}, "conversions[0].event", "invalid enum value"),
        ({"conversions": [{"id": "A"}]}, "conversions[0].event", "is required"),
        (
            {"conversions": [{**SALE, "credits": [{"partner": "ann", "weight": "0.5"}]}]},
            "conversions[0].credits[0].weight",
            "regex",
        ),
        (
            {"refunds": [{"id": "r", "conversion": "B", "at": SALE["at"]}]},
            "refunds[0].conversion",
            "no conversion 'B'",
        ),
        (
            {"adjustments": [{"id": "r", "conversion": "B", "partner": "ann", "at": SALE["at"], "minor": 1}]},
            "adjustments[0].conversion",
            "no conversion 'B'",
        ),
        ({"quality": [{**MEASURE, "retained": 3}]}, "quality[0].retained", "more than all its customers"),
        ({"quality": [MEASURE, {**MEASURE, "retained": 1}]}, "quality[1].date", "twice for this rule"),
        (
            {
                "quality": [MEASURE],
                "touches": [{**CLICK, "program": "one"}, {**CLICK, "id": "t2", "program": "two"}],
            },
            "quality[0].program",
            "is required",
        ),
    ],
)
def test_a_wrong_fact_is_refused_by_its_path(facts: dict[str, object], path: str, why: str) -> None:
    with pytest.raises(errors.InvalidError) as caught:
        facts_file.read_facts(text(**facts))
    assert list(caught.value.fields) == [path]
    assert why in caught.value.fields[path]


def test_a_text_that_is_no_json_is_refused() -> None:
    with pytest.raises(errors.InvalidError, match="are no JSON"):
        facts_file.read_facts("{")


def test_amounts_beyond_what_a_float_can_hold_are_read_exactly() -> None:
    facts = facts_file.read_facts(text(conversions=[{**SALE, "net_minor": 2**53 + 1}]))
    assert facts.conversions[0].net_minor == 2**53 + 1


def test_a_conversion_takes_its_own_clicks_program_and_touch_whatever_the_customer() -> None:
    click = {**CLICK, "customer": None, "program": "shop"}
    other = {**CLICK, "id": "t2", "program": "books", "partner": "bob"}
    one = decided(touches=[click, other], conversions=[{**SALE, "click_id": "t1"}])["A"]
    assert (one.program, winners(one)) == ("shop", [("ann", "t1")])


def test_a_conversion_whose_program_cannot_be_told_is_refused() -> None:
    clicks = [{**CLICK, "program": "shop"}, {**CLICK, "id": "t2", "program": "books"}]
    with pytest.raises(errors.InvalidError, match=r"conversions\[0\]\.program: is required"):
        decided(touches=clicks, conversions=[SALE])


def test_a_code_belongs_to_the_one_partner_whose_touch_names_it() -> None:
    policy = ProgramPolicy(code_policy="always")
    terms = Terms(settlement=TERMS.settlement, program=Program(attribution=policy))
    code = {"id": "c", "partner": "cat", "at": "2026-01-01T00:00:00Z", "kind": "code", "code": "PARTY"}
    sale = {**SALE, "code": "PARTY"}
    assert winners(decided(terms, touches=[code], conversions=[sale])["A"]) == [("cat", "code:A")]
    assert winners(decided(terms, conversions=[sale])["A"]) == []
    with pytest.raises(errors.InvalidError, match=r"touches\[1\]\.code: 'PARTY' belongs to 'cat'"):
        decided(terms, touches=[code, {**code, "id": "d", "partner": "dan"}], conversions=[sale])


def test_stated_credits_skip_attribution_and_must_sum_to_one() -> None:
    stated = [{"partner": "bob", "weight": "1/3"}, {"partner": "ann", "weight": "2/3"}]
    one = decided(conversions=[{**SALE, "credits": stated}])["A"]
    assert one.decision is None
    assert [(credit.partner, credit.weight) for credit in one.credits] == [
        ("ann", Fraction(2, 3)),
        ("bob", Fraction(1, 3)),
    ]
    with pytest.raises(
        errors.InvalidError, match=r"conversions\[0\]\.credits: the weights of 'A' do not sum to 1"
    ):
        decided(conversions=[{**SALE, "credits": stated[:1]}])


def test_a_first_attributed_sale_binds_the_customers_later_ones() -> None:
    terms = Terms(settlement=TERMS.settlement, program=Program(attribution=ProgramPolicy(binding_months=1)))
    later = {**CLICK, "id": "t2", "partner": "bob", "at": "2026-03-10T12:00:00Z"}
    sales = [
        SALE,
        {**SALE, "id": "B", "at": "2026-04-05T10:59:59Z"},
        {
            **SALE,
            "id": "C",
            "at": "2026-04-05T11:00:00Z",
        },  # 13:00 in Berlin, as the first was before summer time
    ]
    found = decided(terms, touches=[CLICK, later], conversions=sales)
    assert {name: winners(one) for name, one in found.items()} == {
        "A": [("ann", "t1")],
        "B": [("ann", "t1")],
        "C": [("bob", "t2")],
    }
    assert found["B"].decision is not None
    assert found["B"].decision.bound_to == "A"


def test_order_numbers_and_first_orders_count_the_sales_of_a_customer() -> None:
    rows = [
        {**SALE, "id": "L1", "event": "lead", "at": "2026-03-04T12:00:00Z"},
        SALE,
        {**SALE, "id": "B"},
        {**SALE, "id": "L2", "event": "lead", "at": "2026-03-06T12:00:00Z"},
        {**SALE, "id": "N", "customer": None},
    ]
    facts = facts_file.read_facts(text(conversions=rows))
    customers = Customers(facts)
    told = {
        row.id: (customers.is_new(row), customers.order_number(row), customers.first_order_at(row))
        for row in facts.conversions
    }
    first = datetime(2026, 3, 5, 12, tzinfo=UTC)
    assert told == {
        "L1": (True, 1, None),
        "A": (False, 1, first),
        "B": (False, 2, first),
        "L2": (False, 2, first),
        "N": (True, 1, first),
    }


def test_order_numbers_and_first_orders_are_those_of_the_conversions_program() -> None:
    rows = [
        {**SALE, "program": "shop"},
        {**SALE, "id": "B", "program": "club", "at": "2026-03-06T12:00:00Z"},
        {**SALE, "id": "C", "program": "shop", "at": "2026-03-07T12:00:00Z"},
        {**SALE, "id": "L", "program": "books", "event": "lead", "at": "2026-03-08T12:00:00Z"},
    ]
    facts = facts_file.read_facts(text(conversions=rows))
    customers = Customers(facts)
    told = {row.id: (customers.order_number(row), customers.first_order_at(row)) for row in facts.conversions}
    first, second = datetime(2026, 3, 5, 12, tzinfo=UTC), datetime(2026, 3, 6, 12, tzinfo=UTC)
    assert told == {"A": (1, first), "B": (1, second), "C": (2, first), "L": (1, None)}
    # Who is new is asked of the whole file, as its format says.
    assert [customers.is_new(row) for row in facts.conversions] == [True, False, False, False]


def test_a_measure_of_quality_holds_for_its_own_program_and_partner() -> None:
    several = [
        {**MEASURE, "program": program, "partner": partner}
        for program in ("x", "y")
        for partner in ("ann", "bob")
    ]
    touches = [{**CLICK, "program": "x"}, {**CLICK, "id": "t2", "program": "y"}]
    facts = facts_file.read_facts(text(touches=touches, quality=several))
    assert len(facts.quality) == 4
    # a measure goes by its date, and none of the orders known then lies in a period that begins later
    assert len(facts_file.as_of(facts, datetime(2026, 1, 1, tzinfo=UTC)).quality) == 4


def test_as_of_an_instant_later_records_are_not_there() -> None:
    refund = {"id": "r1", "conversion": "A", "at": "2026-03-06T12:00:00Z", "net_minor": 1}
    late = {**SALE, "id": "B", "recorded_at": "2026-04-01T00:00:00Z"}
    facts = facts_file.read_facts(
        text(
            touches=[CLICK, {**CLICK, "id": "t2", "recorded_at": "2026-04-01T00:00:00Z"}],
            conversions=[SALE, late],
            refunds=[refund, {**refund, "id": "r2", "conversion": "B"}],
            adjustments=[
                {"id": "a1", "conversion": "A", "partner": "ann", "at": "2026-03-31T00:00:00Z", "minor": 1},
                {"id": "a2", "conversion": "A", "partner": "ann", "at": "2026-04-01T00:00:00Z", "minor": 1},
            ],
        )
    )
    then = facts_file.as_of(facts, datetime(2026, 3, 31, tzinfo=UTC))
    assert [row.id for row in (*then.touches, *then.conversions, *then.refunds, *then.adjustments)] == [
        "t1",
        "A",
        "r1",
        "a1",
    ]
