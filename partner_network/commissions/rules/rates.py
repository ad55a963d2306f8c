"""Published exchange rates, looked up by day; inverse and cross rates stay exact fractions."""

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction

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
        """Return the last rate published on or before a day, at most 7 days back.

        On one day a published rate is taken before its inverse, and that before a cross rate through the
        one currency (first by code) both are published against. Errors: InvalidError that names the day.
        """
        if base == quote:
            return Fraction(1)
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

    def _on(self, day: date, base: str, quote: str) -> Fraction | None:
        known = self._by_day.get(day, {})
        direct = _either_way(known, base, quote)
        if direct is not None:
            return direct
        for pivot in sorted({code for pair in known for code in pair}):
            first, second = _either_way(known, base, pivot), _either_way(known, pivot, quote)
            if first is not None and second is not None:
                return first * second
        return None


def _either_way(known: dict[tuple[str, str], Fraction], base: str, quote: str) -> Fraction | None:
    if (base, quote) in known:
        return known[base, quote]
    return 1 / known[quote, base] if (quote, base) in known else None
