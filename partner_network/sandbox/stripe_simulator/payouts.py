"""Payouts: from the platform's or a connected account's balance to its bank, and what banks send back."""

from partner_network.sandbox.stripe_simulator import accounts, banks, books, events, lists, refusals
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import new_id

KIND = "payout"
DAY_S = 86_400
LEAVES_AFTER_S = DAY_S
ARRIVES_AFTER_S = 2 * DAY_S
BOUNCES_AFTER_S = 3 * DAY_S
MESSAGES = {
    "account_closed": "The bank account has been closed.",
    "could_not_process": "The bank could not process this payout.",
    "debit_not_authorized": "Debit transactions are not approved on the bank account.",
    "insufficient_funds": "The Stripe account has insufficient funds to create the payout.",
    "invalid_currency": "The bank was unable to process this payout because of its currency.",
    "no_account": "The bank account details on file are probably wrong. No bank account could be located.",
}


def create(call: Call) -> Json:
    """Answer `POST /v1/payouts`, for the platform or the account that `Stripe-Account` names."""
    call.takes(
        "amount",
        "currency",
        "description",
        "destination",
        "expand",
        "metadata",
        "method",
        "statement_descriptor",
    )
    amount, currency = call.amount(), call.currency()
    if call.text("method") not in {None, "standard"}:
        raise RefusedError("The simulator only plays standard payouts.", param="method")
    bank = _bank(call, currency)
    if books.available(call.state, call.account, currency) < amount:
        raise refusals.balance_too_low()
    payout = send(call, bank, amount=amount, account=call.account, automatic=False)
    return lists.expand(call.state, payout, call.texts("expand"))


def send(call: Call, bank: Json, *, amount: int, account: str, automatic: bool) -> Json:
    """Send money on its way: it leaves the balance now and arrives in two days."""
    payout = call.state.put(_payout(call, bank, amount=amount, automatic=automatic), account=account)
    transaction = books.record(
        call.state,
        kind="payout",
        source=payout,
        amount=-amount,
        description=payout["description"],
        account=account,
    )
    books.post(call.state, transaction, against=books.IN_TRANSIT, account=account)
    payout["balance_transaction"] = transaction["id"]
    call.state.put(payout)
    if automatic:
        _bundle(call, payout, account)
    call.state.plan("payout_leaves", payout["id"], due_at=call.now() + LEAVES_AFTER_S)
    call.state.plan("payout_arrives", payout["id"], due_at=payout["arrival_date"])
    events.tell(call, "payout.created", payout, account=account)
    return payout


def pay_out_everything(call: Call, account: str) -> None:
    """Do what the daily schedule does: everything available goes to the default bank, as one payout."""
    for currency, amount in books.held(call.state, account).items():
        bank = banks.default_of(call.state, account, currency)
        if amount > 0 and bank is not None and bank["status"] != "errored":
            send(call, bank, amount=amount, account=account, automatic=True)


def leave(call: Call, payout: Json) -> None:
    """Hand a payout to the bank."""
    if payout["status"] == "pending":
        _tell(call, payout | {"status": "in_transit"}, "payout.updated")


def arrive(call: Call, payout: Json) -> None:
    """Let the bank answer: paid, refused, or seemingly paid by a bank that sends it back later."""
    if payout["status"] not in {"pending", "in_transit"}:
        return
    last4 = _digits(call, payout)
    failure = banks.FAILURES.get(last4)
    if failure is not None and last4 not in banks.LATE:
        fail(call, payout, failure)
        return
    _move(call, payout, {books.IN_TRANSIT: -payout["amount"], books.BANKS: payout["amount"]}, "arrives")
    _tell(call, payout | {"status": "paid"}, "payout.paid")
    if failure is not None:
        call.state.plan("payout_bounces", payout["id"], due_at=call.now() + BOUNCES_AFTER_S)


def bounce(call: Call, payout: Json) -> None:
    """Send back what had seemed paid."""
    if payout["status"] == "paid":
        fail(call, payout, banks.FAILURES.get(_digits(call, payout), "could_not_process"))


def _digits(call: Call, payout: Json) -> str:
    # A bank account may be gone by the time its bank answers.
    bank = call.state.find(payout["destination"])
    return "" if bank is None else bank["last4"]


def fail(call: Call, payout: Json, code: str) -> Json:
    """Return the money to the balance; the bank account takes no more until it is changed."""
    if payout["status"] not in {"pending", "in_transit", "paid"}:
        raise RefusedError(f"A payout that is {payout['status']} cannot fail.")
    account = call.state.owner_of(payout["id"])
    was_paid = payout["status"] == "paid"
    returned = _return(
        call, payout, kind="payout_failure", against=books.BANKS if was_paid else books.IN_TRANSIT
    )
    payout |= {
        "failure_balance_transaction": returned["id"],
        "failure_code": code,
        "failure_message": MESSAGES.get(code, MESSAGES["could_not_process"]),
        "status": "failed",
    }
    bank = call.state.find(payout["destination"])
    if bank is not None:
        bank = call.state.put(bank | {"status": "errored"})
        if account:
            events.tell(call, "account.external_account.updated", bank, account=account)
            accounts.tell(call, account)
    return _tell(call, payout, "payout.failed")


def cancel(call: Call) -> Json:
    """Answer `POST /v1/payouts/{id}/cancel`: only what has not left."""
    call.takes("expand")
    payout = call.state.find(call.object_id, kind=KIND, account=call.account)
    if payout is None:
        raise refusals.no_such("payout", call.object_id, param="id", status=404)
    if payout["status"] != "pending":
        raise RefusedError("You can only cancel payouts that have not yet been paid out.", stored=True)
    returned = _return(call, payout, kind="payout_cancel", against=books.IN_TRANSIT)
    payout |= {"failure_balance_transaction": returned["id"], "status": "canceled"}
    return _tell(call, payout, "payout.canceled")


def update(call: Call) -> Json:
    """Answer `POST /v1/payouts/{id}`: only its metadata may change."""
    call.takes("expand", "metadata")
    payout = call.state.find(call.object_id, kind=KIND, account=call.account)
    if payout is None:
        raise refusals.no_such("payout", call.object_id, param="id", status=404)
    payout["metadata"] |= call.table("metadata")
    return lists.expand(call.state, _tell(call, payout, "payout.updated"), call.texts("expand"))


def _return(call: Call, payout: Json, *, kind: str, against: str) -> Json:
    account = call.state.owner_of(payout["id"])
    returned = books.record(
        call.state,
        kind=kind,
        category="payout_reversal",
        source=payout,
        amount=payout["amount"],
        description=payout["description"],
        account=account,
    )
    return books.post(call.state, returned, against=against, account=account)


def _tell(call: Call, payout: Json, kind: str) -> Json:
    call.state.put(payout)
    events.tell(call, kind, payout, account=call.state.owner_of(payout["id"]))
    return payout


def _move(call: Call, payout: Json, legs: dict[str, int], why: str) -> None:
    books.move(call.state, movement=f"{payout['id']} {why}", currency=payout["currency"], legs=legs)


def _bank(call: Call, currency: str) -> Json:
    wanted = call.text("destination")
    bank = banks.default_of(call.state, call.account, currency)
    if wanted is not None:
        bank = call.state.find(wanted, kind=banks.KIND, account=call.account)
        if bank is None:
            raise refusals.no_such("external account", wanted, param="destination")
    if bank is None or bank["currency"] != currency:
        raise RefusedError(
            f"Sorry, you don't have any external accounts in that currency ({currency})", stored=True
        )
    if bank["status"] == "errored":
        raise RefusedError(
            "Cannot create payouts; payouts to this bank account failed before. Please update it.",
            code="payouts_not_allowed",
            stored=True,
        )
    return bank


def _bundle(call: Call, payout: Json, account: str) -> None:
    # What no earlier payout took along: together it makes exactly this amount.
    call.state.db.execute(
        "INSERT INTO bundles SELECT id, ? FROM objects WHERE kind = 'balance_transaction' AND account = ?"
        " AND json_extract(body, '$.currency') = ? AND id NOT IN (SELECT balance_transaction FROM bundles)",
        (payout["id"], account, payout["currency"]),
    )


def _payout(call: Call, bank: Json, *, amount: int, automatic: bool) -> Json:
    return {
        "id": new_id("po"),
        "object": KIND,
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": call.now() + ARRIVES_AFTER_S,
        "automatic": automatic,
        "balance_transaction": None,
        "created": call.now(),
        "currency": bank["currency"],
        "description": "STRIPE PAYOUT" if automatic else call.text("description"),
        "destination": bank["id"],
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {} if automatic else call.table("metadata"),
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "completed" if automatic else "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None if automatic else call.text("statement_descriptor"),
        "status": "pending",
        "trace_id": {"status": "unsupported", "value": None},
        "type": "bank_account",
    }
