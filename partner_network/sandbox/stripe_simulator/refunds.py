"""Refunds: money given back to the one who paid."""

from partner_network.sandbox.stripe_simulator import books, charges, events, lists, refusals
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import new_id

REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create(call: Call) -> Json:
    """Answer `POST /v1/refunds`: of a charge or a PaymentIntent, whole unless an amount is given."""
    call.takes("amount", "charge", "expand", "metadata", "payment_intent", "reason")
    charge = _charge(call)
    reason = call.text("reason")
    if reason is not None and reason not in REASONS:
        raise RefusedError(f"Invalid reason: must be one of {', '.join(REASONS)}", param="reason")
    left = charge["amount"] - charge["amount_refunded"]
    amount = _must_be_refundable(call, charge, left)
    refund = blank(call, charge, amount=amount) | {"metadata": call.table("metadata"), "reason": reason}
    transaction = books.record(
        call.state,
        kind="refund" if charge["id"].startswith("ch_") else "payment_refund",
        category="refund",
        source=refund,
        amount=-amount,
        description=f"REFUND FOR CHARGE ({charge['description']})" if charge["description"] else "REFUND",
    )
    books.post(call.state, transaction, against=charges.outside(charge))
    refund["balance_transaction"] = transaction["id"]
    call.state.put(refund)
    charge = call.state.put(given_back(charge, amount))
    events.tell(call, "charge.refunded", charge)
    events.tell(call, "refund.created", refund)
    return lists.expand(call.state, refund, call.texts("expand"))


def fail(call: Call, refund: Json, reason: str) -> Json:
    """Let a bank not take a refund, days later: its money is the platform's again.

    Errors: RefusedError for one that failed already, or that went back with a transfer.
    """
    if refund["status"] != "succeeded" or refund["transfer_reversal"]:
        raise RefusedError("Only a refund that worked can fail.")
    charge = call.state.get(refund["charge"])
    back = books.record(
        call.state,
        kind="refund_failure",
        category="refund_failure",
        source=refund,
        amount=refund["amount"],
        description=f"REFUND FAILURE FOR CHARGE ({charge['id']})",
    )
    books.post(call.state, back, against=charges.outside(charge))
    refund |= {"failure_balance_transaction": back["id"], "failure_reason": reason, "status": "failed"}
    call.state.put(refund)
    charge = call.state.put(given_back(charge, -refund["amount"]))
    events.tell(call, "charge.refund.updated", refund)
    events.tell(call, "refund.updated", refund)
    events.tell(call, "refund.failed", refund)
    return refund


def blank(call: Call, charge: Json, *, amount: int, refund_id: str | None = None) -> Json:
    """Write a refund that worked."""
    kind = (charge["payment_method_details"] or {"type": "stripe_balance"})["type"]
    destination: Json = {"type": kind} | ({"card": {"type": "refund"}} if kind == "card" else {})
    return {
        "id": refund_id or new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.now(),
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": destination,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def given_back(charge: Json, amount: int) -> Json:
    """Write on a charge that some of it was refunded."""
    refunded = charge["amount_refunded"] + amount
    return charge | {"amount_refunded": refunded, "refunded": refunded == charge["amount"]}


def _charge(call: Call) -> Json:
    charge_id, intent_id = call.text("charge"), call.text("payment_intent")
    if intent_id is not None:
        intent = call.state.find(intent_id, kind="payment_intent", account=call.account)
        if intent is None:
            raise refusals.no_such("payment_intent", intent_id, param="payment_intent")
        charge_id = intent["latest_charge"]
    if charge_id is None:
        raise RefusedError(
            "One of the following params should be provided for this request: payment_intent or charge."
        )
    charge = call.state.find(charge_id, kind="charge", account=call.account)
    if charge is None:
        raise refusals.no_such("charge", charge_id, param="charge")
    if charge.get("source_transfer"):
        # A partner's refund of what it was transferred is not played: the money goes back by a reversal.
        raise RefusedError(
            f"Charge {charge_id} was made by transfer {charge['source_transfer']}: reverse the transfer.",
            param="charge",
        )
    return charge


def _must_be_refundable(call: Call, charge: Json, left: int) -> int:
    if charge["disputed"]:
        raise RefusedError(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
            stored=True,
        )
    if charge["status"] != "succeeded":
        raise RefusedError(f"Charge {charge['id']} is not in a refundable state.", stored=True)
    if left <= 0:
        raise RefusedError(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded", stored=True
        )
    amount = call.amount_up_to(left)
    if amount > left:
        raise RefusedError(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
            stored=True,
        )
    if books.available(call.state, call.account, charge["currency"]) < amount:
        raise refusals.balance_too_low()
    return amount
