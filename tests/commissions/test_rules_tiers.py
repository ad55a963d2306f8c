from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from partner_network.agreements.terms import Structure, Tier
from tests.commissions import cast

PER_ACTION = (Tier(0, amount_minor=500), Tier(2, amount_minor=700), Tier(4, amount_minor=1_000))


@st.composite
def tiers(draw: st.DrawFn) -> tuple[Tier, ...]:
    bounds = sorted(draw(st.sets(st.integers(1, 60), max_size=4)) | {0})
    return tuple(Tier(bound, draw(st.integers(0, 1_000_000))) for bound in bounds)


@given(st.lists(st.integers(0, 30), max_size=6), tiers())
def test_graduated_equals_paying_every_single_minor_unit_by_the_tier_it_falls_in(
    nets: list[int], of: tuple[Tier, ...]
) -> None:
    orders = [cast.order(f"o{number}", net) for number, net in enumerate(nets)]
    rows = cast.rows(orders, cast.terms(replace(cast.SALES, tiers=of)))
    unit, exact, rounded = 0, Fraction(0), 0
    for net, row in zip(nets, rows, strict=True):
        for _ in range(net):
            exact += Fraction(next(t.rate_ppm or 0 for t in reversed(of) if t.starts <= unit), 1_000_000)
            unit += 1
        assert row.minor == int(exact + Fraction(1, 2)) - rounded
        rounded = int(exact + Fraction(1, 2))
        assert sum(units for _, units in row.rates) == net


def test_lines_are_differences_of_the_rounded_running_sum_so_a_period_adds_up() -> None:
    orders = [cast.order(f"o{number}", 10) for number in range(4)]
    of = cast.terms(replace(cast.SALES, tiers=(Tier(0, 50_000),)))
    assert list(cast.paid(orders, of).values()) == [1, 0, 1, 0]  # 0.5, 1.0, 1.5, 2.0 become 1, 1, 2, 2


@pytest.mark.parametrize(
    ("structure", "amounts"),
    [
        ("graduated", [500, 500, 700, 700, 1_000]),
        ("retroactive", [1_000, 1_000, 1_000, 1_000, 1_000]),
    ],
)
def test_counted_actions_pay_the_amount_of_their_tier(structure: Structure, amounts: list[int]) -> None:
    component = replace(cast.SALES, metric="count", structure=structure, tiers=PER_ACTION)
    orders = [cast.order(f"o{number}", 0) for number in range(5)]
    assert list(cast.paid(orders, cast.terms(component)).values()) == amounts


def test_flat_pays_one_rate_or_one_amount_whatever_came_before() -> None:
    orders = [cast.order("a", 10_000_000), cast.order("b", 100)]
    rate = cast.terms(replace(cast.SALES, structure="flat", tiers=(Tier(0, 50_000),)))
    amount = cast.terms(replace(cast.SALES, structure="flat", tiers=(Tier(0, amount_minor=300),)))
    assert cast.paid(orders, rate) == {"a": 500_000, "b": 5}
    assert cast.paid(orders, amount) == {"a": 300, "b": 300}


def test_the_net_may_choose_the_tier_of_an_amount_per_action() -> None:
    by_net = (Tier(0, amount_minor=100), Tier(5_000, amount_minor=250))
    of = cast.terms(replace(cast.SALES, structure="retroactive", tiers=by_net))
    assert cast.paid([cast.order("a", 4_999)], of) == {"a": 100}
    assert cast.paid([cast.order("a", 4_999), cast.order("b", 1)], of) == {"a": 250, "b": 250}


def test_the_count_may_choose_the_tier_of_a_rate() -> None:
    by_count = (Tier(0, 50_000), Tier(2, 100_000))
    of = cast.terms(replace(cast.SALES, metric="count", structure="retroactive", tiers=by_count))
    assert cast.paid([cast.order("a", 1_000)], of) == {"a": 50}
    assert cast.paid([cast.order("a", 1_000), cast.order("b", 2_000)], of) == {"a": 100, "b": 200}


def test_orders_of_one_instant_are_taken_by_the_bytes_of_their_external_id() -> None:
    ids = ["b", "Z", "é", "a", "ab", "𝄞", "\uffff"]
    of = cast.terms(replace(cast.SALES, tiers=(Tier(0, 0), Tier(700, 1_000_000))))
    orders = [cast.order(one, 110) for one in ids]
    in_bytes = sorted(ids, key=str.encode)
    assert [row.conversion for row in cast.rows(orders, of)] == in_bytes
    assert cast.paid(orders, of)[in_bytes[-1]] == 70


def test_each_period_begins_at_zero_at_its_midnight_in_the_zone() -> None:
    last = cast.order("march", 1_000_000, cast.at(3, 31, 21))  # 23:00 in Berlin
    first = cast.order("april", 1_000_000, cast.at(3, 31, 22))  # 00:00 on 1 April
    rows = cast.rows([last, first], cast.terms())
    assert [(row.period, row.minor) for row in rows] == [("2026-03", 50_000), ("2026-04", 50_000)]


@pytest.mark.parametrize(
    ("period", "labels", "second"),
    [
        ("quarter", {"2026-Q1"}, 80_000),
        ("year", {"2026"}, 80_000),
        ("lifetime", {"lifetime"}, 80_000),
        ("month", {"2026-02", "2026-03"}, 50_000),
    ],
)
def test_a_longer_period_carries_its_tiers_over_the_months(
    period: str, labels: set[str], second: int
) -> None:
    of = cast.terms(replace(cast.SALES, period=period))
    rows = cast.rows([cast.order("a", 1_000_000, cast.at(2)), cast.order("b", 1_000_000)], of)
    assert {row.period for row in rows} == labels
    assert rows[1].minor == second


@pytest.mark.parametrize(
    ("structure", "told"),
    [
        # Three pieces: 2.00 at 5 %, 1.00 at nothing, 1.00 at 10 %. The first order ends exactly at a bound.
        ("graduated", [((50_000, 200),), ((0, 100), (100_000, 100))]),
        ("retroactive", [((100_000, 200),), ((100_000, 200),)]),
    ],
)
def test_each_line_tells_its_rates_and_what_they_were_paid_on(
    structure: Structure, told: list[tuple[tuple[int, int], ...]]
) -> None:
    stepped = (Tier(0, 50_000), Tier(200, 0), Tier(300, 100_000))
    component = replace(cast.SALES, structure=structure, tiers=stepped)
    rows = cast.rows([cast.order("a", 200), cast.order("b", 200)], cast.terms(component))
    assert [row.rates for row in rows] == told


def test_a_rate_of_nothing_pays_nothing_on_any_amount() -> None:
    free = replace(cast.SALES, tiers=(Tier(0, 0), Tier(2_000_000, 10_000)))
    orders = [cast.order("a", 2_000_000), cast.order("b", 300)]
    assert cast.paid(orders, cast.terms(free)) == {"a": 0, "b": 3}
