"""Bank transfers: money that a customer sends, which Stripe keeps for it until it covers an invoice whole."""

from partner_network.sandbox.stripe_simulator import (
    books,
    events,
    invoice_drafts,
    invoice_payments,
    methods,
    payments,
)
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.state import new_id


def arrive(call: Call, customer: str, *, amount: int, currency: str) -> None:
    """Book what came from the bank, and pay what it covers."""
    legs = {books.BANKS: -amount, books.cash_of(customer): amount}
    books.move(call.state, movement=new_id("ccsbtxn"), currency=currency, legs=legs)
    use(call, customer, currency)


def use(call: Call, customer: str, currency: str) -> None:
    """Pay the customer's open invoices with what is there, the oldest first, each whole or not at all.

    What is too little, or left over, stays the customer's own.
    """
    for invoice in call.state.select("invoice", {"json_extract(body, '$.customer') = ?": customer}):
        if (
            invoice["status"] not in invoice_payments.PAYABLE
            or invoice["currency"] != currency
            or "customer_balance" not in invoice_drafts.kinds_of(invoice)
        ):
            continue
        held = books.held(call.state, books.cash_of(customer)).get(currency, 0)
        intent = call.state.get(invoice_payments.of(call.state, invoice["id"])["payment"]["payment_intent"])
        if not held or intent["status"] == "processing":
            continue
        _pay_or_wait(call, intent, held)


def _pay_or_wait(call: Call, intent: Json, held: int) -> None:
    if held >= intent["amount"]:
        payments.play(call, intent, methods.BANK_TRANSFER)
    else:
        events.tell(call, "payment_intent.partially_funded", intent)
