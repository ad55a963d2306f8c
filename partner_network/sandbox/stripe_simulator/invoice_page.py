"""The hosted page of an invoice, where a person pays it by one of Stripe's test methods."""

import html
from collections.abc import Mapping

from partner_network.sandbox.stripe_simulator import (
    invoice_drafts,
    invoice_payments,
    invoices,
    methods,
    payments,
)
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.methods import Method
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import new_id

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Stripe simulator: invoice {number}</title></head>
<body>
<main>
<h1>Invoice {number}</h1>
<p>This page plays Stripe's hosted invoice. Nothing here is real.</p>
<p>{total} {currency} for {name}: {status}.</p>
{form}
</main>
</body>
</html>
"""
FORM = """<form method="post"><p><label>Pay by <select name="method">{choices}</select></label></p>
<p><button type="submit">Pay {total} {currency}</button></p></form>"""
TRANSFER = "<p>Or send it to the bank account of this customer at Stripe; any amount may be sent.</p>"


def page(call: Call) -> str:
    """Show an invoice and, while it can be paid, how."""
    invoice = _open(call)
    shown = {
        "currency": invoice["currency"].upper(),
        "name": html.escape(invoice["customer_name"] or invoice["customer"]),
        "number": html.escape(invoice["number"]),
        "status": _status(call, invoice),
        "total": invoice["total"],
    }
    form = ""
    if shown["status"] in invoice_payments.PAYABLE:
        names = "".join(f"<option>{name}</option>" for name in _choices(invoice))
        form = FORM.format(choices=names, **shown)
        if "customer_balance" in invoice_drafts.kinds_of(invoice):
            form += TRANSFER
    return PAGE.format(form=form, **shown)


def pay(call: Call, chosen: str) -> str | None:
    """Pay the invoice whole by a test method of that name; return why it is declined, if it is.

    Errors: RefusedError for what cannot be paid, or not like that.
    """
    invoice = _open(call)
    method = _choices(invoice).get(chosen)
    status = _status(call, invoice)
    if status not in invoice_payments.PAYABLE:
        raise RefusedError(f"This invoice is {status}: it takes no payment.")
    if method is None:
        raise RefusedError("This invoice cannot be paid by that method.")
    intent = _intent(call, invoice) | {"last_payment_error": None, "payment_method": new_id("pm")}
    try:
        payments.play(call, intent, method)
    except RefusedError as declined:
        return declined.message
    return None


def _open(call: Call) -> Json:
    invoice = invoices.named(call, call.object_id, status=404)
    if invoice["hosted_invoice_url"] is None:
        raise RefusedError("This invoice is not finalized.", status=404)
    return invoice


def _intent(call: Call, invoice: Json) -> Json:
    return call.state.get(invoice_payments.of(call.state, invoice["id"])["payment"]["payment_intent"])


def _status(call: Call, invoice: Json) -> str:
    is_processing = _intent(call, invoice)["status"] == "processing"
    return "processing" if is_processing else invoice["status"]


def _choices(invoice: Json) -> Mapping[str, Method]:
    """Name the test methods that this invoice takes; German accounts by the last digits of their IBAN."""
    kinds = invoice_drafts.kinds_of(invoice)
    known = {**methods.TOKENS} | {f"sepa_{last4}": method for last4, method in methods.IBANS.items()}
    return {
        name: method
        for name, method in known.items()
        if method.kind in kinds
        and methods.CURRENCIES.get(method.kind, invoice["currency"]) == invoice["currency"]
    }
