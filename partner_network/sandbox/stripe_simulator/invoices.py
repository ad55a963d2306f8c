"""Invoices that are sent to a customer: drafts, what they ask for, and how they end."""

from partner_network.sandbox.stripe_simulator import (
    events,
    invoice_drafts,
    invoice_payments,
    lists,
    payments,
    refusals,
    transferred_in,
)
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError

FARTHEST_DAY = 365 * 5


def create(call: Call) -> Json:
    """Answer `POST /v1/invoices`: a draft that is to be sent; nothing happens to it by itself."""
    call.takes(
        "auto_advance", "collection_method", "currency", "customer", "days_until_due", "description",
        "expand", "footer", "metadata", "payment_settings", "pending_invoice_items_behavior",
    )  # fmt: skip
    if call.text("collection_method") != "send_invoice":
        raise RefusedError(
            "The simulator only plays invoices with collection_method=send_invoice.",
            param="collection_method",
        )
    if call.text("auto_advance") != "false" or call.text("pending_invoice_items_behavior") == "include":
        raise RefusedError("The simulator only plays invoices that nothing advances or fills by itself.")
    customer_id = call.required_text("customer")
    customer = call.state.find(customer_id, kind="customer")
    if customer is None:
        raise refusals.no_such("customer", customer_id, param="customer")
    if not customer["email"]:
        raise RefusedError("Missing email. In order to create invoices that are sent to the customer, the"
                           " customer must have a valid email.", code="missing_email")  # fmt: skip
    call.required_text("days_until_due")
    days = call.integer("days_until_due", default=0, at_least=0, at_most=FARTHEST_DAY)
    invoice = call.state.put(invoice_drafts.draft(call, customer, days))
    events.tell(call, "invoice.created", invoice)
    return lists.expand(call.state, invoice, call.texts("expand"))


def named(call: Call, invoice_id: str, *, param: str = "id", status: int = 400) -> Json:
    """Find an invoice."""
    invoice = call.state.find(invoice_id, kind="invoice")
    if invoice is None:
        raise refusals.no_such("invoice", invoice_id, param=param, status=status)
    return invoice


def must_be(invoice: Json, *statuses: str, verb: str) -> None:
    """Refuse what an invoice in its state does not take."""
    if invoice["status"] not in statuses:
        raise RefusedError(
            f"You can only {verb} {' or '.join(statuses)} invoices. This invoice is {invoice['status']}.",
            code="invoice_not_editable",
            stored=True,
        )


def put_line(call: Call, invoice: Json, line: Json) -> None:
    """Write one more line on a draft, and what the draft comes to."""
    invoice["lines"]["data"].append(line)
    total = sum(one["amount"] for one in invoice["lines"]["data"])
    sums = (
        "amount_due",
        "amount_remaining",
        "subtotal",
        "subtotal_excluding_tax",
        "total",
        "total_excluding_tax",
    )
    call.state.put(invoice | dict.fromkeys(sums, total))


def lines(call: Call) -> Json:
    """Answer `GET /v1/invoices/{id}/lines`; all of them on one page."""
    call.takes("limit")
    return _asked(call)["lines"]


def delete(call: Call) -> Json:
    """Answer `DELETE /v1/invoices/{id}`: a draft goes with its items."""
    invoice = _asked(call)
    must_be(invoice, "draft", verb="delete")
    for line in invoice["lines"]["data"]:
        call.state.remove(line["parent"]["invoice_item_details"]["invoice_item"])
    call.state.remove(invoice["id"])
    events.tell(call, "invoice.deleted", invoice)
    return {"id": invoice["id"], "object": "invoice", "deleted": True}


def finalize(call: Call) -> Json:
    """Answer `POST /v1/invoices/{id}/finalize`: a number, a hosted page, and an intent that is to pay it."""
    call.takes("auto_advance", "expand")
    invoice = _asked(call)
    must_be(invoice, "draft", verb="finalize")
    if not invoice["total"]:
        raise RefusedError("The simulator does not play invoices of nothing.", stored=True)
    customer = call.state.get(invoice["customer"])
    sequence = customer["next_invoice_sequence"]
    call.state.put(customer | {"next_invoice_sequence": sequence + 1})
    page = f"http://127.0.0.1:{call.settings.port}/invoice/{invoice['id']}"
    invoice |= {
        "due_date": call.now() + invoice["due_date"] - invoice["created"],
        "effective_at": call.now(),
        "hosted_invoice_url": page,
        "invoice_pdf": f"{page}/pdf",
        "number": f"{customer['invoice_prefix']}-{sequence:04}",
        "status": "open",
    }
    invoice["status_transitions"] |= {"finalized_at": call.now()}
    call.state.put(invoice)
    intent = payments.blank(
        call, amount=invoice["total"], currency=invoice["currency"], customer=invoice["customer"]
    ) | {
        "description": invoice["description"],
        "payment_method_types": invoice_drafts.kinds_of(invoice),
    }
    call.state.plan("invoice_is_due", invoice["id"], due_at=invoice["due_date"])
    call.state.put(intent)
    invoice_payments.tie(call, invoice, intent)
    events.tell(call, "payment_intent.created", intent)
    events.tell(call, "invoice.finalized", invoice)
    transferred_in.use(call, invoice["customer"], invoice["currency"])
    return _as_it_is(call)


def send(call: Call) -> Json:
    """Answer `POST /v1/invoices/{id}/send`: Stripe writes to the customer, here an event is all of it."""
    call.takes("expand")
    invoice = _asked(call)
    must_be(invoice, *invoice_payments.PAYABLE, "paid", verb="send")
    events.tell(call, "invoice.sent", invoice)
    return _as_it_is(call)


def void(call: Call) -> Json:
    """Answer `POST /v1/invoices/{id}/void`: nobody can pay it from here on, and its number stays used."""
    call.takes("expand")
    invoice = _asked(call)
    must_be(invoice, *invoice_payments.PAYABLE, verb="void")
    payment = invoice_payments.of(call.state, invoice["id"])
    intent = call.state.get(payment["payment"]["payment_intent"])
    if intent["status"] == "processing":
        raise RefusedError(
            "You cannot void this invoice because a payment for it is processing.",
            code="invoice_payment_intent_requires_action",
            stored=True,
        )
    now = call.now()
    intent |= {"canceled_at": now, "cancellation_reason": "void_invoice", "status": "canceled"}
    payment |= {"status": "canceled"}
    payment["status_transitions"] |= {"canceled_at": now}
    invoice |= {"status": "void"}
    invoice["status_transitions"] |= {"voided_at": now}
    for body in (intent, payment, invoice):
        call.state.put(body)
    events.tell(call, "payment_intent.canceled", intent)
    events.tell(call, "invoice.voided", invoice)
    return _as_it_is(call)


def mark_uncollectible(call: Call) -> Json:
    """Answer `POST /v1/invoices/{id}/mark_uncollectible`: a word for the books, it may still be paid."""
    call.takes("expand")
    invoice = _asked(call)
    must_be(invoice, "open", verb="mark as uncollectible")
    invoice |= {"status": "uncollectible"}
    invoice["status_transitions"] |= {"marked_uncollectible_at": call.now()}
    call.state.put(invoice)
    events.tell(call, "invoice.marked_uncollectible", invoice)
    return _as_it_is(call)


def become_overdue(call: Call, invoice: Json) -> None:
    """Let its last day pass."""
    if invoice["status"] == "open":
        events.tell(call, "invoice.overdue", invoice)


def _asked(call: Call) -> Json:
    return named(call, call.object_id, status=404)


def _as_it_is(call: Call) -> Json:
    return lists.expand(call.state, _asked(call), call.texts("expand"))
