"""Published exchange rates, looked up by day; inverse and cross rates stay exact fractions."""

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal

from msgspec import Struct

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

MOST_DAYS_BACK = 7
_DAY = timedelta(days=1)


class Rate(Struct, frozen=True, gc=False):
    """One published rate: how many major units of `quote` one major unit of `base` is worth that day."""

    day: date
    base: str
    quote: str
    rate: Fraction


How = Literal["direct", "inverse", "cross"]


class Found(Struct, frozen=True, gc=False):
    """The rate of an order, the day it was published, and how it follows from what was published."""

    rate: Fraction
    published_on: date
    how: How
    via: str | None = None


class Rates:
    """All published rates, ready to be asked."""

    def __init__(self, published: Iterable[Rate]) -> None:
        self._by_day: dict[date, dict[tuple[str, str], Fraction]] = {}
        for one in published:
            if one.rate <= 0:
                raise InvalidError(
                    Sentence(
                        "The rate {base}/{quote} of {day} is not above zero.",
                        base=one.base,
                        quote=one.quote,
                        day=one.day,
                    )
                )
            known = self._by_day.setdefault(one.day, {})
            if known.setdefault((one.base, one.quote), one.rate) != one.rate:
                raise InvalidError(
                    Sentence(
                        "There are two rates {base}/{quote} of {day}.",
                        base=one.base,
                        quote=one.quote,
                        day=one.day,
                    )
                )

    def at(self, day: date, base: str, quote: str) -> Fraction:
        """Return the last rate published on or before a day; see `found`. One currency is worth itself."""
        return Fraction(1) if base == quote else self.found(day, base, quote).rate

    def found(self, day: date, base: str, quote: str) -> Found:
        """Return the last rate between two currencies published on or before a day, at most 7 days back.

        On one day a published rate is taken before its inverse, and that before a cross rate through the
        one currency (first by code) both are published against. Errors: InvalidError that names the day.
        """
        for back in range(MOST_DAYS_BACK + 1):
            found = self._on(day - back * _DAY, base, quote)
            if found is not None:
                return found
        raise InvalidError(
            Sentence(
                "No rate {base}/{quote} was published in the {most} days up to {day}; load it first.",
                base=base,
                quote=quote,
                most=MOST_DAYS_BACK,
                day=day,
            )
        )

    def _on(self, day: date, base: str, quote: str) -> Found | None:
        known = self._by_day.get(day, {})
        if (base, quote) in known:
            return Found(known[base, quote], day, "direct")
        if (quote, base) in known:
            return Found(1 / known[quote, base], day, "inverse")
        for pivot in sorted({code for pair in known for code in pair}):
            first, second = _either_way(known, base, pivot), _either_way(known, pivot, quote)
            if first is not None and second is not None:
                return Found(first * second, day, "cross", pivot)
        return None


def _either_way(known: dict[tuple[str, str], Fraction], base: str, quote: str) -> Fraction | None:
    if (base, quote) in known:
        return known[base, quote]
    return 1 / known[quote, base] if (quote, base) in known else None
