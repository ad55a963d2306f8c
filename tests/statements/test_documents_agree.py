"""PDF, CSV, workbook, JSON and invoice of one lived statement, made by the worker and read back: one sum."""

import csv
import io
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pypdf
import pytest
import python_calamine

from partner_network.gateways import clock
from partner_network.gateways.file_store.local import LocalFileStore
from partner_network.gateways.pdf import Renderer
from partner_network.kernel import money
from partner_network.languages import formats, spoken
from partner_network.languages.spoken import Language
from partner_network.statements import cii, documents, invoice_pages, jobs, sheets, wording
from partner_network.statements.document_queries import Issuer
from partner_network.statements.rules import RenderStatement
from tests.conftest import FreshDatabase
from tests.dashboards.conftest import copy, lived
from tests.statements.kinds import INVOICES, STATEMENTS, WANTS_A_TYPEFACE
from tests.statements.test_invoices import said

__all__ = ["copy", "lived"]

NUMBER = "TUNE-HOUSE-NIGHT-RADIO-2026-02-USD"
ISSUER = Issuer("Crossway Networks Ltd.", "https://network.example")
ALL = {"pdf", "csv", "xlsx", "json", "invoice", "xml"}
BOTH_PROFILES = """
    INSERT INTO tax_profiles (id, brand_id, valid_from, legal_name, address, country, status, tax_number,
        tax_rate_ppm, recorded_at, recorded_by)
    SELECT gen_random_uuid(), b.id, '2026-03-02', b.legal_name, b.address, b.country, 'standard',
        '91-1144442', b.tax_rate_ppm, '2026-03-01', (SELECT id FROM members LIMIT 1)
    FROM brands b JOIN statements s ON b.id IN (s.payee_id, s.payer_id) WHERE s.id = $1"""
AGREED = """
    INSERT INTO self_billing_agreements (id, payee_id, payer_id, agreed_at, agreed_by)
    SELECT gen_random_uuid(), payee_id, payer_id, '2026-03-01', (SELECT id FROM members LIMIT 1)
    FROM statements WHERE id = $1"""


async def undocumented(owner: "asyncpg.Connection[asyncpg.Record]", language: Language) -> UUID:
    """The statement with none of its documents made yet, in the language of its payee."""
    await owner.execute("ALTER TABLE statement_documents DISABLE TRIGGER USER")
    statement = await owner.fetchval("SELECT id FROM statements WHERE number = $1", NUMBER)
    await owner.execute("DELETE FROM statement_documents WHERE statement_id = $1", statement)
    await owner.execute(
        "UPDATE brands SET customer_language = $2 WHERE id = (SELECT payee_id FROM statements WHERE id = $1)",
        statement,
        language,
    )
    return statement


@pytest.mark.parametrize("language", spoken.LANGUAGES)
async def test_all_documents_of_a_statement_say_the_same_to_the_cent(
    copy: FreshDatabase, tmp_path: Path, language: Language
) -> None:
    owner = await copy.connect("owner")
    statement = await undocumented(owner, language)
    files = LocalFileStore(tmp_path, "https://network.example", b"k" * 32)
    made: dict[str, bytes] = {}

    async def render_and_read() -> None:
        await jobs.render(renderer, files, ISSUER, RenderStatement(statement), await clock.now())
        rows = await owner.fetch(
            "SELECT kind, file_key FROM statement_documents WHERE statement_id = $1", statement
        )
        made.update({row["kind"]: await files.get(row["file_key"]) for row in rows})

    async with Renderer(processes=1) as renderer:
        await render_and_read()
        assert made.keys() == ALL - {"invoice", "xml"}, "no statement waits for its invoice"
        await owner.execute(BOTH_PROFILES, statement)
        await render_and_read()
        assert made.keys() == ALL - {"invoice", "xml"}
        await owner.execute(AGREED, statement)
        await render_and_read()
    row: Any = await owner.fetchrow("SELECT * FROM statements WHERE id = $1", statement)
    await owner.close()

    assert made.keys() == ALL
    totals = msgspec.json.decode(row["totals"], type=dict[str, int])
    tax_minor, closing_minor = totals["tax"], row["closing_minor"]
    billed_minor = sum(minor for kind, minor in totals.items() if kind not in {"netted", "paid", "returned"})
    assert tax_minor > 0
    assert sum_of_csv(made["csv"]) == (closing_minor - row["opening_minor"], closing_minor)
    assert sum_of_book(made["xlsx"]) == (closing_minor - row["opening_minor"], closing_minor)
    assert sum_of_json(made["json"]) == (closing_minor - row["opening_minor"], closing_minor)
    with spoken.speaking(language):
        closing, billed = (formats.money(minor, "USD") for minor in (closing_minor, billed_minor))
    assert plain(closing) in text_of(made["pdf"])
    assert plain(billed) in text_of(made["invoice"])
    assert [Decimal(one) * 100 for one in said(made["xml"], "TaxTotalAmount")] == [tax_minor]
    assert [Decimal(one) * 100 for one in said(made["xml"], "GrandTotalAmount")] == [billed_minor]
    lines = [Decimal(one) * 100 for one in said(made["xml"], "LineTotalAmount")]
    assert sum(lines[:-1]) == lines[-1] == billed_minor - tax_minor
    assert {"en": "Self-billing invoice", "de": "Gutschrift"}[language] in text_of(made["invoice"])


async def test_the_documents_of_every_kind_of_statement_say_the_same_sums() -> None:
    async with Renderer(processes=1) as renderer:
        for kind, document in STATEMENTS.items():
            moved = (document.closing_minor - document.opening_minor, document.closing_minor)
            assert sum_of_csv(sheets.statement_csv(document).encode()) == moved, kind
            digits = money.exponent(document.currency)
            assert sum_of_book(sheets.statement_xlsx(document), digits) == moved, kind
            assert sum_of_json(sheets.statement_json(document)) == moved, kind
            if kind in WANTS_A_TYPEFACE:
                continue
            text = text_of(await renderer.pdf(documents.statement_html(document)))
            with spoken.speaking(document.language):
                figures = Counter(figure(one.amount_minor, document.currency) for one in document.lines)
                figures[figure(document.closing_minor, document.currency)] += 1
                closing = formats.money(document.closing_minor, document.currency)
            assert plain(closing) in text, kind
            said_there = Counter(re.findall(r"[\u2212\d.,]*\d", text))
            assert figures <= said_there, (kind, figures - said_there)


async def test_the_documents_of_every_kind_of_invoice_say_the_same_sums() -> None:
    async with Renderer(processes=1) as renderer:
        for kind, (document, invoice) in INVOICES.items():
            xml = cii.xml_of(invoice, document.language)
            page = invoice_pages.invoice_html(invoice, document, xml)
            content = await renderer.pdf(page)
            text = text_of(content)
            unit = 10 ** money.exponent(document.currency)
            with spoken.speaking(document.language):
                for name, minor in (
                    ("LineTotalAmount", invoice.net_minor),
                    ("TaxTotalAmount", invoice.tax_minor),
                    ("GrandTotalAmount", invoice.gross_minor),
                ):
                    assert Decimal(said(xml, name)[-1]) * unit == minor, kind
                    if kind not in WANTS_A_TYPEFACE:
                        assert figure(minor, document.currency) in text, (kind, name)
            (within,) = pypdf.PdfReader(io.BytesIO(content)).attachments[cii.FILE_NAME]
            assert within == xml, kind


def figure(minor: int, currency: str) -> str:
    return wording.decimal_text(minor, currency, grouped=True)


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


def text_of(content: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return plain("\n".join(page.extract_text() for page in pages))


def sum_of_csv(content: bytes) -> tuple[int, int]:
    *parts, closing = list(csv.DictReader(io.StringIO(content.decode())))
    moved = sum(int(one["amount_minor"]) for one in parts if one["row"] != "opening")
    return moved, int(closing["amount_minor"])


def sum_of_book(content: bytes, digits: int = 2) -> tuple[int, int]:
    sheet = python_calamine.load_workbook(io.BytesIO(content)).get_sheet_by_index(0)
    _, _, *parts, closing = sheet.to_python()
    in_decimals = sum(Decimal(str(one[-2])) * 10**digits for one in parts)
    in_minor = sum(Decimal(str(one[-1])) for one in parts)
    assert in_decimals == in_minor
    return int(in_minor), int(Decimal(str(closing[-1])))


def sum_of_json(content: bytes) -> tuple[int, int]:
    said_in: dict[str, Any] = msgspec.json.decode(content)
    parts = [one for kind in ("lines", "taxes", "netted", "paid") for one in said_in[kind]]
    return sum(one["amount_minor"] for one in parts), said_in["closing_minor"]
