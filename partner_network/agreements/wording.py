"""Figures in words, as a contract states them: both, so that a slip in one is seen."""

from datetime import UTC, date, datetime
from decimal import Decimal

from babel.numbers import get_currency_name

from partner_network.kernel import money

_SMALL = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
]
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = (
    (10**18, "quintillion"),
    (10**15, "quadrillion"),
    (10**12, "trillion"),
    (10**9, "billion"),
    (10**6, "million"),
    (10**3, "thousand"),
    (10**2, "hundred"),
)
_TWENTY = 20
_TEN = 10


def in_words(number: int) -> str:
    """Return a whole number from zero up to 10**21 in English words."""
    if not 0 <= number < 10**21:
        raise ValueError(f"{number} is too large to be written out, or negative")
    if number < _TWENTY:
        return _SMALL[number]
    for scale, name in _SCALES:
        if number >= scale:
            head, rest = divmod(number, scale)
            return f"{in_words(head)} {name}" + (f" {in_words(rest)}" if rest else "")
    tens, rest = divmod(number, _TEN)
    return _TENS[tens - 2] + (f"-{_SMALL[rest]}" if rest else "")


def counted(number: int, noun: str) -> str:
    """Return `30 (thirty) days`: the figure, its words, and the noun in its number."""
    return f"{number:,} ({in_words(number)}) {noun if number == 1 else noun + 's'}"


def percent(ppm: int) -> str:
    """Return parts per million as a percentage in figures: 25_000 is `2.5 %`, exactly."""
    return f"{_plain(Decimal(ppm).scaleb(-4))} %"


def percent_in_words(ppm: int) -> str:
    """Return parts per million as a percentage in words: 25_000 is `two point five per cent`."""
    whole, _, digits = _plain(Decimal(ppm).scaleb(-4)).replace(",", "").partition(".")
    after = " point " + " ".join(_SMALL[int(digit)] for digit in digits) if digits else ""
    return f"{in_words(int(whole))}{after} per cent"


def times(ppm: int) -> str:
    """Return a multiplier in figures: 1_500_000 is `1.5`, exactly."""
    return _plain(Decimal(ppm).scaleb(-6))


def amount(minor: int, currency: str) -> str:
    """Return an amount that is not negative in figures, as money is shown everywhere."""
    return money.display(minor, currency)


def amount_in_words(minor: int, currency: str) -> str:
    """Return an amount in words, a part of the main unit as a fraction: `twenty-five 50/100 US dollars`."""
    unit = 10 ** money.exponent(currency)
    whole, part = divmod(minor, unit)
    fraction = f" {part:0{len(str(unit)) - 1}}/{unit}" if part else ""
    name = get_currency_name(currency, count=1 if minor == unit else 2, locale="en_US")
    return f"{in_words(whole)}{fraction} {name}"


def long_date(day: date) -> str:
    """Return `1 December 2026`."""
    return f"{day.day} {day:%B %Y}"


def instant(at: datetime) -> str:
    """Return `1 December 2026, 14:03:22 UTC`, wherever it was observed."""
    utc = at.astimezone(UTC)
    return f"{long_date(utc.date())}, {utc:%H:%M:%S} UTC"


def listed(words: list[str], joint: str = "and") -> str:
    """Return `a, b and c`."""
    return f" {joint} ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def _plain(number: Decimal) -> str:
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
