"""The jobs of this slice and what they carry, and why a payout may be held."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Literal
from uuid import UUID

import msgspec

from partner_network.kernel.sentences import Sentence
from partner_network.statements import rules as statement_rules

CHARGE = "payouts.charge"
PAY = statement_rules.PAY
READ_FUNDING = "payouts.read_funding"
READ_INVOICE = "payouts.read_invoice"
READ_MOVEMENTS = "payouts.read_movements"
READ_ACCOUNT = "payouts.read_account"
READ_BANK_PAYOUT = "payouts.read_bank_payout"
TELLS_OF_INVOICES = ("invoice.",)
TELLS_OF_MOVEMENTS = (
    "transfer.reversed",
    "charge.dispute.",
    "charge.refunded",
    "refund.failed",
    "topup.succeeded",
)
TELLS_OF_ACCOUNTS = ("account.", "v2.core.account")
TELLS_OF_BANKS = ("payout.",)
"""How the types of events begin that a job looks into."""


KEY_LIFE = timedelta(hours=23)
"""Stripe forgets a key after 24 hours; from then on a payment is looked up and never asked for again."""
GRACE = timedelta(minutes=5)
"""How long after a request what it made may not be listed yet."""
DAYS_WITHOUT_CLAUSE = 14
"""How long an approved statement may wait under a contract that fixes no days."""


class ChargeFunding(msgspec.Struct, frozen=True):
    """The funding to charge, or to look at again after a webhook."""

    funding_id: UUID


class ReadFunding(msgspec.Struct, frozen=True):
    """The PaymentIntent that Stripe told us about, and the event that did."""

    payment_intent_id: str
    event_id: str


class HeardEvent(msgspec.Struct, frozen=True):
    """Something that Stripe told us about, and the event that did."""

    object_id: str
    event_id: str


class HeardBankPayout(msgspec.Struct, frozen=True):
    """A payout of a connected account to its bank that Stripe told us about, and the event that did."""

    payout_id: str
    account_id: str
    event_id: str


ONBOARDING_MISSING = Sentence("The partner has to finish its onboarding with Stripe before it can be paid.")
ACCOUNT_RESTRICTED = Sentence(
    "Stripe has stopped transfers to the partner’s account; the partner has to open its page Payout account "
    "and give Stripe what it asks for."
)
ACCOUNT_CLOSED = Sentence(
    "The partner’s account at Stripe is closed; the partner has to open its page Payout account and open "
    "another one."
)
PAYER_OWES = Sentence(
    "A bank took a payment of the payer back; nothing it funded is sent until the payer has paid again."
)
ANSWER_MISSING = Sentence(
    "Stripe does not know the transfer that we sent and got no answer for; a person must decide."
)
OUR_FAULT = Sentence("Stripe found our own request wrong; an engineer must look before it is sent again.")
MENDED_BY_PARTNER = (ONBOARDING_MISSING, ACCOUNT_RESTRICTED, ACCOUNT_CLOSED)
"""What ends by itself when Stripe says that the partner's account may receive transfers."""
GOES_ON_BY_ITSELF = (*MENDED_BY_PARTNER, PAYER_OWES)
_REASONS = (*GOES_ON_BY_ITSELF, ANSWER_MISSING, OUR_FAULT)
_REFUSED = "Stripe cannot pay this partner: "

CaseKind = Literal["funding returned", "refund failed", "fault of ours", "movement not booked",
                   "transfer differs", "transfer not booked", "payment differs", "payment not booked",
                   "fee not booked", "balance differs", "event not handled",
                   "attempt without answer"]  # fmt: skip
CASES: Mapping[CaseKind, Sentence] = MappingProxyType(
    {
        "funding returned": Sentence("A bank took a payment back"),
        "refund failed": Sentence("A bank did not take money that was given back"),
        "fault of ours": Sentence("Stripe found our request wrong"),
        "movement not booked": Sentence("Money moved at Stripe that nobody booked"),
        "transfer differs": Sentence("A transfer differs from what we booked"),
        "transfer not booked": Sentence("A transfer that nobody booked"),
        "payment differs": Sentence("A payment differs from what we booked"),
        "payment not booked": Sentence("A payment that nobody booked"),
        "fee not booked": Sentence("A fee of Stripe’s differs from what we booked"),
        "balance differs": Sentence("Our cash differs from Stripe’s balance"),
        "event not handled": Sentence("An event of Stripe’s was not worked through"),
        "attempt without answer": Sentence("An attempt has had no answer for a day"),
    }
)


COMPARED: frozenset[CaseKind] = frozenset(
    {
        "transfer differs",
        "transfer not booked",
        "payment differs",
        "payment not booked",
        "fee not booked",
        "balance differs",
        "event not handled",
        "attempt without answer",
    }
)
"""What a comparison looks for each time: such a case ends by itself when it is looked for and gone."""


FailureCode = Literal["declined", "confirm", "expired", "refused", "lost", "voided"]
Way = Literal["charge", "invoice"]
_CODES: Mapping[str, FailureCode] = MappingProxyType(
    {
        "authentication_required": "confirm",
        "requires_action": "confirm",
        "payment_intent_authentication_failure": "confirm",
        "canceled": "expired",
        "payment_intent_payment_attempt_expired": "expired",
    }
)


def fund_lock(advertiser_id: UUID, currency: str) -> str:
    """Return what whoever changes an advertiser's prepaid balance waits for."""
    return f"fund:{advertiser_id}:{currency}"


def code_of_failure(said: str) -> FailureCode:
    """Return our word for why a payment failed, from Stripe's code or the state it left the payment in."""
    return _CODES.get(said, "declined")


def why_failed(code: str | None, said: str) -> Sentence | str:
    """Return why a payment failed and what to do, to be said in the reader's language."""
    match code:
        case "confirm":
            return Sentence(
                "Your bank wants a person to confirm this payment (3-D Secure), and it was made without one. "
                "Nothing was taken. Save another payment method, a bank account for example, then pay again."
            )
        case "voided":
            return Sentence(
                "The invoice was called off and nobody can pay it any more. Nothing was taken; ask for "
                "another invoice, or pay by the saved payment method."
            )
        case "expired":
            return Sentence(
                "The payment was not completed in time, and Stripe gave it up. Nothing was taken; pay again."
            )
        case _:
            return said


class Found(msgspec.Struct, frozen=True):
    """One thing that our books and Stripe's say differently; its case says the same."""

    kind: CaseKind
    subject: str
    said: str


class Comparison(msgspec.Struct, frozen=True):
    """What differs, and what could not be compared this time."""

    found: list[Found]
    not_compared: frozenset[CaseKind]


def held_for_account(transfers_status: str | None) -> Sentence:
    """Return why nothing can be sent to an account in this state at Stripe."""
    if transfers_status == "closed":
        return ACCOUNT_CLOSED
    return ACCOUNT_RESTRICTED if transfers_status == "restricted" else ONBOARDING_MISSING


def refused_by_stripe(message: str) -> str:
    """Return why a payout is held that Stripe refused; what Stripe says stays in its own words."""
    return f"{_REFUSED}{message}"


def why_held(stored: str) -> Sentence | str:
    """Return a stored reason as a sentence that can be said in the reader's language.

    The English text is what is stored: a job compares it, and the books keep it as it was.
    """
    for reason in _REASONS:
        if stored == reason:
            return reason
    if stored.startswith(_REFUSED):
        return Sentence("Stripe cannot pay this partner: {message}", message=stored.removeprefix(_REFUSED))
    return stored
