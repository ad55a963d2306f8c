"""Invoice items: what an invoice asks money for."""

from partner_network.sandbox.stripe_simulator import events, invoices, lists
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import new_id


def create(call: Call) -> Json:
    """Answer `POST /v1/invoiceitems`; only items of a draft are played, none that wait for a next invoice."""
    call.takes("amount", "currency", "customer", "description", "expand", "invoice", "metadata")
    invoice = invoices.named(call, call.required_text("invoice"), param="invoice")
    invoices.must_be(invoice, "draft", verb="add items to")
    if call.required_text("customer") != invoice["customer"]:
        raise RefusedError("The customer of the item is not the customer of the invoice.", param="customer")
    currency = call.currency()
    if currency != invoice["currency"]:
        raise RefusedError(
            f"The currency of the item ({currency}) is not that of the invoice ({invoice['currency']}).",
            param="currency",
        )
    amount, now = call.amount(), call.now()
    item = call.state.put(
        {
            "id": new_id("ii"),
            "object": "invoiceitem",
            "amount": amount,
            "currency": currency,
            "customer": invoice["customer"],
            "customer_account": None,
            "date": now,
            "description": call.text("description"),
            "discountable": True,
            "discounts": [],
            "invoice": invoice["id"],
            "livemode": False,
            "metadata": call.table("metadata"),
            "net_amount": amount,
            "parent": None,
            "period": {"end": now, "start": now},
            "pricing": None,
            "proration": False,
            "quantity": 1,
            "quantity_decimal": "1",
            "tax_rates": [],
            "test_clock": None,
        }
    )
    invoices.put_line(call, invoice, _line(item))
    events.tell(call, "invoiceitem.created", item)
    return lists.expand(call.state, item, call.texts("expand"))


def _line(item: Json) -> Json:
    same = (
        "amount", "currency", "description", "discountable", "discounts", "invoice", "livemode", "metadata",
        "period", "pricing", "quantity", "quantity_decimal",
    )  # fmt: skip
    details = {
        "invoice_item": item["id"],
        "proration": False,
        "proration_details": None,
        "subscription": None,
    }
    return {name: item[name] for name in same} | {
        "id": new_id("il"),
        "object": "line_item",
        "discount_amounts": [],
        "parent": {
            "invoice_item_details": details,
            "subscription_item_details": None,
            "type": "invoice_item_details",
        },
        "pretax_credit_amounts": [],
        "subscription": None,
        "subtotal": item["amount"],
        "taxes": [],
    }
