"""Tables for spreadsheets, in which nobody's text can run as a formula."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

# Also the wide forms that some programs take for the same, and the apostrophe itself, so that taking one away
# always gives the original.
_FORMULA_STARTS = frozenset("=+-@'|%\uff1d\uff0b\uff0d\uff20")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?|")
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})


def inert(text: str) -> str:
    """Return a text with an apostrophe before it where a spreadsheet would run it, else as it is."""
    first = text[:1]
    return f"'{text}" if first in _FORMULA_STARTS or _is_unseen(first) else text


def csv_of(
    columns: Sequence[str], rows: Iterable[Sequence[str | int]], *, numbers: AbstractSet[int] = frozenset()
) -> str:
    """Return a table as CSV; the cells of the columns ``numbers`` stand as they are, all others inert.

    Errors: ValueError for a cell among the numbers that is neither a number nor empty.
    """
    target = io.StringIO()
    csv.writer(target).writerow(columns)
    return target.getvalue() + csv_rows(rows, numbers=numbers)


def csv_rows(rows: Iterable[Sequence[str | int]], *, numbers: AbstractSet[int] = frozenset()) -> str:
    """Return rows as they stand in a table under its heads, for one that is written in parts."""
    target = io.StringIO()
    writer = csv.writer(target)
    for row in rows:
        writer.writerow(_number(cell) if at in numbers else inert(str(cell)) for at, cell in enumerate(row))
    return target.getvalue()


def _number(cell: str | int) -> str:
    if not _NUMBER.fullmatch(str(cell)):
        raise ValueError(f"{cell!r} is no number")
    return str(cell)


def _is_unseen(letter: str) -> bool:
    return letter != "" and unicodedata.category(letter) in _UNSEEN
