"""Amounts, days and periods as a statement writes them."""

import re
from datetime import UTC, datetime
from functools import lru_cache

from babel import Locale, numbers

from partner_network.kernel import money
from partner_network.languages import formats, spoken

MINUS = "\N{MINUS SIGN}"


def decimal_text(minor: int, currency: str, *, grouped: bool = False) -> str:
    """Return an amount as an exact decimal with every digit of its minor unit: -125050 cents is `-1250.50`.

    `grouped` is for people: thousands apart, a true minus sign, and the present language's point.
    """
    digits = money.exponent(currency)
    whole, part = divmod(abs(minor), 10**digits)
    fraction = f"{part:0{digits}}" if digits else ""
    if not grouped:
        return f"{'-' if minor < 0 else ''}{whole}{fraction and '.'}{fraction}"
    point = _point(spoken.locale()) if digits else ""
    thousands = formats.number(whole) if whole >= _GROUPED_FROM else str(whole)
    return f"{MINUS if minor < 0 else ''}{thousands}{point}{fraction}"


_GROUPED_FROM = 1_000


@lru_cache(maxsize=len(spoken.LANGUAGES))
def _point(locale: str) -> str:
    # Kept: asked anew, each figure of a long statement costs a look into the library's tables.
    return numbers.get_decimal_symbol(locale)


def instant(at: datetime) -> str:
    """Return `1 Mar 2025, 09:12 UTC`, wherever it was observed."""
    utc = at.astimezone(UTC)
    return f"{formats.short_day(utc.date())}, {utc:%H:%M} UTC"


def period(label: str) -> str:
    """Return `March 2025` for 2025-03 and `Q1 2025` for 2025-Q1; any other label stays as it is."""
    if quarter := re.fullmatch(r"(\d{4})-(Q\d)", label):
        return f"{quarter[2]} {quarter[1]}"
    return formats.month(label) if re.fullmatch(r"\d{4}-\d{2}", label) else label


def country(code: str) -> str:
    """Return `Germany` for DE in the present language; a code that nobody named stays as it is."""
    return Locale.parse(spoken.locale()).territories.get(code, code)
