"""Top-ups: the platform adds money to its own balance from its bank."""

from partner_network.sandbox.stripe_simulator import books, events, lists, refusals
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import new_id

DAY_S = 86_400
ARRIVES_AFTER_S = 4 * DAY_S
# Stripe's test sources; none named is the platform's own bank, which always pays.
FAILING = {
    "src_ach_insufficient_funds": "insufficient_funds",
    "src_ach_debit_not_authorized": "debit_not_authorized",
}
SOURCES = {"src_ach_success", *FAILING}


def create(call: Call) -> Json:
    """Answer `POST /v1/topups`: the money is there once the bank has paid."""
    call.takes(
        "amount",
        "currency",
        "description",
        "expand",
        "metadata",
        "source",
        "statement_descriptor",
        "transfer_group",
    )
    amount, currency, source = call.amount(), call.currency(), call.text("source")
    if source is not None and source not in SOURCES:
        raise refusals.no_such("source", source, param="source")
    topup: Json = {
        "id": new_id("tu"),
        "object": "topup",
        "amount": amount,
        "balance_transaction": None,
        "created": call.now(),
        "currency": currency,
        "description": call.text("description"),
        "expected_availability_date": call.now() + ARRIVES_AFTER_S,
        "failure_code": None,
        "failure_message": None,
        "initiated_by": "user",
        "livemode": False,
        "metadata": call.table("metadata"),
        "source": None if source is None else _source(call, source, currency),
        "statement_descriptor": call.text("statement_descriptor"),
        "status": "pending",
        "transfer_group": call.text("transfer_group"),
    }
    call.state.put(topup)
    call.state.plan("topup_arrives", topup["id"], due_at=topup["expected_availability_date"])
    events.tell(call, "topup.created", topup)
    return topup


def arrive(call: Call, topup: Json) -> None:
    """Hear from the bank: the money is there, or it is not."""
    if topup["status"] != "pending":
        return
    failure = FAILING.get((topup["source"] or {}).get("id", ""))
    if failure is not None:
        fail(call, topup, failure)
        return
    transaction = books.record(
        call.state, kind="topup", source=topup, amount=topup["amount"], description=topup["description"]
    )
    books.post(call.state, transaction, against=books.BANKS)
    _tell(call, topup | {"balance_transaction": transaction["id"], "status": "succeeded"}, "topup.succeeded")


def fail(call: Call, topup: Json, code: str) -> Json:
    """Say that the bank did not pay; what had succeeded is taken back."""
    if topup["status"] == "pending":
        words = {"failure_code": code, "failure_message": "The bank did not pay.", "status": "failed"}
        return _tell(call, topup | words, "topup.failed")
    if topup["status"] != "succeeded":
        raise RefusedError(f"A top-up that is {topup['status']} cannot fail.")
    taken = books.record(call.state, kind="topup_reversal", source=topup, amount=-topup["amount"])
    books.post(call.state, taken, against=books.BANKS)
    return _tell(call, topup | {"failure_code": code, "status": "reversed"}, "topup.reversed")


def cancel(call: Call) -> Json:
    """Answer `POST /v1/topups/{id}/cancel`: only what is pending."""
    call.takes("expand")
    topup = _known(call)
    if topup["status"] != "pending":
        raise RefusedError("You cannot cancel a top-up that is not pending.", stored=True)
    return _tell(call, topup | {"status": "canceled"}, "topup.canceled")


def update(call: Call) -> Json:
    """Answer `POST /v1/topups/{id}`: only its words may change."""
    call.takes("description", "expand", "metadata")
    topup = _known(call)
    topup["metadata"] |= call.table("metadata")
    topup["description"] = call.text("description") or topup["description"]
    call.state.put(topup)
    return lists.expand(call.state, topup, call.texts("expand"))


def _known(call: Call) -> Json:
    topup = call.state.find(call.object_id, kind="topup")
    if topup is None:
        raise refusals.no_such("top-up", call.object_id, param="topup", status=404)
    return topup


def _tell(call: Call, topup: Json, kind: str) -> Json:
    call.state.put(topup)
    events.tell(call, kind, topup)
    return topup


def _source(call: Call, source: str, currency: str) -> Json:
    return {
        "id": source,
        "object": "source",
        "amount": None,
        "client_secret": f"{source}_secret",
        "created": call.now(),
        "currency": currency,
        "flow": "none",
        "livemode": False,
        "metadata": {},
        "owner": None,
        "statement_descriptor": None,
        "status": "chargeable",
        "type": "ach_debit",
        "usage": "reusable",
    }
