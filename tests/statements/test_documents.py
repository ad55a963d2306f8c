"""The printed statement and its CSV say the same sums as the value they come from."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from xml.etree import ElementTree as ET

import msgspec
import pypdf
import pytest
from pypdf.generic import DictionaryObject

from partner_network.gateways import pdf
from partner_network.statements import chart, documents, wording

PAYER = documents.Party("Bluebird Records Inc.", ("418 Mercer Street", "New York"), "US 98-7654321")
PAYEE = documents.Party("Needle & Groove LLC", ("77 Water Street",))
HASH = "3f1c" * 16


def line(index: int) -> documents.Line:
    return documents.Line(
        on=date(2025, 1, 1) + timedelta(days=index % 59),
        kind="earned",
        amount_minor=101 + index,
        order_id=f"{index:06d}",
        program="Record Club",
        component="sales",
        earning_period="2025-01",
        clause="4.2",
        base_minor=2_020 + 20 * index,
    )


# By hand: 200 earned lines of 101 to 300 cents are 40_100; with a bonus of 2_500, a late line of 999 and
# -1_250 recovered, 42_349 are credited; 19 % of that are 8_046 (8_046.31); 3_000 are netted, 1_840 were
# there before.
LINES = (
    *(line(index) for index in range(200)),
    documents.Line(date(2025, 3, 31), "bonus", 2_500, None, "Record Club", "first-fifty", "2025-Q1", "6.1"),
    msgspec.structs.replace(line(7), kind="late", amount_minor=999),
    msgspec.structs.replace(line(3), kind="recovered", amount_minor=-1_250, clause="5.4", base_minor=-25_000),
)
STATEMENT = documents.StatementDocument(
    number="STM-2025-03-0001",
    payer=PAYER,
    payee=PAYEE,
    operator_name="Crossway Networks Ltd.",
    period_label="2025-03",
    first_day=date(2025, 3, 1),
    last_day=date(2025, 3, 31),
    time_zone="America/New_York",
    currency="USD",
    issued_on=date(2025, 4, 1),
    opening_minor=1_840,
    closing_minor=49_235,
    content_hash=HASH,
    verify_url="https://network.example/statements/STM-2025-03-0001/proof",
    lines=LINES,
    taxes=(documents.Tax("Sales tax", 42_349, 190_000, 8_046, "8.4"),),
    netted=(documents.Movement(date(2025, 3, 31), "STM-2025-03-0002", -3_000, "7.1"),),
    prepared_by=documents.SignOff("Ines Marchetti", datetime(2025, 4, 1, 9, 12, tzinfo=UTC)),
)
EMPTY = msgspec.structs.replace(
    STATEMENT,
    lines=(),
    taxes=(),
    netted=(),
    closing_minor=1_840,
    carried_reason="below the minimum of $50.00",
)


def rows_of(document: documents.StatementDocument) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(documents.statement_csv(document))))


def test_a_statement_that_does_not_add_up_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="adds up to 49235 minor units, not to its closing 49236"):
        msgspec.structs.replace(STATEMENT, closing_minor=49_236)


def test_a_line_of_unknown_kind_cannot_be_printed() -> None:
    odd = msgspec.structs.replace(LINES[0], kind="gift")
    with pytest.raises(ValueError, match=r"unknown kinds \['gift'\]"):
        msgspec.structs.replace(STATEMENT, lines=(odd, *LINES[1:]))


def test_lines_are_summed_by_kind() -> None:
    assert [(kind.label, kind.count, kind.amount_minor) for kind in documents.kind_totals(STATEMENT)] == [
        ("Commission", 200, 40_100),
        ("Bonuses", 1, 2_500),
        ("Late commission", 1, 999),
        ("Recovered clawbacks", 1, -1_250),
    ]


def test_lines_are_grouped_so_that_each_group_says_its_clause_once() -> None:
    assert [
        (group.title, len(group.lines), group.amount_minor) for group in documents.line_groups(STATEMENT)
    ] == [
        ("Commission, sales, earned in January 2025, clause 4.2", 200, 40_100),
        ("Bonuses, first-fifty, earned in Q1 2025, clause 6.1", 1, 2_500),
        ("Late commission, sales, earned in January 2025, clause 4.2", 1, 999),
        ("Recovered clawbacks, sales, clause 5.4", 1, -1_250),
    ]


def test_lines_of_several_programs_name_theirs() -> None:
    lines = (msgspec.structs.replace(LINES[0], program="Tape Club"), *LINES[1:])
    titles = [group.title for group in documents.line_groups(msgspec.structs.replace(STATEMENT, lines=lines))]
    assert titles[:2] == [
        "Commission, Tape Club, sales, earned in January 2025, clause 4.2",
        "Commission, Record Club, sales, earned in January 2025, clause 4.2",
    ]


def test_the_csv_adds_up_to_the_closing_in_minor_units_and_in_decimals() -> None:
    *parts, closing = rows_of(STATEMENT)
    assert sum(int(row["amount_minor"]) for row in parts) == int(closing["amount_minor"]) == 49_235
    assert [row["row"] for row in parts if row["row"] != "line"] == ["opening", "tax", "netted"]
    for row in (*parts, closing):
        whole, _, cents = row["amount"].removeprefix("-").partition(".")
        sign = -1 if row["amount"].startswith("-") else 1
        assert sign * (int(whole) * 100 + int(cents)) == int(row["amount_minor"])


def test_each_line_of_the_csv_can_be_traced_to_order_period_and_clause() -> None:
    recovered = next(row for row in rows_of(STATEMENT) if row["kind"] == "recovered")
    assert recovered == {
        "statement": "STM-2025-03-0001",
        "row": "line",
        "date": "2025-01-04",
        "reference": "000003",
        "program": "Record Club",
        "component": "sales",
        "kind": "recovered",
        "earning_period": "2025-01",
        "clause": "5.4",
        "currency": "USD",
        "base": "-250.00",
        "base_minor": "-25000",
        "amount": "-12.50",
        "amount_minor": "-1250",
    }


@pytest.mark.parametrize(
    "order_id", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1", "'=1", "|cmd", "%0a=1"]
)
def test_no_text_in_the_csv_can_run_as_a_formula_and_none_is_lost(order_id: str) -> None:
    lines = (msgspec.structs.replace(LINES[0], order_id=order_id), *LINES[1:])
    reference = rows_of(msgspec.structs.replace(STATEMENT, lines=lines))[1]["reference"]
    assert reference == f"'{order_id}"


def test_ordinary_text_stays_as_it_is_in_the_csv() -> None:
    lines = (msgspec.structs.replace(LINES[0], order_id='A-1, "x"\n=2'), *LINES[1:])
    assert rows_of(msgspec.structs.replace(STATEMENT, lines=lines))[1]["reference"] == 'A-1, "x"\n=2'


@pytest.mark.parametrize(
    ("minor", "currency", "plain", "for_people"),
    [
        (-125_050, "USD", "-1250.50", "\u22121,250.50"),
        (5, "EUR", "0.05", "0.05"),
        (-5, "EUR", "-0.05", "\u22120.05"),
        (1_234_567, "JPY", "1234567", "1,234,567"),
        (1_005, "BHD", "1.005", "1.005"),
        (0, "CLF", "0.0000", "0.0000"),
    ],
)
def test_amounts_are_exact_decimals_with_every_digit_of_the_currency(
    minor: int, currency: str, plain: str, for_people: str
) -> None:
    assert wording.decimal_text(minor, currency) == plain
    assert wording.decimal_text(minor, currency, grouped=True) == for_people


@pytest.fixture(scope="module")
def printed() -> pypdf.PdfReader:
    return pypdf.PdfReader(BytesIO(pdf.render(documents.statement_html(STATEMENT))))


def test_the_printed_statement_lists_every_line_and_the_same_sums(printed: pypdf.PdfReader) -> None:
    text = (
        "\n".join(page.extract_text() for page in printed.pages).replace("\u2212", "-").replace("\xa0", " ")
    )
    for words in (
        "Opening amount 18.40",
        "Commission 200 401.00",
        "Recovered clawbacks 1 -12.50",
        "Sales tax, 19 % of 423.49 (clause 8.4) 80.46",
        "Netted 31 Mar 2025, STM-2025-03-0002 (clause 7.1) -30.00",
        "Closing amount 492.35",
        "$492.35",
        "Commission, sales, earned in January 2025, clause 4.2",
        "200 lines 401.00",
        "Recovered clawbacks, sales, clause 5.4",
        "1 line -12.50",
    ):
        assert words in text
    for index in range(200):
        base, earned = (wording.decimal_text(minor, "USD") for minor in (2_020 + 20 * index, 101 + index))
        assert f" 2025 {index:06d} {base} {earned}\n" in text


def test_every_page_of_lines_repeats_the_heads_of_the_columns(printed: pypdf.PdfReader) -> None:
    pages = [page.extract_text() for page in printed.pages]
    assert len(pages) > 3
    for number, page in enumerate(pages, 1):
        assert "Date Order" in page
        assert "STM-2025-03-0001" in page
        assert f"{number} of {len(pages)}" in page


def test_the_pdf_carries_the_csv(printed: pypdf.PdfReader) -> None:
    attached = {name: contents[0].decode() for name, contents in printed.attachments.items()}
    assert attached == {"statement.csv": documents.statement_csv(STATEMENT)}


def test_the_pdf_is_dated_by_its_issue(printed: pypdf.PdfReader) -> None:
    assert printed.metadata is not None
    assert printed.metadata.get("/CreationDate") == "D:20250401"


def test_a_carried_statement_says_why_and_that_nobody_approved_it_yet() -> None:
    html = documents.statement_html(EMPTY)
    assert "Carried to the next statement" in html
    assert "Below the minimum of $50.00" in html
    assert "No lines in this period" in html
    assert html.count('class="open"') == 1


@pytest.mark.parametrize(
    ("label", "title"),
    [("2025-03", "March 2025"), ("2025-Q1", "Q1 2025"), ("2025", "2025"), ("last", "last")],
)
def test_a_period_is_named_as_people_name_it(label: str, title: str) -> None:
    html = documents.statement_html(msgspec.structs.replace(EMPTY, period_label=label))
    assert f'<span class="title">{title}</span>' in html


def test_what_others_typed_is_escaped() -> None:
    lines = (msgspec.structs.replace(LINES[0], order_id="<script>"), *LINES[1:])
    html = documents.statement_html(msgspec.structs.replace(STATEMENT, lines=lines))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_every_drawing_of_the_printed_statement_says_what_it_shows(printed: pypdf.PdfReader) -> None:
    objects = [printed.get_object(n) for n in sorted(printed.xref_objStm)]
    drawings = [one for one in objects if isinstance(one, DictionaryObject) and one.get("/S") == "/Figure"]
    assert [str(one.get("/Alt"))[:40] for one in drawings] == [
        "Earned by week of the order, at most $65",
        "QR code of the address of this statement",
    ]


def test_long_names_and_amounts_keep_to_their_own_columns() -> None:
    billion = msgspec.structs.replace(LINES[0], amount_minor=100_000_000_000_001)
    wide = msgspec.structs.replace(
        EMPTY,
        payer=documents.Party("W" * 70, ("1 Short Street",)),
        lines=(billion,),
        closing_minor=100_000_000_001_841,
    )
    text = pypdf.PdfReader(BytesIO(pdf.render(documents.statement_html(wide)))).pages[0].extract_text()

    assert "W" * 70 not in text
    assert text.replace("\n", "").count("W" * 70) == 1
    assert "Commission 1 1,000,000,000,000.01" in text.replace("\n", " ")
    assert '<p class="sum long">' in documents.statement_html(wide)


def test_periods_are_named_as_people_name_them() -> None:
    assert '<td class="l">January 2025</td>' in documents.statement_html(STATEMENT)


def test_the_chart_sums_by_week_and_shows_empty_weeks_too() -> None:
    drawn = chart.bars(
        [
            (date(2025, 3, 3), 100),
            (date(2025, 3, 9), 150),
            (date(2025, 3, 17), -50),
            (date(2025, 3, 24), 500),
        ],
        "USD",
    )
    assert drawn is not None
    assert drawn.title == "Earned by week of the order, at most $5.00"
    svg = ET.fromstring(drawn.svg)  # noqa: S314 - our own drawing
    assert (
        svg.findtext("{*}title") == f"{drawn.title}: 3 Mar $2.50; 10 Mar $0.00; 17 Mar -$0.50; 24 Mar $5.00"
    )
    # 600 units of room for 5.50 from the lowest to the highest, each rounded down.
    assert [int(bar.get("height", "")) for bar in svg.iterfind(".//{*}rect")] == [272, 0, 54, 545]


@pytest.mark.parametrize(("days", "step"), [(100, "week"), (700, "month"), (5_000, "year")])
def test_a_long_chart_takes_coarser_steps(days: int, step: str) -> None:
    drawn = chart.bars([(date(2010, 1, 1) + timedelta(days=n), 100) for n in range(0, days, 5)], "USD")
    assert drawn is not None
    assert drawn.title.startswith(f"Earned by {step} ")
    assert drawn.svg.count("<rect") <= chart.BARS_MAX


def test_the_bars_of_a_few_weeks_are_no_wider_than_those_of_seven() -> None:
    drawn = chart.bars([(date(2025, 3, 3), 100), (date(2025, 3, 10), 100)], "USD")
    assert drawn is not None
    # Seven share 5,000 units, so 714 each, of which at most 700 count and seven tenths are ink.
    assert drawn.svg.count('width="490"') == 2


def test_one_bar_is_no_chart() -> None:
    assert chart.bars([(date(2025, 3, 3), 100)], "USD") is None
    assert chart.bars([], "USD") is None
