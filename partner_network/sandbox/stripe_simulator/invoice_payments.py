"""What ties an invoice to the PaymentIntent that pays it: what becomes of the one is told of the other."""

from partner_network.sandbox.stripe_simulator import events
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.state import State, new_id

KIND = "invoice_payment"
PAYABLE = ("open", "uncollectible")


def tie(call: Call, invoice: Json, intent: Json) -> Json:
    """Write that an intent is to pay an invoice."""
    return call.state.put(
        {
            "id": new_id("inpay"),
            "object": KIND,
            "amount_paid": None,
            "amount_requested": intent["amount"],
            "created": call.now(),
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "livemode": False,
            "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
            "status": "open",
            "status_transitions": {"canceled_at": None, "paid_at": None},
        }
    )


def of(state: State, invoice_id: str) -> Json:
    """Find what is to pay a finalized invoice."""
    (payment,) = state.select(KIND, {"json_extract(body, '$.invoice') = ?": invoice_id})
    return payment


def follow(call: Call, intent: Json) -> None:
    """Write on the invoice what has become of its payment; most intents pay none."""
    mine = {"json_extract(body, '$.payment.payment_intent') = ?": intent["id"]}
    for payment in call.state.select(KIND, mine):
        invoice = call.state.get(payment["invoice"])
        invoice |= {"attempt_count": invoice["attempt_count"] + 1, "attempted": True}
        if intent["status"] == "succeeded":
            _pay(call, invoice, payment)
        else:
            call.state.put(invoice)
            events.tell(call, "invoice.payment_failed", invoice)


def _pay(call: Call, invoice: Json, payment: Json) -> None:
    amount, now = payment["amount_requested"], call.now()
    payment |= {"amount_paid": amount, "status": "paid"}
    payment["status_transitions"] |= {"paid_at": now}
    invoice |= {"amount_paid": amount, "amount_remaining": 0, "status": "paid"}
    invoice["status_transitions"] |= {"paid_at": now}
    call.state.put(payment)
    call.state.put(invoice)
    events.tell(call, "invoice_payment.paid", payment)
    events.tell(call, "invoice.paid", invoice)
    events.tell(call, "invoice.payment_succeeded", invoice)
