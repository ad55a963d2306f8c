"""The product against an independent reading of MONEY, over histories drawn by lot that keep to its bounds.

`days`, `deciding`, `orders`, `streams`, `bonuses` and `computing` are written from the words of MONEY and of
docs/algorithms alone and share no line with the product, so one of both is wrong where they differ.
"""

import json
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partner_network.agreements import terms_reading
from partner_network.attribution import facts_file
from partner_network.commissions.rules import computing as product
from partner_network.kernel.errors import InvalidError
from tests.naive import computing, days
from tests.naive.histories import Lot
from tests.naive.toml_text import file_of

Row = dict[str, Any]


def of_product(lot: Lot) -> Row | None:
    """Return what the product says, in the shape of the naive answer; None where it refuses the facts."""
    versions = product.versions_of([terms_reading.read_terms(file_of(one)) for one in lot.terms])
    facts = facts_file.read_facts(json.dumps(lot.facts))
    if lot.as_of is not None:
        facts = facts_file.as_of(facts, days.instant(lot.as_of))
    try:
        found = product.compute(facts, versions)
    except InvalidError:
        return None
    paid: dict[tuple[str, str, str], int] = defaultdict(int)
    for partner, row in found.bonuses:
        paid[partner, row.bonus, row.period] += row.minor
    return {
        "credits": {
            one.row.id: [(credit.partner, credit.touch, credit.weight) for credit in one.credits]
            for one in found.decisions
        },
        "commissions": {
            (row.conversion, partner, row.component, row.period, row.minor, row.currency)
            for partner, row in found.commissions
        },
        "bonuses": {(*key, minor) for key, minor in paid.items()},
        "by_partner": found.by_partner(),
    }


@given(st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_the_product_pays_what_an_independent_reading_of_the_rules_pays(seed: int) -> None:
    lot = Lot(seed)
    found = of_product(lot)
    if found is not None:
        assert found == computing.computed(lot.terms, lot.facts, lot.as_of)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 10_000, 1_000))
def test_it_does_so_over_ten_thousand_histories(first: int) -> None:
    computed = 0
    for seed in range(first, first + 1_000):
        lot = Lot(seed)
        found = of_product(lot)
        if found is not None:
            assert found == computing.computed(lot.terms, lot.facts, lot.as_of), seed
            computed += bool(found["by_partner"])
    assert computed > 400  # the lots draw enough that pays for this to say something
