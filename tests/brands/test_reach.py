"""Whom Stripe cannot pay is told before anything is signed; the lists say when and where they were read."""

import re

import pytest

from partner_network.brands import reach
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.money import Money

PAID = [("US", "DE"), ("DE", "US"), ("GB", "CH"), ("CA", "LI"), ("US", "US"), ("JP", "JP"), ("AU", "AU")]
NOT_PAID = [("US", "JP"), ("JP", "US"), ("AU", "NZ"), ("US", "RU"), ("RU", "RU"), ("US", "IS"), ("US", "XX")]


@pytest.mark.parametrize(("platform", "country"), PAID)
def test_stripe_pays_within_its_regions_and_at_home(platform: str, country: str) -> None:
    reach.must_reach(country, platform=platform)


@pytest.mark.parametrize(("platform", "country"), NOT_PAID)
def test_where_stripe_pays_nobody_is_refused_with_what_to_do(platform: str, country: str) -> None:
    with pytest.raises(InvalidError, match=f"cannot pay companies in {country} from a network in {platform}"):
        reach.must_reach(country, platform=platform)


def test_an_agreement_is_in_a_currency_that_stripe_takes() -> None:
    for currency in ("EUR", "USD", "JPY", "KWD"):
        reach.must_take(currency)
    for currency in ("IRR", "KPW", "XTS"):
        with pytest.raises(InvalidError, match=f"Stripe takes no money in {currency}"):
            reach.must_take(currency)


def test_the_lists_name_day_and_sources_and_only_currencies_that_are_some() -> None:
    known = reach.published()
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", known.as_of)
    assert all(source.startswith("https://") for source in known.sources)
    assert not known.across_borders.keys() & known.at_home.keys()
    assert set(known.countries.values()) <= known.currencies
    assert [Money(1, one).currency for one in sorted(known.currencies)] == sorted(known.currencies)
    assert (reach.paid_in("DE"), reach.paid_in("LI"), reach.paid_in("XX")) == ("EUR", "CHF", None)
