import pytest

from tests.receipts.files_typed import RATES, WORKED, Shell, flat, paid, sale, terms


@pytest.mark.parametrize(
    ("structure", "mode", "march", "now"),
    [
        ("graduated", "recompute", [400_00, 500_00, 500_00], [400_00, 300_00, 480_00]),
        ("graduated", "line_only", [400_00, 500_00, 500_00], [400_00, 321_43, 500_00]),
        ("retroactive", "recompute", [800_00, 700_00, 600_00], [640_00, 360_00, 480_00]),
        ("retroactive", "line_only", [800_00, 700_00, 600_00], [800_00, 450_00, 600_00]),
    ],
)
def test_the_worked_case_comes_out_before_and_after_its_refund(
    shell: Shell, structure: str, mode: str, march: list[int], now: list[int]
) -> None:
    for as_of, lines in (("2026-04-30T22:00:00Z", march), (None, now)):
        assert shell.computed(WORKED, terms(structure, mode), as_of=as_of) == {
            "commissions": [
                {
                    "conversion": name,
                    "partner": "ann",
                    "component": "sales",
                    "period": "2026-03",
                    "minor": minor,
                    "currency": "EUR",
                }
                for name, minor in zip("ABC", lines, strict=True)
            ],
            "bonuses": [],
            "by_partner": {"ann": {"EUR": sum(lines)}},
        }


def test_each_order_is_priced_by_the_version_it_was_made_under_by_the_clocks_of_the_zone(
    shell: Shell,
) -> None:
    files = [flat(80_000, head='valid_from = "2026-04-01"'), flat(50_000, head='valid_from = "2026-03-01"')]
    orders = [
        {**sale("A", "03-31", 100_00), "at": "2026-03-31T21:59:59Z"},
        {**sale("B", "03-31", 100_00), "at": "2026-03-31T22:00:00Z"},
    ]
    answer = shell.computed({"conversions": orders}, *files)
    assert paid(answer) == [("A", "ann", "2026-03", 500), ("B", "ann", "2026-04", 800)]


def test_partners_share_an_order_by_largest_remainder_and_each_climbs_its_own_tiers(shell: Shell) -> None:
    thirds = [{"partner": name, "weight": "1/3"} for name in ("cat", "ann", "bob")]
    facts = {"conversions": [sale("A", "03-02", 1_000_001, credits=thirds), sale("B", "03-03", 1_000_000)]}
    answer = shell.computed(facts, terms())
    # ann and bob get the two odd cents; ann's second order spans her bound at 10,000.00
    assert paid(answer) == [
        ("A", "ann", "2026-03", 16_667),
        ("B", "ann", "2026-03", 60_000),
        ("A", "bob", "2026-03", 16_667),
        ("A", "cat", "2026-03", 16_667),
    ]
    assert answer["by_partner"] == {"ann": {"EUR": 76_667}, "bob": {"EUR": 16_667}, "cat": {"EUR": 16_667}}


def test_every_exponent_from_nought_to_four_is_converted_exactly(shell: Shell) -> None:
    orders = [
        sale("A", "03-02", 16_000, currency="JPY"),  # 100 EUR
        sale("B", "03-02", 40_000, currency="BHD"),  # 40.000 BHD, 100 EUR
        sale("C", "03-02", 25_000, currency="CLF"),  # 2.5000 CLF, 100 EUR
        sale("D", "03-02", 1, currency="JPY"),  # 0.00625 EUR, a cent
        sale("E", "03-02", 2, currency="CLF"),  # 0.008 EUR, a cent
    ]
    facts = {"conversions": orders, "rates": RATES}
    assert paid(shell.computed(facts, flat(1_000_000))) == [
        ("A", "ann", "2026-03", 100_00),
        ("B", "ann", "2026-03", 100_00),
        ("C", "ann", "2026-03", 100_00),
        ("D", "ann", "2026-03", 1),
        ("E", "ann", "2026-03", 1),
    ]
    in_yen = [sale("A", "03-02", 100_00), sale("B", "03-02", 40_000, currency="BHD")]
    answer = shell.computed({"conversions": in_yen, "rates": RATES}, flat(1_000_000, currency="JPY"))
    assert answer["by_partner"] == {"ann": {"JPY": 32_000}}
    assert [row["currency"] for row in answer["commissions"]] == ["JPY", "JPY"]


def test_refunds_are_converted_at_the_rate_of_their_order(shell: Shell) -> None:
    rates = [
        {"date": "2026-03-02", "base": "EUR", "quote": "USD", "rate": "1.25"},
        {"date": "2026-04-02", "base": "EUR", "quote": "USD", "rate": "2"},
    ]
    facts = {
        "conversions": [sale("A", "03-02", 100_00, currency="USD")],
        "refunds": [{"id": "r", "conversion": "A", "at": "2026-04-03T12:00:00Z", "net_minor": 50_00}],
        "rates": rates,
    }
    assert paid(shell.computed(facts, flat(100_000))) == [("A", "ann", "2026-03", 400)]


def test_boosts_bonuses_and_caps_come_out_and_bonuses_are_in_the_sum(shell: Shell) -> None:
    boosted = flat(
        100_000,
        component="cap_minor = { order = 1_400 }",
        more="""
[[commission.boosts]]
name = "spring"
component = "sales"
from = "2026-03-02"
until = "2026-03-03"
multiplier_ppm = 1_500_000
cap_minor = 100_000
[[commission.bonuses]]
name = "first-two"
kind = "first_n"
event = "sale"
metric = "count"
n = 2
period = "quarter"
amount_minor = 250
""",
    )
    facts = {
        "conversions": [sale("A", "03-01", 80_00), sale("B", "03-02", 80_00), sale("C", "03-02", 100_00)]
    }
    answer = shell.computed(facts, boosted)
    assert [row["minor"] for row in answer["commissions"]] == [800, 1_200, 1_400]
    assert answer["bonuses"] == [{"partner": "ann", "bonus": "first-two", "period": "2026-Q1", "minor": 500}]
    assert answer["by_partner"] == {"ann": {"EUR": 3_900}}


def test_rows_of_nothing_and_partners_with_nothing_are_left_out(shell: Shell) -> None:
    orders = [sale("A", "03-02", 0), sale("B", "03-03", 100_00, event="lead")]
    assert shell.computed({"conversions": orders}, terms()) == {
        "commissions": [],
        "bonuses": [],
        "by_partner": {},
    }
    assert shell.computed({}, terms()) == {"commissions": [], "bonuses": [], "by_partner": {}}


def test_an_adjustment_is_part_of_what_is_paid_from_its_date_on(shell: Shell) -> None:
    made = {"id": "a", "conversion": "A", "partner": "bob", "at": "2026-04-01T00:00:00Z", "minor": 700}
    facts = {
        "conversions": [sale("A", "03-02", 100_00, currency="USD")],
        "adjustments": [made],
        "rates": [{"date": "2026-03-02", "base": "USD", "quote": "EUR", "rate": "0.5"}],
    }
    assert shell.computed(facts, terms())["by_partner"] == {"ann": {"EUR": 250}, "bob": {"EUR": 700}}
    before = shell.computed(facts, terms(), as_of="2026-03-31T23:59:59Z")
    assert before["by_partner"] == {"ann": {"EUR": 250}}


def test_as_of_leaves_out_touches_orders_and_refunds_by_when_they_were_recorded(shell: Shell) -> None:
    touch = {"partner": "ann", "customer": "kim", "at": "2026-03-01T10:00:00Z"}
    late = {"recorded_at": "2026-03-20T00:00:00Z"}
    order = {**sale("A", "03-02", 100_00), "customer": "kim", "credits": []}
    facts = {
        "touches": [{**touch, "id": "t1"}, {**touch, "id": "t2", "partner": "bob", **late}],
        "conversions": [order, {**order, "id": "B", "at": "2026-03-03T12:00:00Z", **late}],
        "refunds": [
            {"id": "r", "conversion": "A", "at": "2026-03-04T12:00:00Z", "net_minor": 20_00, **late},
            {"id": "s", "conversion": "A", "at": "2026-03-04T12:00:00Z", "net_minor": 10_00},
        ],
    }
    then = shell.computed(facts, flat(100_000), as_of="2026-03-19T00:00:00+01:00")
    assert paid(then) == [("A", "ann", "2026-03", 900)]
    now = shell.computed(facts, flat(100_000))
    assert now["by_partner"] == {"ann": {"EUR": 850}, "bob": {"EUR": 850}}
    assert shell.computed(facts, flat(100_000), as_of="2026-03-20T00:00:00Z") == now


def test_an_order_keeps_the_program_its_click_tells_though_the_click_was_recorded_later(shell: Shell) -> None:
    touches = [
        {"id": "t1", "program": "p", "partner": "ann", "customer": "kim", "at": "2026-03-01T10:00:00Z"},
        {"id": "t2", "program": "q", "partner": "ann", "customer": "kim", "at": "2026-03-01T10:00:00Z",
         "recorded_at": "2026-03-20T00:00:00Z"},
        {"id": "t3", "program": "q", "partner": "bob", "customer": "kim", "at": "2026-03-01T09:00:00Z"},
    ]  # fmt: skip
    order = {**sale("A", "03-02", 100_00), "customer": "kim", "credits": [], "click_id": "t2"}
    facts = {"touches": touches, "conversions": [order]}
    then = shell.computed(facts, flat(100_000), as_of="2026-03-10T00:00:00Z")
    assert paid(then) == [("A", "bob", "2026-03", 1_000)]


def test_amounts_and_sums_beyond_every_machine_number_are_exact(shell: Shell) -> None:
    most = 2**62
    orders = [sale(name, "03-02", most) for name in "ABCDE"]
    answer = shell.computed({"conversions": orders}, flat(1_000_000))
    assert [row["minor"] for row in answer["commissions"]] == [most] * 5
    assert answer["by_partner"] == {"ann": {"EUR": 5 * most}}
    odd = shell.computed({"conversions": [sale("A", "03-02", 2**53 + 1)]}, flat(1_000_000))
    assert odd["by_partner"] == {"ann": {"EUR": 9_007_199_254_740_993}}
