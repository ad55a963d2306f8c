import csv
import io

import pytest

from partner_network.kernel import spreadsheets
from tests.shipping.image import ROOT, tracked_files

FORMULAS = [
    "=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\xa0=1", "\uff1d1", "\uff0b1",
    "\uff0d1", "\uff201", "|cmd", "%0a=1", "=cmd|' /C calc'!A0",
    '=HYPERLINK("https://evil.example","x")', "\u200b=1",
    "\ufeff=1", "\x00=1",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_of_anybodys_can_run_in_a_spreadsheet(text: str) -> None:
    assert spreadsheets.inert(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "A-1", "1=1", "Record Club", "a\n=b", "O'Brien", "\u00e4rger"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert spreadsheets.inert(text) == text


def test_what_was_made_inert_can_be_had_back() -> None:
    for text in (*FORMULAS, "'quoted"):
        assert spreadsheets.inert(text).removeprefix("'") == text


def test_a_row_keeps_its_numbers_and_makes_its_texts_inert() -> None:
    written = spreadsheets.csv_of(["name", "amount"], [["=1+1", -1250], ["Club, the", "-12.50"]], numbers={1})

    assert list(csv.reader(io.StringIO(written))) == [
        ["name", "amount"], ["'=1+1", "-1250"], ["Club, the", "-12.50"],
    ]  # fmt: skip


def test_a_cell_that_should_be_a_number_and_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no number"):
        spreadsheets.csv_of(["amount"], [["=1+1"]], numbers={0})


def test_nobody_writes_csv_but_the_one_who_knows_how() -> None:
    writers = [
        name
        for name in tracked_files()
        if name.startswith(("partner_network/", "admin/"))
        and name.endswith(".py")
        and "csv.writer" in (ROOT / name).read_text().replace("csv.DictWriter", "csv.writer")
    ]
    assert writers == ["partner_network/kernel/spreadsheets.py"]
