"""What a person does about a held payout: pure."""

from partner_network.kernel.sentences import Sentence
from partner_network.payouts.rules import ONBOARDING_MISSING


def what_to_do(held_reason: str | None) -> Sentence | None:
    """Return what mends a held payout; None for one that nothing holds."""
    if held_reason is None:
        return None
    if held_reason == ONBOARDING_MISSING:
        return Sentence(
            "Ask an owner or the finance of the brand to open its page Payout account and finish with "
            "Stripe. Nothing else is needed: the payout goes out by itself within minutes of Stripe’s yes."
        )
    return Sentence(
        "Look at the attempts below and at the transfers of this payout at Stripe, by its number as "
        "transfer group. Until it is cleared up no money moves and nothing is sent twice."
    )
