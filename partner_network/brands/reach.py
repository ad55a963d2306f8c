"""Where Stripe can pay a brand, and in which currencies, by Stripe's own published pages."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

DEFAULT_PLATFORM = "US"
_NOT_THERE = Sentence("Stripe does not pay there")


class Reach(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What Stripe reaches, on which day it was read, and where."""

    as_of: str
    sources: list[str]
    currencies: frozenset[str]
    across_borders: Mapping[str, str]
    """The countries whose platforms transfer to all of these countries, and the currency of their banks."""
    at_home: Mapping[str, str]
    """The countries whose platforms transfer within their own country alone."""

    @property
    def countries(self) -> Mapping[str, str]:
        """Every country in which Stripe has accounts, with the currency of its banks."""
        return {**self.across_borders, **self.at_home}


@cache
def published() -> Reach:
    """Return what is known."""
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Reach)


def can_pay(country: str, *, platform: str = DEFAULT_PLATFORM) -> bool:
    """Tell whether a platform's account at Stripe may transfer to an account in a country."""
    known = published()
    if country == platform:
        return country in known.countries
    return {country, platform} <= known.across_borders.keys()


def must_reach(country: str, *, platform: str = DEFAULT_PLATFORM) -> None:
    """Refuse a partner that Stripe could never pay, before anything is signed or asked of Stripe."""
    if not can_pay(country, platform=platform):
        raise InvalidError(
            Sentence(
                "Stripe cannot pay companies in {country} from a network in {platform}, so this brand cannot "
                "promote here. Take in a company of its group in a country that Stripe reaches.",
                country=country,
                platform=platform,
            ),
            fields={"country": _NOT_THERE},
        )


def must_give(country: str, *, platform: str = DEFAULT_PLATFORM) -> None:
    """Refuse a charity that Stripe could never pay, before any terms give to it."""
    if not can_pay(country, platform=platform):
        raise InvalidError(
            Sentence(
                "Stripe cannot pay into {country} from a network in {platform}, so no donation would reach "
                "this charity. List a branch of it in a country that Stripe reaches.",
                country=country,
                platform=platform,
            ),
            fields={"country": _NOT_THERE},
        )


def must_take(currency: str) -> None:
    """Refuse an agreement in a currency in which Stripe takes no money."""
    if currency not in published().currencies:
        raise InvalidError(
            Sentence(
                "Stripe takes no money in {currency}, so nothing could be paid. Choose another currency of "
                "settlement in the terms.",
                currency=currency,
            )
        )


def paid_in(country: str) -> str | None:
    """Return the currency in which Stripe pays out in a country; None where it does not."""
    return published().countries.get(country)
