"""Amounts, days and periods as a statement writes them."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

from partner_network.kernel import money


def decimal_text(minor: int, currency: str, *, grouped: bool = False) -> str:
    """Return an amount as an exact decimal with every digit of its minor unit: -125050 cents is `-1250.50`.

    `grouped` is for people: thousands apart, and a true minus sign.
    """
    digits = money.exponent(currency)
    whole, part = divmod(abs(minor), 10**digits)
    sign = "" if minor >= 0 else "\u2212" if grouped else "-"
    fraction = f".{part:0{digits}}" if digits else ""
    return f"{sign}{whole:,}{fraction}" if grouped else f"{sign}{whole}{fraction}"


def day(on: date) -> str:
    """Return `1 Mar 2025`."""
    return f"{on.day} {on:%b %Y}"


def instant(at: datetime) -> str:
    """Return `1 Mar 2025, 09:12 UTC`, wherever it was observed."""
    utc = at.astimezone(UTC)
    return f"{day(utc.date())}, {utc:%H:%M} UTC"


def period(label: str) -> str:
    """Return `March 2025` for 2025-03 and `Q1 2025` for 2025-Q1; any other label stays as it is."""
    if month := re.fullmatch(r"(\d{4})-(\d{2})", label):
        return f"{date(int(month[1]), int(month[2]), 1):%B %Y}"
    if quarter := re.fullmatch(r"(\d{4})-(Q\d)", label):
        return f"{quarter[2]} {quarter[1]}"
    return label


def percent(ppm: int) -> str:
    """Return parts per million as a percentage, exactly: 88_750 is `8.875 %`."""
    return f"{Decimal(ppm).scaleb(-4).normalize():f} %"
