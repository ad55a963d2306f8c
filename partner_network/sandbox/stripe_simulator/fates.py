"""Controls over what others decide: the days that pass, card holders, banks, and Stripe's own reviews."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeVar

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import State

from partner_network.sandbox.stripe_simulator import (
    accounts,
    banks,
    days,
    disputes,
    letters,
    payouts,
    refunds,
    topups,
    transferred_in,
)
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.door import Door
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError

Given = TypeVar("Given")
LONGEST_S = 2 * 366 * 86_400


class Days(msgspec.Struct, forbid_unknown_fields=True):
    """How far the clock goes ahead."""

    advance_s: int


class Contest(msgspec.Struct, forbid_unknown_fields=True):
    """Dispute a charge, or decide an open dispute; a returned debit is lost as soon as it is made."""

    charge: str | None = None
    payment_intent: str | None = None
    dispute: str | None = None
    reason: str = "fraudulent"
    verdict: Literal["won", "lost"] | None = None


class BankAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """What a bank does with a payout or a top-up now; `failed` also takes back what had seemed done."""

    id: str
    outcome: Literal["in_transit", "paid", "failed"]
    failure_code: str = "could_not_process"


class BankTransfer(msgspec.Struct, forbid_unknown_fields=True):
    """What a customer sends by bank transfer, in minor units."""

    customer: str
    amount: int
    currency: str


class RefundFailure(msgspec.Struct, forbid_unknown_fields=True):
    """A refund that the bank of whoever paid does not take."""

    refund: str
    reason: str = "lost_or_stolen_card"


class Review(msgspec.Struct, forbid_unknown_fields=True):
    """What Stripe decides about an account's capability to receive transfers."""

    account: str
    status: Literal["active", "pending", "restricted", "unsupported", "rejected"]


class NewBank(msgspec.Struct, forbid_unknown_fields=True):
    """The bank account an owner enters on Stripe's page, as the default of its currency."""

    account: str
    currency: str
    last4: str


def _spoil_the_post(call: Call, given: letters.Mishap) -> Json:
    letters.arm(call.state, given)
    return {}


def _replay(call: Call, given: letters.Replay) -> Json:
    letters.replay(call.state, given)
    return {}


def _pass_days(call: Call, given: Days) -> Json:
    if not 0 <= given.advance_s <= LONGEST_S:
        raise RefusedError(f"advance_s must be from 0 to {LONGEST_S}")
    return {"now": days.advance(call, given.advance_s)}


def _contest(call: Call, given: Contest) -> Json:
    if given.dispute is not None:
        dispute = _known(call, given.dispute, "dispute")
    else:
        charge_id = given.charge
        if given.payment_intent is not None:
            charge_id = _known(call, given.payment_intent, "payment_intent")["latest_charge"]
        dispute = disputes.open_dispute(call, _known(call, charge_id or "", "charge"), reason=given.reason)
    if given.verdict is not None and dispute["status"] != given.verdict:
        dispute = disputes.decide(call, dispute, given.verdict)
    return dispute


def _answer_as_the_bank(call: Call, given: BankAnswer) -> Json:
    topup = call.state.find(given.id, kind="topup")
    body = topup or _known(call, given.id, payouts.KIND)
    if given.outcome == "failed":
        fail = payouts.fail if topup is None else topups.fail
        fail(call, body, given.failure_code)
    elif topup is not None:
        topups.arrive(call, body)
    elif given.outcome == "in_transit":
        payouts.leave(call, body)
    else:
        payouts.arrive(call, body)
    return call.state.get(given.id)


def _transfer_in(call: Call, given: BankTransfer) -> Json:
    _known(call, given.customer, "customer")
    if given.amount <= 0:
        raise RefusedError("amount must be 1 or more")
    transferred_in.arrive(call, given.customer, amount=given.amount, currency=given.currency.lower())
    return {}


def _fail_refund(call: Call, given: RefundFailure) -> Json:
    return refunds.fail(call, _known(call, given.refund, "refund"), given.reason)


def _review(call: Call, given: Review) -> Json:
    return accounts.decide(call, given.account, given.status)


def _enter_bank(call: Call, given: NewBank) -> Json:
    account = _known(call, given.account, accounts.KIND)
    bank = banks.add(
        call.state,
        given.account,
        currency=given.currency.lower(),
        country=accounts.country_of(account),
        last4=given.last4,
        is_default=False,
    )
    banks.make_default(call.state, bank)
    accounts.tell(call, given.account)
    return call.state.get(bank["id"])


def _known(call: Call, object_id: str, kind: str) -> Json:
    body = call.state.find(object_id, kind=kind)
    if body is None:
        raise RefusedError(f"No such {kind}: '{object_id}'", status=404)
    return body


def _handler(name: str, kind: type[Given], verb: Callable[[Call, Given], Json]) -> Any:
    async def handle(state: State, request: Request[None, None, State]) -> Response[Json]:
        door: Door = state.door
        try:
            given = msgspec.json.decode(await request.body(), type=kind)
            with door.state.transaction():
                answer = verb(Call(state=door.state, settings=door.settings, params={}, request_id=""), given)
        except msgspec.MsgspecError as wrong:
            return Response({"error": str(wrong)}, status_code=400)
        except RefusedError as refused:
            return Response({"error": refused.message}, status_code=refused.status)
        door.postman.ring()
        return Response(answer)

    answer: Callable[..., Awaitable[Response[Json]]] = handle
    return post(f"/_simulator/{name}", status_code=200)(answer)


HANDLERS = (
    _handler("clock", Days, _pass_days),
    _handler("disputes", Contest, _contest),
    _handler("banks", BankAnswer, _answer_as_the_bank),
    _handler("bank-transfers", BankTransfer, _transfer_in),
    _handler("letters", letters.Mishap, _spoil_the_post),
    _handler("replays", letters.Replay, _replay),
    _handler("refund-failures", RefundFailure, _fail_refund),
    _handler("reviews", Review, _review),
    _handler("bank-accounts", NewBank, _enter_bank),
)
