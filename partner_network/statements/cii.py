"""A self-billing invoice in the form that programs exchange: Factur-X, profile EN 16931."""

from datetime import date
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from partner_network.brands.taxes import TaxProfile
from partner_network.languages import spoken
from partner_network.languages.catalogs import say, translated
from partner_network.languages.spoken import Language
from partner_network.statements import wording
from partner_network.statements.invoices import REASON, REASON_CODE, Invoice, InvoiceLine

FILE_NAME = "factur-x.xml"
_GUIDELINE = "urn:cen.eu:en16931:2017"
_NS = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}
_PER_PERCENT = 10_000
_ADDRESS_LINES = ("LineOne", "LineTwo", "LineThree")
for _prefix, _uri in _NS.items():
    register_namespace(_prefix, _uri)


def xml_of(invoice: Invoice, language: Language = spoken.SOURCE) -> bytes:
    """Return the invoice as XML, the texts of it in a language; amounts are exact decimals."""
    with spoken.speaking(language):
        root = Element(_tag("rsm:CrossIndustryInvoice"))
        context = _add(root, "rsm:ExchangedDocumentContext")
        guideline = _add(context, "ram:GuidelineSpecifiedDocumentContextParameter")
        _add(guideline, "ram:ID", _GUIDELINE)
        _head(root, invoice)
        trade = _add(root, "rsm:SupplyChainTradeTransaction")
        for number, line in enumerate(invoice.lines, start=1):
            _line(trade, invoice, line, number)
        _agreement(trade, invoice)
        delivery = _add(trade, "ram:ApplicableHeaderTradeDelivery")
        # What is billed by the month is delivered at its end; left empty, the element breaks a rule (R008).
        delivered = _add(delivery, "ram:ActualDeliverySupplyChainEvent")
        _day(_add(delivered, "ram:OccurrenceDateTime"), invoice.last_day)
        _settlement(trade, invoice)
    return tostring(root, encoding="utf-8", xml_declaration=True)


def _head(root: Element, invoice: Invoice) -> None:
    head = _add(root, "rsm:ExchangedDocument")
    _add(head, "ram:ID", invoice.number)
    _add(head, "ram:TypeCode", str(invoice.type_code))
    _day(_add(head, "ram:IssueDateTime"), invoice.issued_on)
    note = say(
        "Self-billing for statement {number}, fingerprint {hash}",
        number=invoice.number,
        hash=invoice.content_hash,
    )
    _add(_add(head, "ram:IncludedNote"), "ram:Content", note)


def _line(trade: Element, invoice: Invoice, line: InvoiceLine, number: int) -> None:
    item = _add(trade, "ram:IncludedSupplyChainTradeLineItem")
    document = _add(item, "ram:AssociatedDocumentLineDocument")
    _add(document, "ram:LineID", str(number))
    if line.clause:
        _add(_add(document, "ram:IncludedNote"), "ram:Content", line.clause)
    _add(_add(item, "ram:SpecifiedTradeProduct"), "ram:Name", line.name)
    price = _add(_add(item, "ram:SpecifiedLineTradeAgreement"), "ram:NetPriceProductTradePrice")
    # A price is never negative (EN 16931, BR-27): what is taken back is minus one of it.
    _add(price, "ram:ChargeAmount", wording.decimal_text(abs(line.amount_minor), invoice.currency))
    delivered = _add(_add(item, "ram:SpecifiedLineTradeDelivery"), "ram:BilledQuantity")
    delivered.text = "1" if line.amount_minor >= 0 else "-1"
    delivered.set("unitCode", "C62")
    settled = _add(item, "ram:SpecifiedLineTradeSettlement")
    _category(_add(settled, "ram:ApplicableTradeTax"), invoice)
    total = _add(settled, "ram:SpecifiedTradeSettlementLineMonetarySummation")
    _amount(total, "LineTotalAmount", line.amount_minor, invoice)


def _agreement(trade: Element, invoice: Invoice) -> None:
    agreement = _add(trade, "ram:ApplicableHeaderTradeAgreement")
    seller = _add(agreement, "ram:SellerTradeParty")
    _add(seller, "ram:ID", invoice.seller_ref)
    _party(seller, invoice.seller, invoice)
    _party(_add(agreement, "ram:BuyerTradeParty"), invoice.buyer, invoice)


def _party(party: Element, profile: TaxProfile, invoice: Invoice) -> None:
    _add(party, "ram:Name", profile.legal_name)
    address = _add(party, "ram:PostalTradeAddress")
    first, second, *rest = [*profile.address.splitlines(), "", ""]
    for name, text in zip(_ADDRESS_LINES, (first, second, ", ".join(filter(None, rest))), strict=True):
        if text:
            _add(address, f"ram:{name}", text)
    _add(address, "ram:CountryID", profile.country)
    # What is outside of the tax names no VAT number (EN 16931, BR-O-02).
    numbers = {"VA": None if invoice.category == "O" else profile.vat_id, "FC": profile.tax_number}
    for scheme, number in numbers.items():
        if number and (scheme == "VA" or profile is invoice.seller):
            _add(_add(party, "ram:SpecifiedTaxRegistration"), "ram:ID", number).set("schemeID", scheme)


def _settlement(trade: Element, invoice: Invoice) -> None:
    settled = _add(trade, "ram:ApplicableHeaderTradeSettlement")
    _add(settled, "ram:InvoiceCurrencyCode", invoice.currency)
    tax = _add(settled, "ram:ApplicableTradeTax")
    _amount(tax, "CalculatedAmount", invoice.tax_minor, invoice)
    _add(tax, "ram:TypeCode", "VAT")
    if reason := REASON.get(invoice.treatment):
        _add(tax, "ram:ExemptionReason", translated(reason))
    _amount(tax, "BasisAmount", invoice.net_minor, invoice)
    _add(tax, "ram:CategoryCode", invoice.category)
    if code := REASON_CODE.get(invoice.treatment):
        _add(tax, "ram:ExemptionReasonCode", code)
    _rate(tax, invoice)
    period = _add(settled, "ram:BillingSpecifiedPeriod")
    _day(_add(period, "ram:StartDateTime"), invoice.first_day)
    _day(_add(period, "ram:EndDateTime"), invoice.last_day)
    terms = say("Settled with statement {number}; nothing else is to be paid on it.", number=invoice.number)
    _add(_add(settled, "ram:SpecifiedTradePaymentTerms"), "ram:Description", terms)
    total = _add(settled, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")
    _amount(total, "LineTotalAmount", invoice.net_minor, invoice)
    _amount(total, "TaxBasisTotalAmount", invoice.net_minor, invoice)
    _amount(total, "TaxTotalAmount", invoice.tax_minor, invoice).set("currencyID", invoice.currency)
    _amount(total, "GrandTotalAmount", invoice.gross_minor, invoice)
    _amount(total, "DuePayableAmount", invoice.gross_minor, invoice)


def _category(tax: Element, invoice: Invoice) -> None:
    _add(tax, "ram:TypeCode", "VAT")
    _add(tax, "ram:CategoryCode", invoice.category)
    _rate(tax, invoice)


def _rate(tax: Element, invoice: Invoice) -> None:
    # What is outside of the tax has no rate, not even nought (EN 16931, BR-O-05).
    if invoice.category != "O":
        _add(tax, "ram:RateApplicablePercent", percent_text(invoice.rate_ppm))


def percent_text(rate_ppm: int) -> str:
    """Return a rate in percent as an exact decimal: 190000 parts per million are `19`."""
    whole, part = divmod(rate_ppm, _PER_PERCENT)
    return f"{whole}.{part:04}".rstrip("0").rstrip(".") if part else str(whole)


def _amount(parent: Element, name: str, minor: int, invoice: Invoice) -> Element:
    return _add(parent, f"ram:{name}", wording.decimal_text(minor, invoice.currency))


def _day(parent: Element, day: date) -> None:
    said = _add(parent, "udt:DateTimeString", f"{day:%Y%m%d}")
    said.set("format", "102")


def _add(parent: Element, name: str, text: str | None = None) -> Element:
    element = SubElement(parent, _tag(name))
    element.text = text
    return element


def _tag(name: str) -> str:
    prefix, local = name.split(":")
    return f"{{{_NS[prefix]}}}{local}"


def must_be_valid(xml: bytes) -> None:
    """Hold the XML against the schema of the standard. Errors: ValueError, which names the place."""
    # Imported here: it brings a client for networks along, which only a worker that bills should load.
    import facturx  # noqa: PLC0415 - the same

    try:
        facturx.xml_check_xsd(xml, flavor="factur-x", level="en16931")
    except Exception as error:
        raise ValueError(f"the invoice does not meet the schema of Factur-X: {error}") from error
