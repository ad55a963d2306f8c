"""A self-billing invoice as people read it, with the same invoice for programs inside."""

from base64 import b64encode
from functools import partial

from partner_network.languages import spoken
from partner_network.languages.catalogs import translated
from partner_network.statements import cii, documents, wording
from partner_network.statements.invoices import REASON, Invoice
from partner_network.statements.snapshot import StatementDocument


def invoice_html(invoice: Invoice, document: StatementDocument, xml: bytes) -> str:
    """Return the invoice as printable HTML, in the statement's language, with its XML attached."""
    with spoken.speaking(document.language):
        reason = REASON.get(invoice.treatment)
        return documents.template("invoice.html").render(
            invoice=invoice,
            language=document.language,
            operator_name=document.operator_name,
            period_label=document.period_label,
            reason=translated(reason) if reason else "",
            figure=partial(wording.decimal_text, currency=invoice.currency, grouped=True),
            file_name=cii.FILE_NAME,
            xml=b64encode(xml).decode(),
        )
