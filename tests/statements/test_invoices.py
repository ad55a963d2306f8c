"""The self-billing invoice says what the statement says, under the tax of both brands' profiles."""

from datetime import date
from io import BytesIO
from xml.etree import ElementTree as ET

import facturx
import msgspec
import pypdf
import pytest

from partner_network.brands.taxes import TaxProfile
from partner_network.gateways import pdf
from partner_network.statements import cii, documents, invoice_pages, invoices
from partner_network.statements.invoices import Standing
from tests.statements.test_documents import LINES, STATEMENT

NEEDLE = TaxProfile(
    legal_name="Needle & Groove GmbH",
    address="Wasserstr. 7\n10115 Berlin",
    country="DE",
    status="standard",
    valid_from=date(2025, 1, 1),
    tax_rate_ppm=190_000,
    vat_id="DE136695976",
)
BLUEBIRD = msgspec.structs.replace(NEEDLE, legal_name="Bluebird GmbH", vat_id="DE811907980")
ABROAD = msgspec.structs.replace(BLUEBIRD, legal_name="Oiseau SARL", country="FR", vat_id="FR40303265045")
AT_HOME = Standing(NEEDLE, BLUEBIRD, has_agreed=True, rate_ppm=190_000, seller_ref="bnd_needle")
TO_FRANCE = Standing(
    NEEDLE, ABROAD, has_agreed=True, treatment="reverse_charge", rate_ppm=0, seller_ref="bnd_needle"
)
ISSUED = date(2025, 4, 2)
# By hand: 401.00 + 25.00 + 9.99 - 12.50 = 423.49 net; 19 % are 80.46; 503.95 in all.
UNTAXED = msgspec.structs.replace(STATEMENT, taxes=(), closing_minor=49_235 - 8_046)
# By hand: 1.07 came late and 12.50 were recovered: -11.43 net; 19 % are -2.17; -13.60 in all.
TAKEN_BACK = msgspec.structs.replace(
    STATEMENT,
    lines=(msgspec.structs.replace(LINES[-2], amount_minor=107), LINES[-1]),
    taxes=(documents.Tax("Sales tax", -1_143, 190_000, -217, "8.4"),),
    netted=(),
    closing_minor=1_840 - 1_360,
)


def said(xml: bytes, name: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(xml).iter() if element.tag.endswith(f"}}{name}")]  # noqa: S314 - our own


def xml_of(document: documents.StatementDocument, standing: Standing) -> bytes:
    return cii.xml_of(invoices.invoice_of(document, standing, issued_on=ISSUED))


def test_an_invoice_bills_what_was_newly_earned_and_its_tax() -> None:
    xml = xml_of(STATEMENT, AT_HOME)

    assert said(xml, "TypeCode")[0] == "389"
    assert said(xml, "ID")[1] == STATEMENT.number
    assert said(xml, "LineTotalAmount") == ["401.00", "25.00", "9.99", "-12.50", "423.49"]
    assert said(xml, "CategoryCode") == ["S"] * 5
    assert said(xml, "RateApplicablePercent") == ["19"] * 5
    assert said(xml, "TaxTotalAmount") == ["80.46"]
    assert said(xml, "GrandTotalAmount") == said(xml, "DuePayableAmount") == ["503.95"]


def test_the_payee_sells_and_the_payer_buys() -> None:
    parties = said(xml_of(STATEMENT, AT_HOME), "Name")

    assert parties[-2:] == ["Needle & Groove GmbH", "Bluebird GmbH"]


def test_each_line_names_its_program_and_kind_and_the_clause_behind_it() -> None:
    xml = xml_of(STATEMENT, AT_HOME)

    assert said(xml, "Name")[:4] == [
        "Record Club, Commission",
        "Record Club, Bonuses",
        "Record Club, Late commission",
        "Record Club, Recovered clawbacks",
    ]
    assert said(xml, "Content")[1:] == ["clause 4.2", "clause 6.1", "clause 4.2", "clause 5.4"]


def test_what_is_taken_back_is_minus_one_of_a_price_that_is_never_negative() -> None:
    xml = xml_of(STATEMENT, AT_HOME)

    assert said(xml, "ChargeAmount")[-1] == "12.50"
    assert said(xml, "BilledQuantity") == ["1", "1", "1", "-1"]


def test_between_two_member_states_the_buyer_owes_the_tax() -> None:
    xml = xml_of(UNTAXED, TO_FRANCE)

    assert said(xml, "CategoryCode") == ["AE"] * 5
    assert said(xml, "ExemptionReasonCode") == ["VATEX-EU-AE"]
    assert said(xml, "ExemptionReason") == ["Reverse charge: the recipient of the service owes the tax"]
    assert said(xml, "TaxTotalAmount") == ["0.00"]
    assert said(xml, "GrandTotalAmount") == ["423.49"]


def test_what_is_outside_of_the_tax_names_no_rate_and_no_vat_number() -> None:
    american = msgspec.structs.replace(
        NEEDLE, country="US", status="non_eu", tax_rate_ppm=0, vat_id=None, tax_number="91-1144442"
    )
    xml = xml_of(
        UNTAXED, Standing(american, BLUEBIRD, has_agreed=True, treatment="outside", seller_ref="bnd_x")
    )

    assert said(xml, "CategoryCode") == ["O"] * 5
    assert said(xml, "RateApplicablePercent") == []
    assert b"DE811907980" not in xml
    assert b">91-1144442<" in xml


def test_a_sum_below_zero_is_a_credit_note_over_what_is_given_back() -> None:
    xml = xml_of(TAKEN_BACK, AT_HOME)

    assert said(xml, "TypeCode")[0] == "261"
    assert said(xml, "LineTotalAmount") == ["-1.07", "12.50", "11.43"]
    assert said(xml, "TaxTotalAmount") == ["2.17"]
    assert said(xml, "GrandTotalAmount") == ["13.60"]


@pytest.mark.parametrize(
    ("document", "standing"),
    [(STATEMENT, AT_HOME), (UNTAXED, TO_FRANCE), (TAKEN_BACK, AT_HOME)],
    ids=["standard", "reverse charge", "credit note"],
)
def test_every_invoice_meets_the_schema(document: documents.StatementDocument, standing: Standing) -> None:
    xml = xml_of(document, standing)

    cii.must_be_valid(xml)
    with pytest.raises(ValueError, match="does not meet the schema"):
        cii.must_be_valid(xml.replace(b"GrandTotalAmount", b"GreatTotalAmount"))


def test_the_pdf_carries_the_same_xml_and_says_so() -> None:
    invoice = invoices.invoice_of(STATEMENT, AT_HOME, issued_on=ISSUED)
    xml = cii.xml_of(invoice)

    made = pdf.render(invoice_pages.invoice_html(invoice, STATEMENT, xml))

    assert facturx.get_facturx_xml_from_pdf(made, check_xsd=True) == ("factur-x.xml", xml)
    reader = pypdf.PdfReader(BytesIO(made))
    metadata = reader.metadata
    assert metadata is not None
    assert metadata.title == "Self-billing invoice STM-2025-03-0001"
    root = reader.root_object
    packet = root["/Metadata"].get_object().get_data().decode()  # pyright: ignore[reportAttributeAccessIssue, reportOptionalMemberAccess, reportUnknownMemberType, reportUnknownVariableType] - a stream
    assert "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>" in packet
    assert 'pdfaid:part="3"' in packet
    assert 'pdfuaid:part="1"' in packet


def test_the_page_names_countries_in_its_language_and_the_xml_by_their_codes() -> None:
    german = msgspec.structs.replace(UNTAXED, language="de")
    invoice = invoices.invoice_of(german, TO_FRANCE, issued_on=ISSUED)
    xml = cii.xml_of(invoice, "de")

    page = invoice_pages.invoice_html(invoice, german, xml)

    assert "10115 Berlin<br/>Deutschland</p>" in page
    assert "10115 Berlin<br/>Frankreich</p>" in page
    assert said(xml, "CountryID") == ["DE", "FR"]


def test_without_agreement_or_numbers_nothing_is_issued_and_each_reason_says_whose_turn_it_is() -> None:
    nobody = Standing(None, None, has_agreed=False)

    assert [(one.why, one.who) for one in invoices.obstacles(invoices.basis_of(STATEMENT), nobody)] == [
        ("The payee has not agreed to self-billing by the payer yet.", "payee"),
        ("The payee’s tax profile with its tax number is missing.", "payee"),
        ("The payer’s tax profile with its tax number is missing.", "payer"),
    ]
    with pytest.raises(ValueError, match="no invoice can be issued"):
        invoices.invoice_of(STATEMENT, nobody, issued_on=ISSUED)


def test_a_statement_that_was_taxed_otherwise_is_not_billed() -> None:
    assert len(invoices.obstacles(invoices.basis_of(STATEMENT), AT_HOME)) == 0
    assert [one.who for one in invoices.obstacles(invoices.basis_of(STATEMENT), TO_FRANCE)] == ["nobody"]
    assert [one.who for one in invoices.obstacles(invoices.basis_of(UNTAXED), AT_HOME)] == ["nobody"]


def test_donations_and_statements_without_earnings_have_no_invoice() -> None:
    donation = msgspec.structs.replace(AT_HOME, is_donation=True)
    empty = msgspec.structs.replace(STATEMENT, lines=(), taxes=(), netted=(), closing_minor=1_840)

    assert [one.why for one in invoices.obstacles(invoices.basis_of(STATEMENT), donation)] == [
        "A donation is no service: there is no invoice for it."
    ]
    assert len(invoices.obstacles(invoices.basis_of(empty), AT_HOME)) == 1


def test_a_currency_of_three_decimals_has_no_european_invoice() -> None:
    dinars = msgspec.structs.replace(STATEMENT, currency="KWD")

    assert [one.why for one in invoices.obstacles(invoices.basis_of(dinars), AT_HOME)] == [
        "A European invoice has two decimals at most, and KWD has more."
    ]
