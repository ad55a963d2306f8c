"""What moved our money at Stripe, as its balance transactions tell it: values of our own."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
import stripe

MovementKind = Literal["charge", "transfer", "reversal", "return", "reinstated", "top_up", "fee", "other"]
EXPANDED = ["data.source"]
_OF_CATEGORY: dict[str, MovementKind] = {
    "charge": "charge",
    "transfer": "transfer",
    "transfer_reversal": "reversal",
    "dispute": "return",
    "dispute_reversal": "reinstated",
    "refund": "return",
    # a bank did not take it: the money is ours again, and the advertiser's
    "refund_failure": "reinstated",
    "topup": "top_up",
    "fee": "fee",
}


class Movement(msgspec.Struct, frozen=True):
    """One balance transaction; minor units, `amount_minor` below zero where money left us.

    ``about`` is the transfer of a reversal, the PaymentIntent of a payment and of one that came back, and the
    account that a transfer went to.
    """

    id: str
    kind: MovementKind
    currency: str
    amount_minor: int
    fee_minor: int
    source_id: str
    about: str | None
    said: str
    created: datetime


def movement_of(found: stripe.BalanceTransaction) -> Movement:
    """Copy what we need of a balance transaction whose source is expanded."""
    whole = found.to_dict()
    source = whole.get("source") or {}
    known = source if isinstance(source, dict) else {"id": source}
    return Movement(
        id=found.id,
        kind=_OF_CATEGORY.get(found.reporting_category, "other"),
        currency=found.currency.upper(),
        amount_minor=found.amount,
        fee_minor=found.fee,
        source_id=str(known.get("id", "")),
        about=_about(known),
        said=str(known.get("reason") or found.description or found.reporting_category),
        created=datetime.fromtimestamp(found.created, UTC),
    )


def _about(source: Mapping[str, Any]) -> str | None:
    if source.get("object") == "transfer":
        return source.get("destination")
    return source.get("transfer") or source.get("payment_intent")
