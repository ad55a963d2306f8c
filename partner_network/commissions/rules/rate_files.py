"""Read published exchange rates from CSV in the three forms of the European Central Bank; pure.

Wide: a column `Date` and one for each currency, what one euro is worth, `N/A` where none was published: one
day (`eurofxref.csv`, its date in words) or all of them (`eurofxref-hist.csv`). Long: one rate a row, with
`CURRENCY, CURRENCY_DENOM, TIME_PERIOD, OBS_VALUE` among its columns, as the data portal writes it.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from msgspec import Struct

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

EURO = "EUR"
_RATE = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CODE = re.compile(r"[A-Z]{3}")
_MISSING = frozenset({"", "-", "N/A", "NaN"})
_LONG = ("CURRENCY", "TIME_PERIOD", "OBS_VALUE")
_DAILY, _REFERENCE = "D", "SP00"
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class Published(Struct, frozen=True, gc=False):
    """One rate as it was published: `rate` units of `quote` for one of `base`."""

    day: date
    base: str
    quote: str
    rate: Decimal


def read(text: str, name: str, *, until: date) -> Iterator[Published]:
    """Yield each rate of a file, days up to `until`.

    Errors: InvalidError that names the file, the line and the column of the first mistake.
    """
    rows = csv.reader(text.splitlines(), strict=True)
    try:
        header = [cell.strip() for cell in next(rows, [])]
        if set(_LONG) <= set(header):
            yield from _long(rows, header, name, until)
        elif header[:1] == ["Date"] and len(header) > 1:
            yield from _wide(rows, header, name, until)
        else:
            known = Sentence("the columns are none of the three forms of the ECB")
            raise _mistake(name, 1, 1, known)
    except csv.Error as error:
        raise _mistake(name, rows.line_num, 1, Sentence("no CSV: {error}", error=error)) from None


def _wide(rows: Iterator[list[str]], header: list[str], name: str, until: date) -> Iterator[Published]:
    if header[-1] == "":  # each line of the ECB's ends with a comma
        header.pop()
    for column, code in enumerate(header[1:], start=2):
        if not _CODE.fullmatch(code) or code == EURO or header.index(code) != column - 1:
            why = Sentence("{code!r} is no currency, or is there twice", code=code)
            raise _mistake(name, 1, column, why)
    for line, cells in _numbered(rows, len(header), name):
        day = _day(cells[0], name, line, 1, until)
        for column, (code, cell) in enumerate(zip(header[1:], cells[1:], strict=True), start=2):
            if cell not in _MISSING:
                yield Published(day, EURO, code, _rate(cell, name, line, column))


def _long(rows: Iterator[list[str]], header: list[str], name: str, until: date) -> Iterator[Published]:
    if len(set(header)) < len(header):
        raise _mistake(name, 1, 1, Sentence("a column is there twice"))
    at = {title: column for column, title in enumerate(header)}
    for line, cells in _numbered(rows, len(header), name):

        def cell(title: str, otherwise: str, cells: Sequence[str] = cells) -> str:
            return cells[at[title]] if title in at else otherwise

        for title, wanted in (("FREQ", _DAILY), ("EXR_TYPE", _REFERENCE)):
            if cell(title, wanted) != wanted:
                why = Sentence("{found!r} is no daily reference rate", found=cell(title, wanted))
                raise _mistake(name, line, at[title] + 1, why)
        quote, base = cell("CURRENCY", ""), cell("CURRENCY_DENOM", EURO)
        for title, code in (("CURRENCY", quote), ("CURRENCY_DENOM", base)):
            if not _CODE.fullmatch(code) or (title == "CURRENCY" and code == base):
                why = Sentence("{code!r} is no currency that can have a rate here", code=code)
                raise _mistake(name, line, at[title] + 1, why)
        day = _day(cell("TIME_PERIOD", ""), name, line, at["TIME_PERIOD"] + 1, until)
        value = cell("OBS_VALUE", "")
        if value not in _MISSING:
            yield Published(day, base, quote, _rate(value, name, line, at["OBS_VALUE"] + 1))


def _numbered(rows: Iterator[list[str]], width: int, name: str) -> Iterator[tuple[int, list[str]]]:
    line = 1
    for cells in rows:
        line += 1
        stripped = [cell.strip() for cell in cells]
        if not any(stripped):
            continue
        if len(stripped) == width + 1 and stripped[-1] == "":
            stripped.pop()
        if len(stripped) != width:
            why = Sentence("{found} cells where the first line has {width}", found=len(stripped), width=width)
            raise _mistake(name, line, min(len(stripped), width) + 1, why)
        yield line, stripped


def _day(text: str, name: str, line: int, column: int, until: date) -> date:
    day = _day_of(text)
    if day is None:
        raise _mistake(name, line, column, Sentence("{text!r} is no day, like 2026-03-31", text=text))
    if day > until:
        raise _mistake(name, line, column, Sentence("{day} has not come yet", day=day))
    return day


def _day_of(text: str) -> date | None:
    words = text.split()
    try:
        if len(words) == len(("31", "March", "2026")):
            return date(int(words[2]), _MONTHS.index(words[1]) + 1, int(words[0]))
        return date.fromisoformat(text) if _ISO_DAY.fullmatch(text) else None
    except ValueError:
        return None


def _rate(text: str, name: str, line: int, column: int) -> Decimal:
    if not _RATE.fullmatch(text) or not Decimal(text):
        why = Sentence("{text!r} is no rate above zero, written like 1.0831", text=text)
        raise _mistake(name, line, column, why)
    return Decimal(text)


def _mistake(name: str, line: int, column: int, why: Sentence) -> InvalidError:
    return InvalidError(
        Sentence(
            "{name}, line {line}, column {column}: {why}. Nothing was loaded.",
            name=name,
            line=line,
            column=column,
            why=why,
        )
    )
