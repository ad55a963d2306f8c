"""What a screen reader is told of each kind of document (PDF/UA-1): clauses of ISO 14289-1 in brackets."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pypdf
import pytest
from pypdf.generic import ArrayObject, ContentStream, DictionaryObject, IndirectObject, NumberObject

from partner_network.agreements import documents as agreements
from partner_network.gateways import pdf
from partner_network.statements import cii, documents, invoice_pages
from tests.agreements.test_documents import SIGNED
from tests.statements.kinds import INVOICES, STATEMENTS

INVOICED, INVOICE = INVOICES["taxed"]
PAGES = {
    "statement": documents.statement_html(STATEMENTS["of-200-lines"]),
    "german": documents.statement_html(STATEMENTS["german"]),
    "held": documents.statement_html(STATEMENTS["held-and-disputed"]),
    "invoice": invoice_pages.invoice_html(INVOICE, INVOICED, cii.xml_of(INVOICE)),
    "agreement": agreements.agreement_html(SIGNED),
}
SHOWS_TEXT = {b"Tj", b"TJ", b"'", b'"'}


@pytest.fixture(scope="module", params=PAGES)
def printed(request: pytest.FixtureRequest) -> pypdf.PdfReader:
    return pypdf.PdfReader(BytesIO(pdf.render(PAGES[request.param])))


def root_of(reader: pypdf.PdfReader) -> Any:
    return reader.root_object["/StructTreeRoot"]


def kids(tag: Any) -> list[Any]:
    found = tag.get("/K", ArrayObject())
    return [one.get_object() for one in (found if isinstance(found, ArrayObject) else [found])]


def tags(tag: Any) -> Iterator[Any]:
    for kid in kids(tag):
        if isinstance(kid, DictionaryObject):
            yield kid
            yield from tags(kid)


def of_kind(reader: pypdf.PdfReader, *kinds: str) -> list[Any]:
    return [tag for tag in tags(root_of(reader)) if tag.get("/S") in kinds]


def test_a_table_holds_rows_alone_and_is_never_there_for_looks(printed: pypdf.PdfReader) -> None:
    # [7.2, 7.5] Who reads by ear is led through a table cell by cell, so only what has heads may be one.
    tables = of_kind(printed, "/Table")
    assert tables
    for table in tables:
        within = {kid["/S"] for kid in kids(table)}
        assert within <= {"/THead", "/TBody", "/TFoot", "/TR", "/Caption"}
        assert any(tag.get("/S") == "/TH" for tag in tags(table))
    for part in of_kind(printed, "/THead", "/TBody"):
        assert {kid["/S"] for kid in kids(part)} == {"/TR"}
    for row in of_kind(printed, "/TR"):
        assert {kid["/S"] for kid in kids(row)} <= {"/TH", "/TD"}


def test_every_cell_names_its_heads_and_every_head_says_for_what_it_stands(printed: pypdf.PdfReader) -> None:
    for table in of_kind(printed, "/Table"):
        heads = {tag["/ID"]: tag["/A"]["/Scope"] for tag in tags(table) if tag.get("/S") == "/TH"}
        assert set(heads.values()) <= {"/Column", "/Row"}
        for cell in (tag for tag in tags(table) if tag.get("/S") == "/TD"):
            assert set(cell["/A"]["/Headers"]) <= heads.keys()
    in_rows = [tag["/A"]["/Scope"] for tag in of_kind(printed, "/TH") if under(tag) == "/TBody"]
    assert set(in_rows) <= {"/Row"}


def under(head: Any) -> str:
    return head["/P"]["/P"]["/S"]


def test_every_word_is_marked_as_content_or_as_a_running_line(printed: pypdf.PdfReader) -> None:
    # [7.1] What is content is reached from the root; what is not says that it is an artifact.
    reached: set[tuple[int, int]] = set()
    for tag in tags(root_of(printed)):
        for kid in kids(tag):
            if isinstance(kid, NumberObject):
                reached.add((page_of(tag), int(kid)))
    parents = root_of(printed)["/ParentTree"]["/Nums"]
    for page in printed.pages:
        of_page = page.indirect_reference
        assert isinstance(of_page, IndirectObject)
        in_order = parents[2 * int(page["/StructParents"]) + 1]  # pyright: ignore[reportArgumentType] - a number
        running = 0
        for number in said_on(printed, page):
            if number is None:
                running += 1
            else:
                assert (of_page.idnum, number) in reached
                assert in_order[number].get_object()["/S"] in {"/Span", "/Figure"}
        assert running, "each page has its number at least"


def page_of(tag: Any) -> int:
    return tag.raw_get("/Pg").idnum


def said_on(reader: pypdf.PdfReader, page: pypdf.PageObject) -> Iterator[int | None]:
    """Yield for each piece of text its mark, or nothing where it is an artifact."""
    within: list[int | None] = []
    for operands, operator in ContentStream(page["/Contents"], reader).operations:
        if operator == b"BDC" and operands[0] == "/Artifact":
            assert operands[1] == {"/Type": "/Pagination"}
            within.append(None)
        elif operator in {b"BDC", b"BMC"}:
            within.append(operands[1]["/MCID"] if operator == b"BDC" else None)
        elif operator == b"EMC":
            within.pop()
        elif operator in SHOWS_TEXT:
            assert within, "this text is neither content nor an artifact"
            yield within[-1]


def test_every_drawing_says_what_it_shows_and_where_on_the_paper(printed: pypdf.PdfReader) -> None:
    for figure in of_kind(printed, "/Figure"):
        assert figure["/Alt"]
        left, bottom, right, top = (float(one) for one in figure["/A"]["/BBox"])
        width, height = (float(one) for one in printed.pages[0].mediabox[2:])
        assert 0 <= left < right <= width
        assert 0 <= bottom < top <= height


def test_a_drawing_is_where_its_box_says() -> None:
    # By hand: 40 px of a margin and 100 px of a block come first, so 140 to 150 px from above are 105 to
    # 112.5 points; of a page of 750 points, that is 637.5 to 645 from below.
    dot = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='20' height='10'/%3E"
    page = (
        '<html lang="en"><title>t</title><style>@page { size: 800px 1000px; margin: 40px } '
        "body { margin: 0 } div { height: 100px } img { display: block }</style>"
        f'<div></div><img alt="a dot" src="{dot}">'
    )
    reader = pypdf.PdfReader(BytesIO(pdf.render(page)))
    (figure,) = of_kind(reader, "/Figure")
    assert [float(one) for one in figure["/A"]["/BBox"]] == pytest.approx([30, 637.5, 45, 645])


def test_every_attached_file_is_named_once(printed: pypdf.PdfReader) -> None:
    files: Any = printed.root_object["/AF"]
    named = [one.raw_get("/EF")["/F"].hash_value() for one in files]
    assert len(named) == len(set(named)) == len(printed.attachments)
