import json

import pytest

from partner_network.agreements import terms_reading
from partner_network.attribution import facts_file
from partner_network.commissions.rules import computing
from partner_network.commissions.rules.computing import Computed
from partner_network.kernel import errors

TERMS = """
{valid_from}
[settlement]
currency = "EUR"
time_zone = "Europe/Berlin"

[program.attribution]
model = "linear"

[[commission.components]]
name = "sales"
event = "sale"
tiers = [{{ from = 0, rate_ppm = {rate_ppm} }}]

[[commission.bonuses]]
name = "first"
kind = "first_n"
event = "sale"
metric = "count"
n = 1
period = "month"
amount_minor = 100
"""


def sale(name: str, day: int, **facts: object) -> dict[str, object]:
    at = f"2026-03-{day:02}T12:00:00Z"
    return {
        "id": name,
        "event": "sale",
        "at": at,
        "customer": "kim",
        "currency": "EUR",
        "net_minor": 1_000,
        **facts,
    }


def click(name: str, day: int, partner: str, **facts: object) -> dict[str, object]:
    return {"id": name, "at": f"2026-03-{day:02}T11:00:00Z", "customer": "kim", "partner": partner, **facts}


def compute(*files: tuple[str, int], **facts: object) -> Computed:
    terms = [
        terms_reading.read_terms(
            TERMS.format(valid_from=f'valid_from = "{begins}"' if begins else "", rate_ppm=rate_ppm)
        )
        for begins, rate_ppm in files or [("", 100_000)]
    ]
    return computing.compute(facts_file.read_facts(json.dumps(facts)), computing.versions_of(terms))


def rows(computed: Computed) -> list[tuple[str, str, int]]:
    return [(row.conversion, partner, row.minor) for partner, row in computed.commissions]


def test_every_conversion_is_decided_and_every_partner_paid() -> None:
    found = compute(
        touches=[click("t1", 1, "ann"), click("t2", 2, "bob")], conversions=[sale("A", 3), sale("B", 4)]
    )
    assert sorted(rows(found)) == [("A", "ann", 50), ("A", "bob", 50), ("B", "ann", 50), ("B", "bob", 50)]
    assert [(partner, paid.minor) for partner, paid in found.bonuses] == [("ann", 100), ("bob", 100)]
    assert found.by_partner() == {"ann": {"EUR": 200}, "bob": {"EUR": 200}}


def test_two_touches_of_one_partner_are_one_order_with_two_shares() -> None:
    touches = [click("t1", 1, "ann"), click("t2", 2, "ann"), click("t3", 2, "bob")]
    found = compute(touches=touches, conversions=[sale("A", 3)])
    assert sorted(rows(found)) == [("A", "ann", 67), ("A", "bob", 33)]


def test_the_terms_that_began_last_price_an_order() -> None:
    touches = [click("t1", 1, "ann")]
    found = compute(
        ("2026-03-10", 200_000),
        ("2026-01-01", 100_000),
        touches=touches,
        conversions=[sale("A", 9), sale("B", 10)],
    )
    assert sorted(rows(found)) == [("A", "ann", 100), ("B", "ann", 200)]
    assert {row.version for _, row in found.commissions} == {"2026-01-01", "2026-03-10"}


def test_a_touch_from_before_the_first_terms_earns_nothing() -> None:
    touches = [click("t1", 1, "ann")]
    found = compute(("2026-03-02", 100_000), touches=touches, conversions=[sale("A", 1), sale("B", 9)])
    assert rows(found) == []
    assert [one.credits for one in found.decisions] == [(), ()]


def test_programs_of_one_partner_do_not_share_tiers_or_places() -> None:
    touches = [click("t1", 1, "ann", program="shop"), click("t2", 1, "ann", program="books")]
    found = compute(
        touches=touches, conversions=[sale("A", 3, program="shop"), sale("B", 4, program="books")]
    )
    assert len(found.bonuses) == 2


def test_an_adjustment_without_credit_pays_its_partner_alone() -> None:
    made_good = {"id": "d", "conversion": "A", "partner": "bob", "at": "2026-04-01T00:00:00Z", "minor": 70}
    found = compute(conversions=[sale("A", 3)], adjustments=[made_good])
    assert rows(found) == [("A", "bob", 70)]
    assert found.bonuses == ()


def test_refunds_lines_and_undoings_reach_the_engine() -> None:
    lines = [{"id": "l1", "net_minor": 400}, {"id": "l2", "net_minor": 600}]
    refunds = [
        {"id": "r1", "conversion": "A", "line": "l1", "at": "2026-03-05T00:00:00Z", "net_minor": 400},
        {"id": "r2", "conversion": "A", "at": "2026-03-05T00:00:00Z", "net_minor": 100},
        {"id": "r3", "conversion": "A", "at": "2026-03-06T00:00:00Z", "cancels": "r2"},
    ]
    found = compute(touches=[click("t1", 1, "ann")], conversions=[sale("A", 3, lines=lines)], refunds=refunds)
    assert rows(found) == [("A", "ann", 60)]


def test_a_foreign_order_takes_the_rate_of_its_day_in_the_zone() -> None:
    rates = [
        {"date": "2026-03-03", "base": "USD", "quote": "EUR", "rate": "0.5"},
        {"date": "2026-03-04", "base": "USD", "quote": "EUR", "rate": "0.8"},
    ]
    late = sale("A", 3, at="2026-03-03T23:00:00Z", currency="USD")
    found = compute(touches=[click("t1", 1, "ann")], conversions=[late], rates=rates)
    assert rows(found) == [("A", "ann", 80)]
    with pytest.raises(errors.InvalidError, match=r"Conversion 'A': No rate USD/EUR .* up to 2026-03-04"):
        compute(touches=[click("t1", 1, "ann")], conversions=[late])


def test_zero_rows_are_left_out() -> None:
    assert rows(compute(touches=[click("t1", 1, "ann")], conversions=[sale("A", 3, net_minor=0)])) == []
