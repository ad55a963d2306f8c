"""Money in: PaymentIntents confirmed at once with Stripe's test payment methods."""

from collections.abc import Mapping

from partner_network.sandbox.stripe_simulator import (
    charges,
    disputes,
    events,
    invoice_payments,
    lists,
    methods,
    refusals,
)
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.methods import Method
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import new_id

SMALLEST: Mapping[str, tuple[int, str]] = {
    "eur": (50, "€0.50 eur"),
    "gbp": (30, "£0.30 gbp"),
    "usd": (50, "$0.50 usd"),
}


def create(call: Call) -> Json:
    """Answer `POST /v1/payment_intents`; only what is confirmed at once is played."""
    call.takes(
        "amount", "automatic_payment_methods", "confirm", "currency", "customer", "description", "expand",
        "mandate_data", "metadata", "off_session", "payment_method", "transfer_group",
    )  # fmt: skip
    intent, method = _intent(call)
    play(call, intent, method)
    return lists.expand(call.state, intent, call.texts("expand"))


def play(call: Call, intent: Json, method: Method) -> None:
    """Try to pay: a card and money that is there already are decided at once, a debit by a bank in days.

    Errors: RefusedError, which leaves its traces, when a card is declined.
    """
    if method.kind == "card" and method.failure is not None:
        raise _declined(call, intent, method)
    charge = charges.of(call, intent, method)
    intent["latest_charge"] = charge["id"]
    if method.kind in {"card", "customer_balance"}:
        _succeed(call, intent, charge, method)
    else:
        _wait_for_the_bank(call, intent, charge, method)


def _succeed(call: Call, intent: Json, charge: Json, method: Method) -> None:
    charges.succeed(call, charge, method)
    intent |= {"amount_received": intent["amount"], "status": "succeeded"}
    call.state.put(intent)
    events.tell(call, "payment_intent.succeeded", intent)
    invoice_payments.follow(call, intent)
    if method.dispute is not None:
        disputes.open_dispute(call, charge, reason=method.dispute)


def _wait_for_the_bank(call: Call, intent: Json, charge: Json, method: Method) -> None:
    call.state.put(charge)
    call.state.put(intent | {"status": "processing"})
    intent["status"] = "processing"
    events.tell(call, "charge.pending", charge)
    events.tell(call, "payment_intent.processing", intent)
    call.state.plan("bank_decides", intent["id"], due_at=call.now() + method.after_s)


def bank_decides(call: Call, intent: Json) -> None:
    """Hear from the bank, days later: the debit went through, or it did not."""
    if intent["status"] != "processing":
        return
    charge = call.state.get(intent["latest_charge"])
    kind = charge["payment_method_details"]["type"]
    method = methods.NUMBERS[kind][charge["payment_method_details"][kind]["last4"]]
    if method.failure is None:
        _succeed(call, intent, charge, method)
        return
    charge = call.state.put(charges.failed(charge, method))
    error = {
        "charge": charge["id"],
        "code": "payment_intent_payment_attempt_failed",
        "decline_code": method.failure,
        "doc_url": refusals.DOCUMENTED_AT + "payment-intent-payment-attempt-failed",
        "message": method.message,
        "type": "invalid_request_error",
    }
    intent |= {"last_payment_error": error, "payment_method": None, "status": "requires_payment_method"}
    call.state.put(intent)
    events.tell(call, "charge.failed", charge)
    events.tell(call, "payment_intent.payment_failed", intent)
    invoice_payments.follow(call, intent)


def _intent(call: Call) -> tuple[Json, Method]:
    amount, currency = call.amount(), call.currency()
    smallest, shown = SMALLEST.get(currency, (1, ""))
    if amount < smallest:
        raise RefusedError(f"Amount must be at least {shown}", code="amount_too_small", param="amount")
    method_id, method = _method(call, currency)
    customer = call.text("customer")
    if customer is not None and call.state.find(customer, kind="customer") is None:
        raise refusals.no_such("customer", customer, param="customer")
    automatic = call.table("automatic_payment_methods")
    return blank(call, amount=amount, currency=currency, customer=customer) | {
        "automatic_payment_methods": {
            "allow_redirects": automatic.get("allow_redirects", "always"),
            "enabled": automatic.get("enabled", "true") == "true",
        },
        "description": call.text("description"),
        "metadata": call.table("metadata"),
        "payment_method": method_id,
        "payment_method_types": [method.kind],
        "transfer_group": call.text("transfer_group"),
    }, method


def blank(call: Call, *, amount: int, currency: str, customer: str | None) -> Json:
    """Write an intent that nobody has paid yet."""
    intent_id = new_id("pi")
    return {
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{intent_id}_secret_{new_id('s')[3:]}",
        "confirmation_method": "automatic",
        "created": call.now(),
        "currency": currency,
        "customer": customer,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "managed_payments": None,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": [],
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
        "transfer_group": None,
    }


def _method(call: Call, currency: str) -> tuple[str, Method]:
    if not call.flag("confirm"):
        raise RefusedError("The simulator only plays PaymentIntents with confirm=true.", param="confirm")
    if not call.flag("off_session"):
        raise RefusedError("The simulator only plays payments with off_session=true.", param="off_session")
    method_id, method = methods.chosen(call, call.required_text("payment_method"))
    if methods.CURRENCIES.get(method.kind, currency) != currency:
        raise RefusedError(
            f"The currency provided ({currency}) is invalid for one or more of the payment method types"
            " enabled on this PaymentIntent.",
            param="payment_method",
            stored=True,
        )
    return method_id, method


def _declined(call: Call, intent: Json, method: Method) -> RefusedError:
    # A decline is the one refusal that leaves something behind: the intent, waiting for another card.
    charge = call.state.put(charges.of(call, intent, method))
    wants_holder = method.failure == "authentication_required"
    code = "authentication_required" if wants_holder else "card_declined"
    refusal = RefusedError(
        method.message, status=402, kind="card_error", code=code, stored=True, leaves_traces=True,
        details={"charge": charge["id"], "decline_code": method.failure},
    )  # fmt: skip
    failed = refusal.body(version="v1")["error"]
    intent |= {"last_payment_error": failed, "latest_charge": charge["id"], "payment_method": None}
    call.state.put(intent)
    events.tell(call, "payment_intent.payment_failed", intent)
    invoice_payments.follow(call, intent)
    refusal.details["payment_intent"] = intent
    return refusal
