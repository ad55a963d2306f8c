from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from partner_network.agreements import terms_reading
from partner_network.agreements.terms import (
    Clawback,
    ComponentCaps,
    EventWindows,
    Match,
    Terms,
    Tier,
    Windows,
)
from partner_network.kernel import errors
from partner_network.kernel.periods import Lock

SETTLEMENT = '[settlement]\ncurrency = "EUR"\ntime_zone = "Europe/Berlin"\n'
COMPONENT = """
[[commission.components]]
name = "sales"
event = "sale"
tiers = [{ from = 0, rate_ppm = 50_000 }, { from = 1_000_000, rate_ppm = 80_000 }]
"""
BONUS = """
[[commission.bonuses]]
name = "first-fifty"
kind = "first_n"
event = "sale"
metric = "count"
n = 50
period = "quarter"
amount_minor = 2_500
"""
BOOST = """
[[commission.boosts]]
name = "black-friday"
component = "sales"
from = "2026-11-27"
until = "2026-12-01"
multiplier_ppm = 1_500_000
cap_minor = 100_000
"""
QUALITY = """
[[commission.quality]]
name = "stayed"
component = "sales"
period = "quarter"
cohort_months = 3
within_months = 2
steps = [{ from_ppm = 0, multiplier_ppm = 900_000 }, { from_ppm = 500_000, multiplier_ppm = 1_100_000 }]
least_customers = 20
"""
WHOLE = SETTLEMENT + COMPONENT + BONUS + BOOST


def refused(toml: str) -> dict[str, str]:
    with pytest.raises(errors.InvalidError) as caught:
        terms_reading.read_terms(toml)
    assert all(path in caught.value.detail for path in caught.value.fields)
    return dict(caught.value.fields)


def test_what_is_left_out_has_the_defaults_of_the_public_schema() -> None:
    terms = terms_reading.read_terms(SETTLEMENT)
    policy = terms.program.attribution
    assert (policy.model, policy.half_life_days, policy.position_ppm) == (
        "last_click",
        7,
        (400_000, 200_000, 400_000),
    )
    assert policy.evidence == ("click_id", "code", "cookie", "self_report")
    assert (policy.code_policy, policy.binding_months, policy.customers) == ("click_required", 0, "all")
    assert policy.exclusions == ("bot", "prefetch", "no_consent", "self_referral", "stand_down", "test_mode")
    assert terms.windows == Windows(click_days=30, view_days=0, events=EventWindows(lead=30), run_off_days=30)
    assert (terms.commission.combine, terms.commission.components, terms.valid_from) == ("first", (), None)
    assert (terms.commission.bonuses, terms.commission.boosts) == ((), ())
    settlement = terms.settlement
    assert (settlement.period, settlement.hold_days, settlement.lock) == ("month", 30, Lock(1, 0))
    assert settlement.minimum_payout_minor == 5_000
    assert settlement.clawback == Clawback("recompute", 180, 500_000, 14)
    assert (settlement.late_policy, settlement.netting, settlement.notice_days) == (
        "true_up",
        "reciprocal",
        30,
    )


def test_a_component_needs_only_name_event_and_tiers() -> None:
    (component,) = terms_reading.read_terms(SETTLEMENT + COMPONENT).commission.components
    assert component.tiers == (Tier(0, 50_000), Tier(1_000_000, 80_000))
    assert (component.match, component.min_order_minor) == (Match((), (), "any"), 0)
    assert (component.structure, component.metric, component.period) == ("graduated", "net_amount", "month")
    assert (component.recurring_months, component.invoice_ppm, component.decay_ppm_per_day) == (12, (), 0)
    assert component.cap_minor == ComponentCaps(None, None, None)


def test_bonuses_and_boosts_are_read_whole() -> None:
    commission = terms_reading.read_terms('valid_from = "2026-01-01"\n' + WHOLE).commission
    assert commission.bonuses[0].refund_frees_place is False
    boost = commission.boosts[0]
    assert (boost.starts, boost.until, boost.stacking) == (date(2026, 11, 27), date(2026, 12, 1), "best")


def test_quality_is_read_whole_and_terms_without_it_are_written_as_before_there_was_such_a_key() -> None:
    terms = terms_reading.read_terms(WHOLE + QUALITY)
    (rule,) = terms.commission.quality_rules
    assert (rule.least_customers, rule.identity) == (20, ("sales", "quarter", 3, 2))
    assert [(step.from_ppm, step.multiplier_ppm) for step in rule.steps] == [
        (0, 900_000),
        (500_000, 1_100_000),
    ]
    assert terms_reading.from_json(terms_reading.to_json(terms)) == terms
    assert b"quality" not in terms_reading.to_json(terms_reading.read_terms(WHOLE))


def test_dates_may_be_written_as_text_or_as_toml_dates() -> None:
    one = terms_reading.read_terms('valid_from = "2026-01-01"\n' + SETTLEMENT)
    assert one == terms_reading.read_terms("valid_from = 2026-01-01\n" + SETTLEMENT)


def test_a_window_belongs_to_the_kind_of_touch_and_the_event() -> None:
    windows = Windows(click_days=30, view_days=2, events=EventWindows(lead=14, activation=0))
    assert [windows.days("click", event) for event in ("lead", "sale", "activation")] == [14, 30, 0]
    assert windows.days("view", "lead") == 2
    assert windows.days("code", "lead") == 14


def test_a_key_of_an_inline_table_keeps_the_default_of_its_neighbours() -> None:
    toml = "[windows]\nevents = { sale = 14 }\n" + SETTLEMENT + "lock = { days = 3 }\n"
    terms = terms_reading.read_terms(toml)
    assert terms.windows.events == EventWindows(lead=30, sale=14)
    assert terms.settlement.lock == Lock(months=1, days=3)


@pytest.mark.parametrize(
    ("toml", "path", "why"),
    [
        ("", "settlement", "is required"),
        ('[settlement]\ncurrency = "EUR"', "settlement.time_zone", "is required"),
        (SETTLEMENT.replace("EUR", "XXX"), "settlement.currency", "ISO 4217"),
        (SETTLEMENT.replace("Berlin", "Bonn"), "settlement.time_zone", "IANA"),
        (SETTLEMENT + "hold_day = 3", "settlement.hold_day", "is no key of the terms"),
        (SETTLEMENT + "hold_days = 30.0", "settlement.hold_days", "whole number"),
        (SETTLEMENT + "hold_days = true", "settlement.hold_days", "expected `int`, got `bool`"),
        (SETTLEMENT + 'hold_days = "30"', "settlement.hold_days", "expected `int`, got `str`"),
        (SETTLEMENT + "hold_days = -1", "settlement.hold_days", ">= 0"),
        (SETTLEMENT + "lock = { months = 121 }", "settlement.lock.months", "<= 120"),
        (SETTLEMENT + 'netting = "all"', "settlement.netting", "invalid enum value"),
        (SETTLEMENT + 'period = "lifetime"', "settlement.period", "invalid enum value"),
        (
            SETTLEMENT + "clawback = { max_share_ppm = 1_000_001 }",
            "settlement.clawback.max_share_ppm",
            "<= 1000000",
        ),
        (
            SETTLEMENT + "[program.attribution]\nhalf_life_days = 0",
            "program.attribution.half_life_days",
            ">= 1",
        ),
        (
            SETTLEMENT + "[program.attribution]\nposition_ppm = [1, 2, 3]",
            "program.attribution.position_ppm",
            "sum to 1_000_000",
        ),
        (
            SETTLEMENT + '[program.attribution]\nevidence = ["code", "code"]',
            "program.attribution.evidence",
            "names one kind twice",
        ),
        (SETTLEMENT + "[program.other]", "program.other", "is no key of the terms"),
        (SETTLEMENT + "[windows.events]\nvisit = 3", "windows.events.visit", "is no key of the terms"),
        ('valid_from = "soon"\n' + SETTLEMENT, "valid_from", "date"),
        (WHOLE.replace("n = 50", "n = 0"), "commission.bonuses[0].n", ">= 1"),
        (
            WHOLE.replace('metric = "count"', 'metric = "net_amount"'),
            "commission.bonuses[0].metric",
            "its metric is count",
        ),
        (WHOLE.replace("amount_minor = 2_500", ""), "commission.bonuses[0].amount_minor", "is required"),
        (
            WHOLE.replace('component = "sales"', 'component = "leads"'),
            "commission.boosts[0].component",
            "no component",
        ),
        (WHOLE.replace("2026-12-01", "2026-11-27"), "commission.boosts[0].until", "ends after it begins"),
        (WHOLE.replace("1_500_000", "999_999"), "commission.boosts[0].multiplier_ppm", ">= 1000000"),
        (WHOLE.replace("cap_minor = 100_000", ""), "commission.boosts[0].cap_minor", "is required"),
        (
            WHOLE + QUALITY.replace('component = "sales"', 'component = "leads"'),
            "commission.quality[0].component",
            "no component",
        ),
        (
            WHOLE + QUALITY.replace("from_ppm = 0", "from_ppm = 1"),
            "commission.quality[0].steps[0].from_ppm",
            "begins at 0",
        ),
        (
            WHOLE + QUALITY.replace("from_ppm = 500_000", "from_ppm = 0"),
            "commission.quality[0].steps",
            "above the one before",
        ),
        (
            WHOLE + QUALITY.replace("from_ppm = 500_000", "from_ppm = 1_000_001"),
            "commission.quality[0].steps[1].from_ppm",
            "<= 1000000",
        ),
        (
            WHOLE + QUALITY.replace("cohort_months = 3", "cohort_months = 0"),
            "commission.quality[0].cohort_months",
            ">= 1",
        ),
        (
            WHOLE + QUALITY.replace("least_customers = 20", "least_customers = 0"),
            "commission.quality[0].least_customers",
            ">= 1",
        ),
        (
            WHOLE + QUALITY.replace('period = "quarter"', 'period = "lifetime"'),
            "commission.quality[0].period",
            "invalid enum value",
        ),
        (
            WHOLE + QUALITY.replace("within_months = 2\n", ""),
            "commission.quality[0].within_months",
            "is required",
        ),
        (
            WHOLE + QUALITY + "least_minor = 3\n",
            "commission.quality[0].least_minor",
            "is no key of the terms",
        ),
        (WHOLE + QUALITY + QUALITY, "commission.quality[1].name", "is taken"),
        (WHOLE + COMPONENT, "commission.components[1].name", "is taken"),
        (WHOLE + BONUS, "commission.bonuses[1].name", "is taken"),
        (WHOLE + BOOST, "commission.boosts[1].name", "is taken"),
    ],
)
def test_a_wrong_key_is_refused_by_its_path_with_a_sentence(toml: str, path: str, why: str) -> None:
    fields = refused(toml)
    assert list(fields) == [path]
    assert why in fields[path]


def component(keys: str) -> str:
    return f'{SETTLEMENT}[[commission.components]]\nname = "a"\nevent = "sale"\n{keys}'


@pytest.mark.parametrize(
    ("keys", "path", "why"),
    [
        ("tiers = []", "tiers", "length >= 1"),
        ("tiers = [{ from = 1, rate_ppm = 1 }]", "tiers[0].from", "begins at 0"),
        ("tiers = [{ from = 0, rate_ppm = 1 }, { from = 0, rate_ppm = 2 }]", "tiers", "above the one before"),
        ("tiers = [{ from = 0 }]", "tiers", "either rate_ppm or amount_minor"),
        (
            "tiers = [{ from = 0, rate_ppm = 1, amount_minor = 1 }]",
            "tiers",
            "either rate_ppm or amount_minor",
        ),
        (
            'metric = "count"\ntiers = [{ from = 0, amount_minor = 1 }, { from = 2, rate_ppm = 1 }]',
            "tiers",
            "give all tiers rate_ppm, or all amount_minor",
        ),
        ("tiers = [{ from = 0, rate_ppm = 1_000_001 }]", "tiers[0].rate_ppm", "<= 1000000"),
        ("tiers = [{ from = 0, amount_minor = 1 }]", "structure", "needs the metric count"),
        (
            'metric = "count"\ntiers = [{ from = 0, rate_ppm = 1 }]',
            "structure",
            "needs the metric net_amount",
        ),
        (
            'structure = "flat"\ntiers = [{ from = 0, rate_ppm = 1 }, { from = 5, rate_ppm = 2 }]',
            "tiers",
            "flat has one tier",
        ),
        (
            "tiers = [{ from = 0, rate_ppm = 1 }]\ncap_minor = { day = 1 }",
            "cap_minor.day",
            "is no key of the terms",
        ),
        ("tiers = [{ from = 0, rate_ppm = 0.5 }]", "tiers[0].rate_ppm", "whole number"),
    ],
)
def test_tiers_that_contradict_themselves_are_refused(keys: str, path: str, why: str) -> None:
    fields = refused(component(keys))
    assert why in fields[f"commission.components[0].{path}"]


@pytest.mark.parametrize(
    "keys",
    [
        'metric = "count"\ntiers = [{ from = 0, amount_minor = 1 }]',
        'structure = "retroactive"\ntiers = [{ from = 0, amount_minor = 1 }]',
        'structure = "retroactive"\nmetric = "count"\ntiers = [{ from = 0, rate_ppm = 1 }]',
        'structure = "flat"\ntiers = [{ from = 0, amount_minor = 1 }]',
    ],
)
def test_every_other_pair_of_tiers_and_metric_is_accepted(keys: str) -> None:
    assert terms_reading.read_terms(component(keys)).commission.components[0].name == "a"


def test_all_contradictions_of_a_file_are_named_at_once() -> None:
    toml = WHOLE.replace("Berlin", "Bonn").replace("2026-12-01", "2026-11-27")
    assert set(refused(toml)) == {"settlement.time_zone", "commission.boosts[0].until"}


def test_a_text_that_is_no_toml_is_refused() -> None:
    with pytest.raises(errors.InvalidError, match="are no TOML"):
        terms_reading.read_terms("[settlement")


def test_stored_terms_are_read_back_the_same_and_refused_when_damaged() -> None:
    terms = terms_reading.read_terms(WHOLE)
    stored = terms_reading.to_json(terms)
    assert terms_reading.from_json(stored) == terms
    assert terms_reading.to_json(terms_reading.from_json(stored)) == stored
    with pytest.raises(errors.InvalidError, match="are no JSON"):
        terms_reading.from_json(stored[:-1])
    with pytest.raises(errors.InvalidError, match=r"settlement\.hold_days: write a whole number"):
        terms_reading.from_json(stored.replace(b'"hold_days":30', b'"hold_days":30.0'))


def test_one_terms_value_has_one_text_whatever_order_the_file_had() -> None:
    other = "\n".join([*reversed(SETTLEMENT.strip().split("\n")[1:])])
    assert terms_reading.to_json(terms_reading.read_terms("[settlement]\n" + other)) == terms_reading.to_json(
        terms_reading.read_terms(SETTLEMENT)
    )


@given(st.integers(0, 2**62))
def test_amounts_beyond_what_a_float_can_hold_survive_both_ways(minor: int) -> None:
    terms: Terms = terms_reading.read_terms(SETTLEMENT)
    big = replace(terms, settlement=replace(terms.settlement, minimum_payout_minor=minor))
    assert terms_reading.from_json(terms_reading.to_json(big)).settlement.minimum_payout_minor == minor
