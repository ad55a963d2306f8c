"""Money in: PaymentIntents confirmed at once with Stripe's test payment methods."""

from collections.abc import Mapping

from partner_network.sandbox.stripe_simulator import charges, events, lists, refusals
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import new_id, now

SMALLEST: Mapping[str, tuple[int, str]] = {
    "eur": (50, "€0.50 eur"),
    "gbp": (30, "£0.30 gbp"),
    "usd": (50, "$0.50 usd"),
}


def create(call: Call) -> Json:
    """Answer `POST /v1/payment_intents`; only what is confirmed at once is played."""
    call.takes(
        "amount", "automatic_payment_methods", "confirm", "currency", "customer", "description", "expand",
        "metadata", "off_session", "payment_method", "transfer_group",
    )  # fmt: skip
    intent, card = _intent(call)
    if card.decline_code is not None:
        raise _declined(call, intent, card)
    charge = charges.of(intent, card)
    charges.book(call, charge, card)
    intent |= {"amount_received": intent["amount"], "latest_charge": charge["id"], "status": "succeeded"}
    call.state.put(charge)
    call.state.put(intent)
    events.tell(call, "charge.succeeded", charge)
    events.tell(call, "payment_intent.succeeded", intent)
    return lists.expand(call.state, intent, call.texts("expand"))


def _intent(call: Call) -> tuple[Json, charges.Card]:
    amount, currency = call.amount(), call.currency()
    smallest, shown = SMALLEST.get(currency, (1, ""))
    if amount < smallest:
        raise RefusedError(f"Amount must be at least {shown}", code="amount_too_small", param="amount")
    card = _card(call)
    customer = call.text("customer")
    if customer is not None and call.state.find(customer, kind="customer") is None:
        raise refusals.no_such("customer", customer, param="customer")
    intent_id = new_id("pi")
    methods = call.table("automatic_payment_methods")
    return {
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": {
            "allow_redirects": methods.get("allow_redirects", "always"),
            "enabled": methods.get("enabled", "true") == "true",
        },
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{intent_id}_secret_{new_id('s')[3:]}",
        "confirmation_method": "automatic",
        "created": now(),
        "currency": currency,
        "customer": customer,
        "customer_account": None,
        "description": call.text("description"),
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "managed_payments": None,
        "metadata": call.table("metadata"),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": new_id("pm"),
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": call.text("transfer_group"),
    }, card


def _card(call: Call) -> charges.Card:
    if not call.flag("confirm"):
        raise RefusedError("The simulator only plays PaymentIntents with confirm=true.", param="confirm")
    if not call.flag("off_session"):
        raise RefusedError("The simulator only plays payments with off_session=true.", param="off_session")
    method = call.required_text("payment_method")
    card = charges.CARDS.get(method)
    if card is None:
        raise refusals.no_such("PaymentMethod", method, param="payment_method")
    return card


def _declined(call: Call, intent: Json, card: charges.Card) -> RefusedError:
    # A decline is the one refusal that leaves something behind: the intent, waiting for another card.
    charge = call.state.put(charges.of(intent, card))
    refusal = RefusedError(
        card.message, status=402, kind="card_error", code="card_declined", stored=True, leaves_traces=True,
        details={"charge": charge["id"], "decline_code": card.decline_code},
    )  # fmt: skip
    failed = refusal.body(version="v1")["error"]
    intent |= {"last_payment_error": failed, "latest_charge": charge["id"], "payment_method": None}
    call.state.put(intent)
    events.tell(call, "payment_intent.payment_failed", intent)
    refusal.details["payment_intent"] = intent
    return refusal
