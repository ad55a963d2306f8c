"""What a trial's terms are, however they are given: by form, as text or as a file."""

import tomllib
from datetime import date
from typing import Any

import msgspec
import pytest

from partner_network.agreements import terms_reading
from partner_network.agreements.terms import Terms
from partner_network.kernel.errors import InvalidError
from partner_network.receipts.trials import numbers, plain, reading, rules, typed, writing
from partner_network.receipts.trials.numbers import NotTypedError
from partner_network.receipts.trials.rules import Days, Preset

TERMS = """
valid_from = "2026-01-01"

[program.attribution]
model = "position_based"
position_ppm = [300_000, 300_000, 400_000]

[windows]
click_days = 14
events = { sale = 7 }

[commission]
combine = "sum"

[[commission.components]]
name = "sales"
event = "sale"
match = { categories = ["vinyl", "tape"], customer = "new" }
invoice_ppm = [2_000_000, 1_000_000]
cap_minor = { order = 50_000 }
tiers = [{ from = 0, rate_ppm = 50_000 }, { from = 1_000_000, rate_ppm = 82_500 }]

[[commission.components]]
name = "leads"
event = "lead"
metric = "count"
structure = "flat"
tiers = [{ from = 0, amount_minor = 250 }]

[[commission.bonuses]]
name = "a hundred"
kind = "milestone"
event = "sale"
metric = "count"
n = 100
period = "year"
amount_minor = 10_000

[[commission.boosts]]
name = "friday"
component = "sales"
from = "2026-11-27"
until = "2026-12-01"
multiplier_ppm = 1_500_000
cap_minor = 100_000

[settlement]
currency = "EUR"
time_zone = "Europe/Berlin"
"""


def read(toml: str) -> Terms:
    terms = reading.read(toml).terms
    assert terms is not None
    return terms


def in_form(toml: str) -> tuple[dict[str, list[str]], dict[str, Any]]:
    document = plain.document_of(reading.read(toml))
    return typed.form_of(document), document


def refused(toml: str) -> dict[str, str]:
    with pytest.raises(InvalidError) as caught:
        reading.read(toml)
    return dict(caught.value.fields)


def test_terms_written_out_and_read_again_are_the_same_terms() -> None:
    document = plain.document_of(reading.read(TERMS))
    assert tomllib.loads(writing.toml_of(document)) == document
    assert read(writing.toml_of(document)) == terms_reading.read_terms(TERMS)


def test_a_text_of_any_letters_is_written_so_that_it_reads_back() -> None:
    document = {"commission": {"components": [{"name": 'a "b" \\ \x00 \n \u2028 ü 😀'}]}, "odd key": {"a": 1}}
    assert tomllib.loads(writing.toml_of(document)) == document


def test_a_form_that_nobody_changed_means_the_terms_it_was_filled_from() -> None:
    form, base = in_form(TERMS)
    again = typed.document_of(*typed.tidied(form, base))
    assert again.mistakes == {}
    assert read(writing.toml_of(again.document)) == terms_reading.read_terms(TERMS)


def test_a_form_and_a_file_that_say_the_same_are_the_same_terms() -> None:
    form, base = in_form(TERMS)
    form |= {
        "program.attribution.model": ["linear"],
        "windows.click_days": ["30"],
        "commission.components[0].tiers[1].rate_ppm": ["9,5"],
        "commission.components[0].tiers[2].from": ["25000"],
        "commission.components[0].tiers[2].rate_ppm": ["10"],
        "commission.components[0].cap_minor.order": [""],
        "commission.components[1].left_out": ["yes"],
    }
    changed = (
        TERMS.replace('"position_based"', '"linear"')
        .replace("click_days = 14", "click_days = 30")
        .replace("82_500 }]", "95_000 }, { from = 2_500_000, rate_ppm = 100_000 }]")
        .replace("cap_minor = { order = 50_000 }\n", "")
    )
    start, end = (
        changed.index('[[commission.components]]\nname = "leads"'),
        changed.index("[[commission.bonuses"),
    )
    by_form = typed.document_of(*typed.tidied(form, base))
    assert by_form.mistakes == {}
    assert read(writing.toml_of(by_form.document)) == read(changed[:start] + changed[end:])


def test_what_a_form_does_not_show_stays_with_its_component_when_another_is_left_out() -> None:
    form, base = in_form(TERMS)
    form["commission.components[0].left_out"] = ["yes"]
    kept, document = typed.tidied(form, base)
    assert typed.component_count(kept) == 1
    only = typed.document_of(kept, document).document["commission"]["components"][0]
    assert (only["name"], only["match"], only["invoice_ppm"]) == (
        "leads",
        {"categories": [], "skus": [], "customer": "any"},
        [],
    )


def test_an_empty_row_of_a_tier_is_left_out_wherever_it_stands() -> None:
    form, base = in_form(TERMS)
    form |= {
        "commission.components[0].tiers[1].from": [" "],
        "commission.components[0].tiers[1].rate_ppm": [""],
        "commission.components[0].tiers[2].from": ["50.00"],
        "commission.components[0].tiers[2].rate_ppm": ["6"],
    }
    component = typed.document_of(*typed.tidied(form, base)).document["commission"]["components"][0]
    assert component["tiers"] == [{"from": 0, "rate_ppm": 50_000}, {"from": 5_000, "rate_ppm": 60_000}]


def test_every_mistake_of_a_form_is_told_at_once_by_the_path_of_its_key() -> None:
    form, base = in_form(TERMS)
    form |= {
        "windows.click_days": ["soon"],
        "program.attribution.position_ppm[0]": ["thirty"],
        "commission.components[0].name": [""],
        "commission.components[0].tiers[0].rate_ppm": ["1,000.5"],
        "commission.components[0].tiers[1].from": ["1.000"],
    }
    assert set(typed.document_of(*typed.tidied(form, base)).mistakes) == {
        "windows.click_days",
        "program.attribution.position_ppm[0]",
        "commission.components[0].name",
        "commission.components[0].tiers[0].rate_ppm",
        "commission.components[0].tiers[1].from",
    }


def test_every_mistake_of_a_file_is_told_at_once_by_the_path_of_its_key() -> None:
    wrong = (
        TERMS.replace('"position_based"', '"the best"')
        .replace("click_days = 14", 'click_days = "x"\nhours = 1')
        .replace("n = 100", "n = 0")
        .replace('"Europe/Berlin"', '"Europe/Mars"')
        .replace('component = "sales"', 'component = "sale"')
    )
    assert set(refused(wrong)) == {
        "program.attribution.model",
        "windows.click_days",
        "windows.hours",
        "commission.bonuses[0].n",
        "settlement.time_zone",
        "commission.boosts[0].component",
    }


def test_a_policy_alone_changes_no_partners_terms() -> None:
    tried = reading.read('[program.attribution]\nmodel = "linear"\n')
    assert tried.terms is None
    assert tried.program is not None
    assert tried.program.attribution.model == "linear"


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "model =", "[windows]\nclick_days = 1\n", "a = " + "[" * 30_000]
)
def test_a_file_of_nothing_to_try_is_refused_with_a_sentence(text: str) -> None:
    assert refused(text)


@pytest.mark.parametrize(
    ("text", "digits", "value"),
    [
        ("7.5", 4, 75_000),
        ("7,5", 4, 75_000),
        ("0", 2, 0),
        ("12.34", 2, 1_234),
        ("1000", 0, 1_000),
        ("0.0001", 4, 1),
    ],
)
def test_a_number_is_read_with_a_comma_or_a_point(text: str, digits: int, value: int) -> None:
    assert numbers.scaled(text, digits) == value


@pytest.mark.parametrize(
    ("text", "digits"),
    [("1,000", 2), ("1.000,00", 2), ("-1", 2), ("1e3", 2), ("", 2), ("7.5", 0), ("٣", 2), ("1 0", 2)],
)
def test_a_number_that_could_mean_another_is_refused(text: str, digits: int) -> None:
    with pytest.raises(NotTypedError):
        numbers.scaled(text, digits)


@pytest.mark.parametrize(
    ("value", "digits", "text"), [(75_000, 4, "7.5"), (0, 4, "0"), (1_000_000, 4, "100"), (1, 4, "0.0001")]
)
def test_a_percentage_is_shown_without_zeros_that_say_nothing(value: int, digits: int, text: str) -> None:
    assert numbers.shown(value, digits, ".") == text


@pytest.mark.parametrize(
    ("preset", "starts_on", "ends_on"),
    [
        ("last_30_days", date(2026, 10, 23), date(2026, 11, 22)),
        ("last_90_days", date(2026, 8, 24), date(2026, 11, 22)),
        ("last_365_days", date(2025, 11, 22), date(2026, 11, 22)),
        ("last_month", date(2026, 10, 1), date(2026, 11, 1)),
        ("last_quarter", date(2026, 7, 1), date(2026, 10, 1)),
    ],
)
def test_a_preset_names_whole_days_up_to_today(preset: Preset, starts_on: date, ends_on: date) -> None:
    assert rules.days_of(preset, date(2026, 11, 22)) == Days(starts_on, ends_on)


def test_the_last_month_and_quarter_of_january_lie_in_the_year_before() -> None:
    assert rules.days_of("last_month", date(2026, 1, 31)) == Days(date(2025, 12, 1), date(2026, 1, 1))
    assert rules.days_of("last_quarter", date(2026, 1, 31)) == Days(date(2025, 10, 1), date(2026, 1, 1))


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "at_fault"),
    [
        (date(2026, 1, 1), date(2026, 1, 1), {"to"}),
        (date(2026, 1, 2), date(2026, 1, 1), {"to"}),
        (date(2026, 1, 1), date(2026, 11, 24), {"to"}),
        (date(2024, 2, 28), date(2026, 2, 28), set[str]()),
        (date(2024, 2, 27), date(2026, 2, 28), {"from"}),
        (date(2024, 2, 29), date(2026, 2, 28), set[str]()),
    ],
)
def test_a_period_lies_in_the_past_and_is_two_years_at_most(
    starts_on: date, ends_on: date, at_fault: set[str]
) -> None:
    assert set(rules.mistakes_in(Days(starts_on, ends_on), date(2026, 11, 22))) == at_fault


def test_changes_are_named_in_the_words_of_the_form_and_nothing_else_is() -> None:
    before = plain.document_of(reading.read(TERMS))
    after = msgspec.json.decode(msgspec.json.encode(before))
    after["windows"]["click_days"] = 30
    after["commission"]["components"][0]["tiers"][1]["rate_ppm"] = 95_000
    assert [(one.about, one.before, one.after) for one in plain.changes(before, after)] == [
        ("Window: After a click, in days", "14", "30"),
        ("“sales”: Pays", "5\u00a0%, 8.25\u00a0% from €10,000.00", "5\u00a0%, 9.5\u00a0% from €10,000.00"),
    ]


def test_a_policy_alone_is_compared_with_the_policy_alone() -> None:
    before = plain.document_of(reading.read(TERMS))
    after = plain.document_of(reading.read('[program.attribution]\nmodel = "linear"\n'))
    assert [one.about for one in plain.changes(before, after)] == [
        "Who gets the credit",
        "First touch, those between, last touch",
    ]
