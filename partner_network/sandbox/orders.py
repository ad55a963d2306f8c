"""The real orders of a music shop, read from a CSV and moved to the demo's time."""

import csv
import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from partner_network.kernel.errors import InvalidError

SAMPLE = Path(__file__).parent / "data" / "cdnow_sample.csv"
COLUMNS = ["customer_id", "date", "quantity", "value_usd"]
YEARS_FORWARD = 28
"""The calendar repeats after 28 years, so weekdays stay."""
ZONE = ZoneInfo("America/New_York")
OPENS, CLOSES = time(8), time(23)
_LEAST_DIGITS = 6
_MOST_MINOR = 10**12
_MOST_CHARACTERS = 200
_EARLIEST = date(1990, 4, 1)
"""The conversions' door takes nothing from before 1990, and clicks come weeks before orders."""


class ShopOrder(msgspec.Struct, frozen=True, gc=False):
    """One purchase; ``net_minor`` in US cents."""

    order_id: str
    customer_id: str
    at: datetime
    quantity: int
    net_minor: int


def read_orders(path: Path, *, seed: int) -> list[ShopOrder]:
    """Return the orders of a file in the order of their time.

    The order id is the zero-padded line number, so that identical rows are different orders; the time of day
    follows from seed and id. Errors: InvalidError naming the first line that is malformed; nothing is loaded.
    """
    rows = list(_rows(path))
    digits = max(_LEAST_DIGITS, len(str(len(rows))))
    orders = [
        ShopOrder(
            order_id := str(number).zfill(digits), customer, _moment(day, order_id, seed), quantity, minor
        )
        for number, (customer, day, quantity, minor) in enumerate(rows, start=1)
    ]
    return sorted(orders, key=lambda order: (order.at, order.order_id))


def _rows(path: Path) -> Iterator[tuple[str, date, int, int]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidError(f"{path} cannot be read as text: {error}.") from error
    lines = csv.reader(text.splitlines())
    if next(lines, None) != COLUMNS:
        raise InvalidError(f"{path}, line 1: the columns must be {','.join(COLUMNS)}.")
    empty = True
    for number, row in enumerate(lines, start=2):
        empty = False
        try:
            yield _parsed(row)
        except ValueError as error:
            raise InvalidError(f"{path}, line {number}: {error}. Nothing was loaded.") from error
    if empty:
        raise InvalidError(f"{path} holds no orders below its first line.")


def _parsed(row: list[str]) -> tuple[str, date, int, int]:
    if len(row) != len(COLUMNS):
        raise ValueError(f"{len(row)} columns instead of {len(COLUMNS)}")
    customer, day, quantity, value = row
    _must_be_customer(customer)
    if not quantity.isascii() or not quantity.isdigit():
        raise ValueError(f"quantity {quantity!r} is no whole number")
    return customer, _moved(day), int(quantity), _minor(value)


def _must_be_customer(customer: str) -> None:
    """Refuse what the conversions' door would refuse later, when half of the file were loaded."""
    if not customer.strip():
        raise ValueError("customer_id is empty")
    if len(customer) > _MOST_CHARACTERS:
        raise ValueError(f"customer_id has more than {_MOST_CHARACTERS} characters")
    if not customer.isprintable():
        raise ValueError("customer_id holds a control character")


def _moved(text: str) -> date:
    try:
        day = date.fromisoformat(text)
        moved = day.replace(year=day.year + YEARS_FORWARD)
    except ValueError:
        raise ValueError(f"date {text!r} is no day like 1997-01-31") from None
    if moved < _EARLIEST:
        raise ValueError(f"date {text!r} lies before 1962-04-01, the first day that this demo takes")
    return moved


def _minor(text: str) -> int:
    """Return dollars as cents, exactly; a third decimal is no amount of money."""
    whole, dot, cents = text.partition(".")
    if not (whole.isascii() and whole.isdigit()) or (dot and not (cents.isascii() and cents.isdigit())):
        raise ValueError(f"value_usd {text!r} is no amount like 29.33")
    if len(cents) > 2:  # noqa: PLR2004 - a dollar has cents
        raise ValueError(f"value_usd {text!r} has more than two decimals")
    minor = int(whole) * 100 + int(cents.ljust(2, "0"))
    if minor > _MOST_MINOR:
        raise ValueError(f"value_usd {text!r} is more than this demo believes")
    return minor


def _moment(day: date, order_id: str, seed: int) -> datetime:
    """Return a second within opening hours that follows from seed and order id alone."""
    open_seconds = (CLOSES.hour - OPENS.hour) * 3600
    drawn = int.from_bytes(hashlib.sha256(f"{seed}:time:{order_id}".encode()).digest()[:8])
    opened = datetime.combine(day, OPENS, tzinfo=ZONE)
    return opened.astimezone(UTC) + timedelta(seconds=drawn % open_seconds)
