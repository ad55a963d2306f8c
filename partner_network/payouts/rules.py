"""The jobs of this slice and what they carry."""

from uuid import UUID

import msgspec

CHARGE = "payouts.charge"
PAY = "payouts.pay"
READ_FUNDING = "payouts.read_funding"


class ChargeFunding(msgspec.Struct, frozen=True):
    """The funding to charge, or to look at again after a webhook."""

    funding_id: UUID


class ReadFunding(msgspec.Struct, frozen=True):
    """The PaymentIntent that Stripe told us about, and the event that did."""

    payment_intent_id: str
    event_id: str
