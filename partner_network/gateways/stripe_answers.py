"""What Stripe's answers mean to us: values of our own, and the table that tells a no from a perhaps."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

import msgspec
import stripe

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

LAST_CLIENT_ERROR = 499
Reason = Literal["balance_insufficient", "capability", "account_closed", "account_invalid"]
REFUSALS: Mapping[tuple[int, str], Reason] = {
    (400, "balance_insufficient"): "balance_insufficient",
    (400, "insufficient_capabilities_for_transfer"): "capability",
    (400, "transfers_not_allowed"): "capability",
    (400, "account_closed"): "account_closed",
    (403, "account_invalid"): "account_invalid",
}


class Accepted(msgspec.Struct, frozen=True, tag=True):
    """Stripe made the transfer, now or for an earlier request with this key."""

    transfer_id: str


class Refused(msgspec.Struct, frozen=True, tag=True):
    """Stripe definitely made no transfer for this key, and never will: a next try needs a new key."""

    reason: Reason
    code: str
    message: str


class Later(msgspec.Struct, frozen=True, tag=True):
    """Stripe is busy (409, 429): back off, then the same key and the same parameters."""

    code: str


class Unknown(msgspec.Struct, frozen=True, tag=True):
    """The transfer may or may not exist: same key, same parameters.

    `replayed`: Stripe repeats a stored failure for this key; retries end, look the transfer up instead.
    """

    message: str
    replayed: bool = False


class OurFault(msgspec.Struct, frozen=True, tag=True):
    """We asked wrongly (401, a key used with other parameters, ...): stop the run and tell an engineer.

    It does not say that no transfer exists: the key may have made one for other parameters.
    """

    code: str
    message: str


TransferOutcome = Accepted | Refused | Later | Unknown | OurFault


class ConnectedAccount(msgspec.Struct, frozen=True):
    """A recipient at Stripe; `transfers_status` is Stripe's word, or `unrequested` or `closed`."""

    id: str
    transfers_status: str

    @property
    def may_receive(self) -> bool:
        """Whether transfers may go there now."""
        return self.transfers_status == "active"


class Funding(msgspec.Struct, frozen=True):
    """A payment by an advertiser; amounts in minor units, the fee is known once `available`."""

    payment_intent_id: str
    status: str
    amount_minor: int
    fee_minor: int
    available: bool
    failure: str = ""
    """What Stripe says went wrong, in its words."""
    failure_code: str | None = None
    funding_id: str | None = None
    """Which payment of ours it is, as we wrote on it when we asked."""

    @property
    def is_over(self) -> bool:
        """Whether no money will come of it: refused, given up, or waiting for somebody who is not there."""
        return self.status not in {"succeeded", "processing"}


class Balance(msgspec.Struct, frozen=True):
    """What we hold at Stripe in one currency, in minor units."""

    available_minor: int
    pending_minor: int


class Transfer(msgspec.Struct, frozen=True):
    """A transfer as Stripe knows it; amounts in minor units."""

    id: str
    amount_minor: int
    reversed_minor: int
    currency: str
    destination: str
    transfer_group: str | None
    description: str | None
    metadata: dict[str, str]
    created: datetime


class Event(msgspec.Struct, frozen=True):
    """A verified webhook event; the object is fetched again, never believed."""

    id: str
    type: str
    object_id: str | None
    created: datetime
    account: str | None = None
    """The connected account that it happened on; none: ours."""


class EventObject(msgspec.Struct, frozen=True):
    """The object an event tells of; a balance has no id."""

    id: str | None = None


class EventContent(msgspec.Struct, frozen=True):
    """Where an event keeps its object."""

    object: EventObject


class SnapshotEvent(msgspec.Struct, frozen=True):
    """A snapshot event as Stripe writes it, as far as we read it."""

    id: str
    type: str
    created: int
    data: EventContent
    account: str | None = None


class StripeRefusedError(Exception):
    """Stripe refused something other than a transfer, for a reason of ours."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"Stripe refused ({code}): {message}")
        self.code = code


class DeclinedError(InvalidError):
    """A bank said no to a payment; the intent that Stripe kept of it takes no more money."""

    def __init__(self, sentence: Sentence, *, code: str, payment_intent_id: str | None) -> None:
        super().__init__(sentence)
        self.code = code
        self.payment_intent_id = payment_intent_id


class StripeUnreachableError(Exception):
    """Stripe gave no usable answer: the request may have worked; send it again with the same key."""


def outcome_of(error: stripe.StripeError) -> TransferOutcome:
    """Read a failed transfer request by the table of DESIGN section 7."""
    status, code, message = error.http_status, code_of(error), error.user_message or str(error)
    if status is None or is_unclear(error):
        return Unknown(message, replayed=_is_replayed(error))
    if status in {409, 429}:
        return Later(code)
    if isinstance(error, stripe.InvalidRequestError) and (code, error.param) == (
        "resource_missing",
        "destination",
    ):
        return Refused("account_closed", code, message)
    reason = REFUSALS.get((status, code))
    return OurFault(code, message) if reason is None else Refused(reason, code, message)


def is_unclear(error: stripe.StripeError) -> bool:
    """Tell whether the request may have worked: no answer, a 5xx, or one that cannot be read."""
    status = error.http_status
    return status is None or not 400 <= status <= LAST_CLIENT_ERROR  # noqa: PLR2004  # the client errors


def code_of(error: stripe.StripeError) -> str:
    """Find the code: for a 403, 409 or 429 the SDK leaves it in the inner error alone."""
    inner = {} if error.error is None else error.error.to_dict()
    return error.code or inner.get("code") or inner.get("type") or f"http_{error.http_status}"


def transfer_of(transfer: stripe.Transfer) -> Transfer:
    """Copy what we need of a transfer; Stripe writes currencies in lower case, we in upper."""
    destination = transfer.destination
    return Transfer(
        id=transfer.id,
        amount_minor=transfer.amount,
        reversed_minor=transfer.amount_reversed,
        currency=transfer.currency.upper(),
        destination=destination.id if isinstance(destination, stripe.Account) else destination or "",
        transfer_group=transfer.transfer_group,
        description=transfer.description,
        metadata=transfer.metadata.to_dict(),
        created=datetime.fromtimestamp(transfer.created, UTC),
    )


def funding_of(intent: stripe.PaymentIntent) -> Funding:
    """Copy what we need of a PaymentIntent read with its charge and balance transaction expanded."""
    charge = intent.latest_charge
    booked = charge.balance_transaction if isinstance(charge, stripe.Charge) else None
    # Stripe may book a charge a moment after the payment succeeded; until then nothing is available.
    known = booked if isinstance(booked, stripe.BalanceTransaction) else None
    error = {} if intent.last_payment_error is None else intent.last_payment_error.to_dict()
    return Funding(
        payment_intent_id=intent.id,
        status=intent.status,
        amount_minor=intent.amount,
        fee_minor=0 if known is None else known.fee,
        available=intent.status == "succeeded" and known is not None and known.status == "available",
        failure=error.get("message") or "",
        failure_code=error.get("code"),
        funding_id=intent.metadata.to_dict().get("funding_id"),
    )


def _is_replayed(error: stripe.StripeError) -> bool:
    return (error.headers or {}).get("idempotent-replayed") == "true"
