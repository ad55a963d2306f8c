"""Charges: what Stripe's test cards do, and how their money is booked."""

from collections.abc import Mapping

import msgspec

from partner_network.sandbox.stripe_simulator import books
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.state import new_id, now

PPM = 1_000_000
CARDS_SETTLE_AFTER_S = 2 * 86_400


class Card(msgspec.Struct, frozen=True):
    """What one of Stripe's test payment methods does."""

    last4: str
    settles_after_s: int = CARDS_SETTLE_AFTER_S
    decline_code: str | None = None
    message: str = ""


CARDS: Mapping[str, Card] = {
    "pm_card_visa": Card("4242"),
    "pm_card_bypassPending": Card("0077", settles_after_s=0),
    "pm_card_chargeDeclined": Card("0002", decline_code="generic_decline", message="Your card was declined."),
    "pm_card_chargeDeclinedInsufficientFunds": Card(
        "9995", decline_code="insufficient_funds", message="Your card has insufficient funds."
    ),
}


def of(intent: Json, card: Card) -> Json:
    """Build the charge of an intent, paid or failed as the card goes."""
    paid = card.decline_code is None
    nobody = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if paid else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": {"address": nobody, "email": None, "name": None, "phone": None, "tax_id": None},
        "calculated_statement_descriptor": "Stripe",
        "captured": paid,
        "created": now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None if paid else "card_declined",
        "failure_message": None if paid else card.message,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": None,
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": intent["payment_method"],
        "payment_method_details": {
            "card": {
                "brand": "visa",
                "checks": None,
                "country": "US",
                "exp_month": 8,
                "exp_year": 2030,
                "funding": "credit",
                "installments": None,
                "last4": card.last4,
                "mandate": None,
                "network": "visa",
                "three_d_secure": None,
                "wallet": None,
            },
            "type": "card",
        },
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
        "status": "succeeded" if paid else "failed",
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
    }


def book(call: Call, charge: Json, card: Card) -> None:
    """Book a paid charge less Stripe's fee; minor units, the fee rounded half up, once."""
    amount = charge["amount"]
    fee = (amount * call.settings.fee_ppm + PPM // 2) // PPM
    transaction = books.record(
        call.state,
        kind="charge",
        source=charge,
        amount=amount,
        fee=fee,
        available_on=now() + card.settles_after_s,
        description=charge["description"],
    )
    charge["balance_transaction"] = transaction["id"]
    into = books.PENDING if card.settles_after_s else books.AVAILABLE
    books.move(
        call.state,
        movement=transaction["id"],
        currency=charge["currency"],
        legs={books.CARD_NETWORKS: -amount, into: amount - fee, books.FEES: fee},
    )
