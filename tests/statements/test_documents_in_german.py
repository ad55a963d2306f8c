"""A statement of a German payee is German, and its figures are those of the English one."""

from io import BytesIO

import msgspec
import pypdf

from partner_network.gateways import pdf
from partner_network.statements import carrying, documents
from tests.statements.test_documents import EMPTY, STATEMENT

GERMAN = msgspec.structs.replace(STATEMENT, language="de")


def test_a_german_payee_reads_german_words_and_the_same_figures() -> None:
    reader = pypdf.PdfReader(BytesIO(pdf.render(documents.statement_html(GERMAN))))
    text = "\n".join(page.extract_text() for page in reader.pages).replace("\xa0", " ")
    for words in (
        "Abrechnung STM-2025-03-0001",
        "März 2025",
        "Sales tax, 19 % von 423,49 (Ziffer 8.4) 80,46",
        "Verrechnet am 31.03.2025, STM-2025-03-0002 (Ziffer 7.1) \u221230,00",
        "Schlussbetrag 492,35",
        "492,35 $",
        "Provision, sales, aus Januar 2025, Ziffer 4.2",
        "200 Zeilen 401,00",
        "1 von ",
    ):
        assert words in text
    assert "Abrechnung STM-2025-03-0001" in reader.pages[1].extract_text()
    assert reader.root_object["/Lang"] == "de"


def test_the_language_of_a_statement_changes_nothing_that_a_machine_reads() -> None:
    assert documents.statement_csv(GERMAN) == documents.statement_csv(STATEMENT)


def test_a_reason_to_carry_is_said_in_german_with_its_amount() -> None:
    why = carrying.why_carried(closing_minor=1_840, minimum_minor=5_000, currency="EUR")
    html = documents.statement_html(msgspec.structs.replace(EMPTY, language="de", carried_reason=why))
    assert "Unter der Mindestauszahlung von 50,00\xa0€" in html
    assert "Auf die nächste Abrechnung übertragen" in html
