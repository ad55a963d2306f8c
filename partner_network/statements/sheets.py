"""A statement for programs: the same rows as CSV, as a workbook, and the whole of it as JSON."""

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from fractions import Fraction

import msgspec
import xlsxwriter

from partner_network.kernel import money, spreadsheets
from partner_network.statements import wording
from partner_network.statements.snapshot import StatementDocument

FORMAT = "partner-network/statement/1"
"""What the JSON calls itself, so that a reader knows what it is and which edition of it."""


def statement_csv(document: StatementDocument) -> str:
    """Return the statement as CSV: one row per line, amounts as exact decimals and as minor units.

    The row `opening` and all rows after it up to `closing` add up to that one. Text that a spreadsheet
    would run as a formula begins with an apostrophe, and so does text that began with one: take one away
    to get the original.
    """
    rows = (_cells(document, row) for row in _rows(document))
    return spreadsheets.csv_of(_COLUMNS, rows, numbers=_NUMBERS)


_COLUMNS = (
    *("statement", "row", "date", "reference", "program", "component", "kind", "earning_period", "clause"),
    *("currency", "base", "base_minor", "amount", "amount_minor"),
)
_NUMBERS = {_COLUMNS.index(name) for name in ("base", "base_minor", "amount", "amount_minor")}


class _Row(msgspec.Struct):
    row: str
    on: date
    amount_minor: int
    reference: str = ""
    program: str = ""
    component: str = ""
    kind: str = ""
    earning_period: str = ""
    clause: str = ""
    base_minor: int | None = None


def _rows(document: StatementDocument) -> Iterator[_Row]:
    yield _Row("opening", document.first_day, document.opening_minor)
    for line in document.lines:
        yield _Row(
            row="line",
            on=line.on,
            amount_minor=line.amount_minor,
            reference=line.order_id or "",
            program=line.program or "",
            component=line.component or "",
            kind=line.kind,
            earning_period=line.earning_period or "",
            clause=line.clause or "",
            base_minor=line.base_minor,
        )
    for tax in document.taxes:
        yield _Row(
            "tax",
            document.last_day,
            tax.amount_minor,
            reference=tax.label,
            clause=tax.clause or "",
            base_minor=tax.base_minor,
        )
    for name, movements in (("netted", document.netted), ("paid", document.paid)):
        for one in movements:
            yield _Row(name, one.on, one.amount_minor, reference=one.reference, clause=one.clause or "")
    yield _Row("closing", document.last_day, document.closing_minor, reference=document.last_reason or "")


def _cells(document: StatementDocument, row: _Row) -> list[str]:
    return [
        document.number,
        row.row,
        row.on.isoformat(),
        *(row.reference, row.program, row.component, row.kind, row.earning_period, row.clause),
        document.currency,
        "" if row.base_minor is None else wording.decimal_text(row.base_minor, document.currency),
        "" if row.base_minor is None else str(row.base_minor),
        wording.decimal_text(row.amount_minor, document.currency),
        str(row.amount_minor),
    ]


def statement_xlsx(document: StatementDocument) -> bytes:
    """Return the rows of the CSV as a workbook; text is text there and never a formula.

    Amounts in minor units are exact. The decimals beside them are for people who add columns up: a
    workbook keeps fifteen digits of a number, and what has more stands there as text.
    """
    target = io.BytesIO()
    # In memory: neither a request nor the worker leaves parts of a statement in a temporary folder.
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        book.set_properties(
            {
                "title": document.number,
                "author": document.operator_name,
                "comments": document.content_hash,
                "created": datetime.combine(document.issued_on, time(), UTC),
            }
        )
        sheet = book.add_worksheet("Statement")
        head = book.add_format({"bold": True, "bottom": 1})
        digits = money.exponent(document.currency)
        amount = book.add_format({"num_format": f"#,##0.{'0' * digits}" if digits else "#,##0"})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(_COLUMNS) - 1, _COLUMN_CHARACTERS)
        for column, name in enumerate(_COLUMNS):
            sheet.write_string(0, column, name, head)
        for at, row in enumerate(_rows(document), start=1):
            for column, cell in enumerate(_cells(document, row)):
                if column in _NUMBERS and cell and len(cell) <= _DIGITS_EXACT:
                    sheet.write_number(at, column, Fraction(cell), amount if "." in cell else None)
                elif cell:
                    sheet.write_string(at, column, cell)
    return target.getvalue()


_COLUMN_CHARACTERS = 18
_DIGITS_EXACT = 15


def statement_json(document: StatementDocument) -> bytes:
    """Return the whole snapshot as JSON; amounts are whole minor units, days are ISO 8601."""
    said = {"format": FORMAT, **msgspec.to_builtins(document, enc_hook=str)}
    return msgspec.json.encode(said) + b"\n"
