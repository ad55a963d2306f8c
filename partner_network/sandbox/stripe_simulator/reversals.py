"""Transfer reversals: money taken back from a connected account, in part or whole."""

from partner_network.sandbox.stripe_simulator import books, events, lists, refunds, refusals
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import new_id

SHOWN_INSIDE = 10


def create(call: Call) -> Json:
    """Answer `POST /v1/transfers/{id}/reversals`: all that is left unless an amount is given."""
    call.takes("amount", "description", "expand", "metadata", "refund_application_fee")
    transfer = lists.whole(call, lists.TRANSFERS)
    left = transfer["amount"] - transfer["amount_reversed"]
    if left <= 0:
        raise RefusedError(f"Transfer {transfer['id']} is already fully reversed.", stored=True)
    amount = call.amount_up_to(left)
    if amount > left:
        raise RefusedError(
            f"Reversal amount ({amount}) is greater than unreversed amount on transfer ({left})",
            param="amount",
            stored=True,
        )
    if books.available(call.state, transfer["destination"], transfer["currency"]) < amount:
        raise refusals.destination_balance_too_low()
    reversal = _reversal(call, transfer, amount)
    _book(call, transfer, reversal)
    call.state.put(reversal)
    _note(call, transfer, reversal)
    return lists.expand(call.state, reversal, call.texts("expand"))


def update(call: Call) -> Json:
    """Answer `POST /v1/transfers/{id}/reversals/{part}`: only its metadata may change."""
    call.takes("expand", "metadata")
    transfer = lists.whole(call, lists.TRANSFERS)
    reversal = call.state.find(call.part_id, kind="transfer_reversal")
    if reversal is None or reversal["transfer"] != transfer["id"]:
        raise refusals.no_such("transfer reversal", call.part_id, param="id", status=404)
    reversal["metadata"] |= call.table("metadata")
    inside = transfer["reversals"]["data"]
    transfer["reversals"]["data"] = [reversal if one["id"] == reversal["id"] else one for one in inside]
    call.state.put(transfer)
    call.state.put(reversal)
    events.tell(call, "transfer.updated", transfer)
    return lists.expand(call.state, reversal, call.texts("expand"))


def _reversal(call: Call, transfer: Json, amount: int) -> Json:
    return {
        "id": new_id("trr"),
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": None,
        "created": call.now(),
        "currency": transfer["currency"],
        "destination_payment_refund": new_id("pyr"),
        "metadata": call.table("metadata"),
        "source_refund": None,
        "transfer": transfer["id"],
    }


def _book(call: Call, transfer: Json, reversal: Json) -> None:
    account, amount = transfer["destination"], reversal["amount"]
    returned = books.record(
        call.state,
        kind="transfer_refund",
        category="transfer_reversal",
        source=reversal,
        amount=amount,
        description=call.text("description")
        or f"REFUND FOR TRANSFER ({transfer['description'] or transfer['id']})",
    )
    books.post(call.state, returned, against=account)
    reversal["balance_transaction"] = returned["id"]
    payment = call.state.get(transfer["destination_payment"])
    refund = refunds.blank(call, payment, amount=amount, refund_id=reversal["destination_payment_refund"])
    refund["source_transfer_reversal"] = reversal["id"]
    taken = books.record(
        call.state, kind="payment_refund", category="refund", source=refund, amount=-amount, account=account
    )
    call.state.put(refund | {"balance_transaction": taken["id"]}, account=account)
    call.state.put(refunds.given_back(payment, amount))


def _note(call: Call, transfer: Json, reversal: Json) -> None:
    before = {"amount_reversed": transfer["amount_reversed"], "reversed": transfer["reversed"]}
    transfer["amount_reversed"] += reversal["amount"]
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    inside = [reversal, *transfer["reversals"]["data"]]
    transfer["reversals"] |= {
        "data": inside[:SHOWN_INSIDE],
        "has_more": transfer["reversals"]["has_more"] or len(inside) > SHOWN_INSIDE,
    }
    call.state.put(transfer)
    events.tell(call, "transfer.reversed", transfer, previous=before)
