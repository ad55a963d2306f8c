"""The jobs of this slice and what they carry, and why a payout may be held."""

from uuid import UUID

import msgspec

from partner_network.kernel.sentences import Sentence

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


ONBOARDING_MISSING = Sentence("The partner has to finish its onboarding with Stripe before it can be paid.")
ANSWER_MISSING = Sentence(
    "Stripe does not know the transfer that we sent and got no answer for; a person must decide."
)
_REFUSED = "Stripe cannot pay this partner: "


def refused_by_stripe(message: str) -> str:
    """Return why a payout is held that Stripe refused; what Stripe says stays in its own words."""
    return f"{_REFUSED}{message}"


def why_held(stored: str) -> Sentence | str:
    """Return a stored reason as a sentence that can be said in the reader's language.

    The English text is what is stored: a job compares it, and the books keep it as it was.
    """
    for reason in (ONBOARDING_MISSING, ANSWER_MISSING):
        if stored == reason:
            return reason
    if stored.startswith(_REFUSED):
        return Sentence("Stripe cannot pay this partner: {message}", message=stored.removeprefix(_REFUSED))
    return stored
