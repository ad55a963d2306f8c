"""Amounts beyond what a floating point number holds stand in every document to their last digit."""

import csv
import io
import json
from datetime import date

import msgspec
import python_calamine

from partner_network.statements import chart, documents, sheets
from tests.statements.test_documents import EMPTY, LINES

ODD, MOST = 2**53 + 1, 2**62
LARGE = msgspec.structs.replace(
    EMPTY,
    opening_minor=0,
    closing_minor=ODD + MOST,
    carried_reason=None,
    lines=(
        msgspec.structs.replace(LINES[0], amount_minor=ODD, base_minor=MOST),
        msgspec.structs.replace(LINES[1], amount_minor=MOST, base_minor=MOST),
    ),
)
# By hand: 2^53 + 1 is 9,007,199,254,740,993 and 2^62 is 4,611,686,018,427,387,904.
ODD_TEXT, SUM_TEXT = "90071992547409.93", "46206932176821288.97"


def test_the_csv_has_every_digit_in_both_ways_of_writing_an_amount() -> None:
    rows = list(csv.DictReader(io.StringIO(sheets.statement_csv(LARGE))))
    assert [(row["amount"], row["amount_minor"]) for row in rows[1:2]] == [(ODD_TEXT, str(ODD))]
    assert (rows[-1]["amount"], rows[-1]["amount_minor"]) == (SUM_TEXT, str(ODD + MOST))
    assert sum(int(row["amount_minor"]) for row in rows[:-1]) == ODD + MOST


def test_the_json_has_whole_numbers_that_are_read_back_as_they_were() -> None:
    written = sheets.statement_json(LARGE)
    assert f":{ODD}".encode() in written
    read = json.loads(written)
    assert [line["amount_minor"] for line in read["lines"]] == [ODD, MOST]
    assert read["closing_minor"] == ODD + MOST


def test_the_workbook_keeps_minor_units_that_no_cell_of_numbers_could_hold() -> None:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(sheets.statement_xlsx(LARGE)))
    cells = {
        str(cell)
        for name in book.sheet_names
        for row in book.get_sheet_by_name(name).to_python()
        for cell in row
    }
    assert {str(ODD), str(ODD + MOST)} <= cells


def test_the_page_and_its_chart_say_every_digit() -> None:
    html = documents.statement_html(LARGE)
    assert ">90,071,992,547,409.93<" in html
    assert ">46,206,932,176,821,288.97<" in html
    drawn = chart.bars([(date(2025, 3, 3), ODD), (date(2025, 3, 10), MOST)], "USD")
    assert drawn is not None
    assert "3 Mar $90,071,992,547,409.93; 10 Mar $46,116,860,184,273,879.04" in drawn.svg
