"""Payment methods: what Stripe's test cards and test bank accounts do."""

from collections.abc import Mapping
from typing import Literal, cast

import msgspec

from partner_network.sandbox.stripe_simulator import events, refusals
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import State, new_id

Kind = Literal["card", "sepa_debit", "us_bank_account", "customer_balance"]
KIND = "payment_method"
DAY_S = 86_400
CARDS_SETTLE_AFTER_S = 2 * DAY_S
NOBODY: Json = {
    "address": dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state")),
    "email": None,
    "name": None,
    "phone": None,
    "tax_id": None,
}


class Method(msgspec.Struct, frozen=True):
    """What one of Stripe's test payment methods does; a debit is decided `after_s`, a card at once."""

    kind: Kind
    last4: str
    after_s: int = 0
    settles_after_s: int = 0
    failure: str | None = None
    message: str = ""
    dispute: str | None = None


def _card(last4: str, **more: str | int) -> Method:
    return msgspec.convert(
        {"kind": "card", "last4": last4, "settles_after_s": CARDS_SETTLE_AFTER_S} | more, type=Method
    )


def _debit(
    kind: Kind, last4: str, *, days: int, failure: str | None = None, dispute: str | None = None
) -> Method:
    message = "" if failure is None else "The customer's bank account could not be debited."
    return Method(kind, last4, after_s=days * DAY_S, failure=failure, message=message, dispute=dispute)


def _sepa(last4: str, *, days: int = 5, failure: str | None = None, dispute: str | None = None) -> Method:
    return _debit("sepa_debit", last4, days=days, failure=failure, dispute=dispute)


def _ach(last4: str, *, days: int = 4, failure: str | None = None, dispute: str | None = None) -> Method:
    return _debit("us_bank_account", last4, days=days, failure=failure, dispute=dispute)


# By Stripe's names for its test methods.
TOKENS: Mapping[str, Method] = {
    "pm_card_visa": _card("4242"),
    "pm_card_bypassPending": _card("0077", settles_after_s=0),
    "pm_card_chargeDeclined": _card("0002", failure="generic_decline", message="Your card was declined."),
    "pm_card_chargeDeclinedInsufficientFunds": _card(
        "9995", failure="insufficient_funds", message="Your card has insufficient funds."
    ),
    "pm_card_authenticationRequired": _card(
        "3184",
        failure="authentication_required",
        message="Your card was declined. This transaction requires authentication.",
    ),
    "pm_card_createDispute": _card("0259", dispute="fraudulent"),
    "pm_card_createDisputeProductNotReceived": _card("2685", dispute="product_not_received"),
    "pm_usBankAccount_success": _ach("6789"),
    "pm_usBankAccount_accountClosed": _ach("1113", failure="account_closed"),
    "pm_usBankAccount_noAccount": _ach("1116", failure="no_account"),
    "pm_usBankAccount_insufficientFunds": _ach("2227", failure="insufficient_funds"),
    "pm_usBankAccount_debitNotAuthorized": _ach("3335", failure="debit_not_authorized"),
    "pm_usBankAccount_dispute": _ach("5559", dispute="insufficient_funds"),
}
# By the last digits of Stripe's German test IBANs; Stripe has no names for them.
IBANS: Mapping[str, Method] = {
    "3000": _sepa("3000"),
    "3003": _sepa("3003", days=8),
    "3001": _sepa("3001", failure="generic_could_not_process"),
    "3004": _sepa("3004", days=8, failure="generic_could_not_process"),
    "3002": _sepa("3002", dispute="debit_not_authorized"),
    "2227": _sepa("2227", failure="insufficient_funds"),
}
NUMBERS: Mapping[Kind, Mapping[str, Method]] = {
    "card": {"4242": TOKENS["pm_card_visa"]},
    "sepa_debit": IBANS,
    "us_bank_account": {
        method.last4: method for method in TOKENS.values() if method.kind == "us_bank_account"
    },
}
# Money that a customer sent by bank transfer and that Stripe keeps for it until it pays something.
BANK_TRANSFER = Method("customer_balance", "")
CURRENCIES: Mapping[Kind, str] = {"sepa_debit": "eur", "us_bank_account": "usd"}


def create(call: Call) -> Json:
    """Answer `POST /v1/payment_methods` for SEPA and US bank accounts and Stripe's test card tokens."""
    call.takes("billing_details", "card", "expand", "metadata", "sepa_debit", "type", "us_bank_account")
    kind = call.required_text("type")
    if kind not in NUMBERS:
        raise RefusedError(f"The simulator plays no payment method of the type '{kind}'.", param="type")
    number = _number(call, cast("Kind", kind))
    method = NUMBERS[cast("Kind", kind)].get(number[-4:])
    if method is None:
        raise RefusedError("This is none of the test numbers that the simulator plays.", param=kind)
    billing = NOBODY | {
        name: value
        for name, value in call.tree("billing_details").items()
        if isinstance(value, str) and name in NOBODY
    }
    return call.state.put(_object(call, method, billing))


def _number(call: Call, kind: Kind) -> str:
    given = call.tree(kind)
    field = {"card": "token", "sepa_debit": "iban", "us_bank_account": "account_number"}[kind]
    number = given.get(field)
    if not isinstance(number, str):
        raise refusals.missing(f"{kind}[{field}]")
    return "4242" if number == "tok_visa" else number


def attach(call: Call) -> Json:
    """Answer `POST /v1/payment_methods/{id}/attach`."""
    call.takes("customer", "expand")
    customer = call.required_text("customer")
    if call.state.find(customer, kind="customer") is None:
        raise refusals.no_such("customer", customer, param="customer")
    method = call.state.find(call.object_id, kind=KIND)
    if method is None:
        raise refusals.no_such("PaymentMethod", call.object_id, param="payment_method", status=404)
    if method["customer"] not in {None, customer}:
        raise RefusedError(
            "The payment method you provided has already been attached to a customer.", stored=True
        )
    call.state.put(method | {"customer": customer})
    events.tell(call, "payment_method.attached", method | {"customer": customer})
    return method | {"customer": customer}


def chosen(call: Call, name: str) -> tuple[str, Method]:
    """Find the method a payment names: an id of ours, or Stripe's name for a test method, made anew."""
    if name in TOKENS:
        return new_id("pm"), TOKENS[name]
    method = call.state.find(name, kind=KIND)
    if method is None:
        raise refusals.no_such("PaymentMethod", name, param="payment_method")
    return name, of(call.state, method["id"])


def of(state: State, method_id: str) -> Method:
    """Tell what a stored method does."""
    method = state.get(method_id)
    kind = cast("Kind", method["type"])
    return NUMBERS[kind][method[kind]["last4"]]


def _object(call: Call, method: Method, billing: Json) -> Json:
    return {
        "id": new_id("pm"),
        "object": KIND,
        "allow_redisplay": "unspecified",
        "billing_details": billing,
        method.kind: details(method),
        "created": call.now(),
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": call.table("metadata"),
        "type": method.kind,
    }


def details(method: Method) -> Json:
    """Show what a method says of itself."""
    match method.kind:
        case "card":
            return {
                "brand": "visa",
                "checks": None,
                "country": "US",
                "display_brand": "visa",
                "exp_month": 8,
                "exp_year": 2030,
                "fingerprint": f"card{method.last4}",
                "funding": "credit",
                "generated_from": None,
                "last4": method.last4,
                "networks": {"available": ["visa"], "preferred": None},
                "regulated_status": None,
                "three_d_secure_usage": {"supported": True},
                "wallet": None,
            }
        case "sepa_debit":
            return {
                "bank_code": "37040044",
                "branch_code": "",
                "country": "DE",
                "fingerprint": f"sepa{method.last4}",
                "generated_from": {"charge": None, "setup_attempt": None},
                "last4": method.last4,
            }
        case "us_bank_account":
            return {
                "account_holder_type": "company",
                "account_type": "checking",
                "bank_name": "STRIPE TEST BANK",
                "financial_connections_account": None,
                "fingerprint": f"ach{method.last4}",
                "last4": method.last4,
                "networks": {"preferred": "ach", "supported": ["ach"]},
                "routing_number": "110000000",
                "status_details": None,
            }
        case "customer_balance":
            return {}


def paid_with(method: Method) -> Json:
    """Show how a charge was paid."""
    match method.kind:
        case "card":
            kept = ("brand", "checks", "country", "exp_month", "exp_year", "funding", "last4", "wallet")
            shown = {name: details(method)[name] for name in kept}
            shown |= {"installments": None, "mandate": None, "network": "visa", "three_d_secure": None}
        case "sepa_debit":
            kept = ("bank_code", "branch_code", "country", "fingerprint", "last4")
            shown = {name: details(method)[name] for name in kept} | {"mandate": None}
        case "us_bank_account":
            kept = (
                "account_holder_type",
                "account_type",
                "bank_name",
                "fingerprint",
                "last4",
                "routing_number",
            )
            shown = {name: details(method)[name] for name in kept} | {"payment_reference": None}
        case "customer_balance":
            shown = {}
    return {method.kind: shown, "type": method.kind}
