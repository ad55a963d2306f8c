"""Amounts, numbers and dates as a reader of the present language writes them."""

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache

from babel import dates, numbers

from partner_network.kernel import money as of_money
from partner_network.languages import spoken, zones

_DAY = {"en": "d MMMM y", "de": "d. MMMM y"}
_SHORT_DAY = {"en": "d MMM y", "de": "dd.MM.y"}


def money(minor: int, currency: str) -> str:
    """Return an amount with every digit of its minor unit."""
    return of_money.display(minor, currency, spoken.locale())


def number(count: int) -> str:
    """Return a whole number with its thousands apart."""
    return numbers.format_decimal(count, locale=spoken.locale())


def percent(ppm: int) -> str:
    """Return parts per million as a percentage, with no digit lost and none that says nothing."""
    return (
        numbers.format_decimal(Decimal(ppm).scaleb(-4), "#,##0.####", locale=spoken.locale())
        + "\N{NO-BREAK SPACE}%"
    )


def day(at: date) -> str:
    """Return `1 July 2026`; of an instant, its day in UTC."""
    return _date(at, _DAY[spoken.present()])


def rate(exact: Fraction | Decimal) -> str:
    """Return an exchange rate to eight digits that count, half away from zero."""
    with localcontext(Context(prec=8, rounding=ROUND_HALF_UP)):
        numerator, denominator = exact.as_integer_ratio()
        said = Decimal(numerator) / Decimal(denominator)
    return numbers.format_decimal(said, "#,##0.###############", locale=spoken.locale())


def short_day(at: date) -> str:
    """Return `1 Jul 2026`; of an instant, its day in UTC."""
    return _date(at, _SHORT_DAY[spoken.present()])


def instant(at: datetime) -> str:
    """Return `1 July 2026, 14:03 UTC`, or `16:03 CEST` where the reader goes by that clock."""
    seen = at.astimezone(zones.present())
    return f"{day(seen.date())}, {seen:%H:%M} {_zone_of(seen)}"


def month(period: str) -> str:
    """Return `March 2026` for the period 2026-03; quarters, years and lifetimes stay as they are."""
    year, _, number_of_month = period.partition("-")
    if not number_of_month.isdigit():
        return period
    return _date(date(int(year), int(number_of_month), 1), "MMMM y")


def _zone_of(seen: datetime) -> str:
    """Return `CEST`, `MESZ`, or `UTC+05:30` where a zone has no name that its language knows."""
    named = dates.get_timezone_name(seen, width="short", locale=spoken.locale())
    for name in (named, seen.tzname() or ""):
        if name.isalpha():
            return name
    return f"UTC{seen.isoformat()[-6:]}"


def _date(at: date, pattern: str) -> str:
    shown = at.astimezone(UTC).date() if isinstance(at, datetime) else at
    return _written(shown, pattern, spoken.locale())


@lru_cache(maxsize=1_024)
def _written(day_of: date, pattern: str, locale: str) -> str:
    # Kept: a statement says the same few days on hundreds of lines.
    return dates.format_date(day_of, pattern, locale=locale)
