"""What a PDF says of itself beyond its title: that it can be read aloud, and that it carries an invoice."""

_UA = "http://www.aiim.org/pdfua/ns/id/"
_FX = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
INVOICE_FILE = "factur-x.xml"
"""An attachment of this name is the same invoice for programs (Factur-X 1.0, section 6.2)."""
_INVOICE = {
    "DocumentType": "INVOICE",
    "DocumentFileName": INVOICE_FILE,
    "Version": "1.0",
    "ConformanceLevel": "EN 16931",
}
_END = b"</rdf:RDF>"


def with_claims(rdf: bytes, *, has_invoice: bool) -> bytes:
    """Return the metadata with what the document keeps, and the schemas that PDF/A wants named for it."""
    claims = f'<rdf:Description rdf:about="" xmlns:pdfuaid="{_UA}" pdfuaid:part="1"/>'
    schemas = _schema("PDF/UA identification", _UA, "pdfuaid", {"part": "Integer"}, "internal")
    if has_invoice:
        said = "".join(f"<fx:{name}>{text}</fx:{name}>" for name, text in _INVOICE.items())
        claims += f'<rdf:Description rdf:about="" xmlns:fx="{_FX}">{said}</rdf:Description>'
        schemas += _schema("Factur-X", _FX, "fx", dict.fromkeys(_INVOICE, "Text"), "external")
    claims += (
        '<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
        ' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
        ' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
        f"<pdfaExtension:schemas><rdf:Bag>{schemas}</rdf:Bag></pdfaExtension:schemas></rdf:Description>"
    )
    if _END not in rdf:
        raise ValueError("the metadata of the document has no end at which to say more")
    return rdf.replace(_END, claims.encode() + _END)


def _schema(title: str, uri: str, prefix: str, types: dict[str, str], category: str) -> str:
    properties = "".join(
        f'<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>'
        f"<pdfaProperty:valueType>{kind}</pdfaProperty:valueType>"
        f"<pdfaProperty:category>{category}</pdfaProperty:category>"
        f"<pdfaProperty:description>{title}: {name}</pdfaProperty:description></rdf:li>"
        for name, kind in types.items()
    )
    return (
        f'<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>{title}</pdfaSchema:schema>'
        f"<pdfaSchema:namespaceURI>{uri}</pdfaSchema:namespaceURI>"
        f"<pdfaSchema:prefix>{prefix}</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property></rdf:li>"
    )
