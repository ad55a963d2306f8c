"""Charges: one per attempt to take or pass on money, and how it is booked."""

from partner_network.sandbox.stripe_simulator import books, events, methods
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.methods import Method
from partner_network.sandbox.stripe_simulator.state import new_id

PPM = 1_000_000


def blank(*, charge_id: str, at: int, amount: int, currency: str) -> Json:
    """Write a succeeded charge with nothing else known of it."""
    return {
        "id": charge_id,
        "object": "charge",
        "amount": amount,
        "amount_captured": amount,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": methods.NOBODY,
        "calculated_statement_descriptor": "Stripe",
        "captured": True,
        "created": at,
        "currency": currency,
        "customer": None,
        "description": None,
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": {},
        "on_behalf_of": None,
        "outcome": None,
        "paid": True,
        "payment_intent": None,
        "payment_method": None,
        "payment_method_details": None,
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "succeeded",
        "transfer_data": None,
        "transfer_group": None,
    }


def of(call: Call, intent: Json, method: Method) -> Json:
    """Build the charge of an intent: a card's is decided, a debit's is pending."""
    is_card = method.kind == "card"
    charge = blank(
        charge_id=new_id("ch" if is_card else "py"),
        at=call.now(),
        amount=intent["amount"],
        currency=intent["currency"],
    ) | {
        "customer": intent["customer"],
        "description": intent["description"],
        "metadata": dict(intent["metadata"]),
        "payment_intent": intent["id"],
        "payment_method": intent["payment_method"],
        "payment_method_details": methods.paid_with(method),
        "transfer_group": intent["transfer_group"],
    }
    if method.kind in {"sepa_debit", "us_bank_account"}:
        return charge | {"paid": False, "status": "pending"}
    return charge if method.failure is None else failed(charge, method)


def failed(charge: Json, method: Method) -> Json:
    """Write that no money came."""
    return charge | {
        "amount_captured": 0,
        "captured": False,
        "failure_code": "card_declined" if method.kind == "card" else method.failure,
        "failure_message": method.message,
        "paid": False,
        "status": "failed",
    }


def outside(charge: Json) -> str:
    """Tell where a charge's money came from."""
    kind = (charge["payment_method_details"] or {}).get("type")
    if kind == "customer_balance":
        return books.cash_of(charge["customer"])
    return books.CARD_NETWORKS if kind == "card" else books.BANKS


def succeed(call: Call, charge: Json, method: Method) -> Json:
    """Book a paid charge less Stripe's fee; minor units, the fee rounded half up, once."""
    amount = charge["amount"]
    charge |= {"paid": True, "status": "succeeded"}
    transaction = books.record(
        call.state,
        kind="charge" if method.kind == "card" else "payment",
        category="charge",
        source=charge,
        amount=amount,
        fee=(amount * call.settings.fee_ppm + PPM // 2) // PPM,
        available_on=call.now() + method.settles_after_s,
        description=charge["description"],
    )
    books.post(call.state, transaction, against=outside(charge))
    charge["balance_transaction"] = transaction["id"]
    call.state.put(charge)
    events.tell(call, "charge.succeeded", charge)
    return charge
