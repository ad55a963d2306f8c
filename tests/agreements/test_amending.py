"""What an amendment may change, and what would make the past impossible to compute."""

import pytest

from partner_network.agreements import rules, terms_reading
from partner_network.kernel.errors import InvalidError
from tests.agreements.cast import Cast
from tests.doors import TERMS

SIGNED = terms_reading.read_terms(TERMS)
BONUS = """
[[commission.bonuses]]
name = "first"
kind = "first_n"
event = "sale"
metric = "count"
n = 50
period = "quarter"
amount_minor = 2_500
"""


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('event = "sale"', 'event = "lead"', "commission.components[0].name"),
        ('event = "sale"', 'event = "sale"\nperiod = "quarter"', "commission.components[0].name"),
        (
            'event = "sale"',
            'event = "sale"\nmetric = "count"\nstructure = "retroactive"',
            "commission.components[0].name",
        ),
        ('"USD"', '"EUR"', "settlement.currency"),
        ("America/New_York", "Europe/Berlin", "settlement.time_zone"),
        ("[settlement]", '[settlement]\nperiod = "quarter"', "settlement.period"),
    ],
)
def test_what_identifies_a_stream_or_a_chain_of_statements_does_not_change(
    old: str, new: str, field: str
) -> None:
    with pytest.raises(InvalidError) as refused:
        rules.must_continue([SIGNED], terms_reading.read_terms(TERMS.replace(old, new, 1)))
    assert list(refused.value.fields) == [field]


def test_a_bonus_that_counts_otherwise_needs_a_name_of_its_own() -> None:
    held = terms_reading.read_terms(TERMS + BONUS)
    with pytest.raises(InvalidError, match="'first' keeps its event, metric and period"):
        rules.must_continue([held], terms_reading.read_terms(TERMS + BONUS.replace("quarter", "year")))


QUALITY = """
[[commission.quality]]
name = "stayed"
component = "sales"
period = "quarter"
cohort_months = 3
within_months = 2
least_customers = 20
steps = [{ from_ppm = 0, multiplier_ppm = 900_000 }]
"""


@pytest.mark.parametrize(
    ("old", "new"), [("quarter", "month"), ("cohort_months = 3", "cohort_months = 4"), ("= 2\n", "= 3\n")]
)
def test_quality_that_measures_otherwise_needs_a_name_of_its_own(old: str, new: str) -> None:
    held = terms_reading.read_terms(TERMS + QUALITY)
    with pytest.raises(InvalidError, match="'stayed' keeps its component, period and months"):
        rules.must_continue([held], terms_reading.read_terms(TERMS + QUALITY.replace(old, new)))
    other_steps = QUALITY.replace("900_000", "800_000").replace("20", "30")
    rules.must_continue([held], terms_reading.read_terms(TERMS + other_steps))


def test_rates_and_new_names_may_change() -> None:
    changed = TERMS.replace("50_000", "60_000") + BONUS
    rules.must_continue([SIGNED], terms_reading.read_terms(changed))


async def test_an_amendment_that_nobody_could_compute_is_not_drafted(cast: Cast) -> None:
    await cast.signed()
    refused = await cast.draft(TERMS.replace('event = "sale"', 'event = "sale"\nperiod = "year"'), status=422)
    assert list(refused["fields"]) == ["commission.components[0].name"]
