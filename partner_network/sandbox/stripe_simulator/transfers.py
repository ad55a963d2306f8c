"""Money out: transfers to connected accounts that may receive them, from what is available."""

from partner_network.sandbox.stripe_simulator import accounts, books, charges, events, lists, refusals
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.state import PLATFORM, new_id


def create(call: Call) -> Json:
    """Answer `POST /v1/transfers`."""
    call.takes("amount", "currency", "description", "destination", "expand", "metadata", "transfer_group")
    amount, currency, destination = call.amount(), call.currency(), call.required_text("destination")
    account = call.state.find(destination, kind=accounts.KIND)
    if account is None or account["closed"]:
        raise refusals.no_such("destination", destination, param="destination")
    if accounts.transfers_status(account) != "active":
        raise refusals.capability_not_active()
    if books.available(call.state, PLATFORM, currency) < amount:
        raise refusals.balance_too_low()
    transfer = _transfer(call, amount=amount, currency=currency, destination=destination)
    _book(call, transfer)
    call.state.put(transfer)
    _arrive(call, transfer)
    events.tell(call, "transfer.created", transfer)
    return lists.expand(call.state, transfer, call.texts("expand"))


def update(call: Call) -> Json:
    """Answer `POST /v1/transfers/{id}`: only its words may change."""
    call.takes("description", "expand", "metadata")
    transfer = call.state.find(call.object_id, kind="transfer", account=call.account)
    if transfer is None:
        raise refusals.no_such("transfer", call.object_id, param="id", status=404)
    transfer["metadata"] |= call.table("metadata")
    transfer["description"] = call.text("description") or transfer["description"]
    call.state.put(transfer)
    events.tell(call, "transfer.updated", transfer)
    return lists.expand(call.state, transfer, call.texts("expand"))


def _transfer(call: Call, *, amount: int, currency: str, destination: str) -> Json:
    transfer_id = new_id("tr")
    return {
        "id": transfer_id,
        "object": "transfer",
        "amount": amount,
        "amount_reversed": 0,
        "balance_transaction": None,
        "created": call.now(),
        "currency": currency,
        "description": call.text("description"),
        "destination": destination,
        "destination_payment": new_id("py"),
        "livemode": False,
        "metadata": call.table("metadata"),
        "reversals": {
            "object": "list",
            "data": [],
            "has_more": False,
            "url": f"/v1/transfers/{transfer_id}/reversals",
        },
        "reversed": False,
        "source_transaction": None,
        "source_type": "card",
        "transfer_group": call.text("transfer_group"),
    }


def _book(call: Call, transfer: Json) -> None:
    transaction = books.record(
        call.state,
        kind="transfer",
        source=transfer,
        amount=-transfer["amount"],
        description=transfer["description"],
    )
    transfer["balance_transaction"] = transaction["id"]
    books.post(call.state, transaction, against=transfer["destination"])


def _arrive(call: Call, transfer: Json) -> None:
    # The connected account sees a payment; its leg was booked with the platform's.
    account = transfer["destination"]
    payment = charges.blank(
        charge_id=transfer["destination_payment"],
        at=call.now(),
        amount=transfer["amount"],
        currency=transfer["currency"],
    )
    payment["source_transfer"] = transfer["id"]
    written = books.record(
        call.state,
        kind="payment",
        category="charge",
        source=payment,
        amount=payment["amount"],
        account=account,
    )
    call.state.put(payment | {"balance_transaction": written["id"]}, account=account)
