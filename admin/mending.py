"""What a person does about a held payout: pure."""

from partner_network.kernel.sentences import Sentence
from partner_network.payouts import rules


def what_to_do(held_reason: str | None) -> Sentence | None:
    """Return what mends a held payout; None for one that nothing holds."""
    if held_reason is None:
        return None
    if held_reason == rules.PAYER_OWES:
        return Sentence(
            "Ask the payer’s finance to pay in again; its page Home says how much. The payout goes out "
            "by itself once that payment has settled."
        )
    if held_reason in rules.MENDED_BY_PARTNER:
        return Sentence(
            "Ask an owner or the finance of the brand to open its page Payout account and finish with "
            "Stripe. Nothing else is needed: the payout goes out by itself within minutes of Stripe’s yes."
        )
    if held_reason == rules.ANSWER_MISSING:
        return Sentence(
            "Look at the transfers of this payout at Stripe, by its number as transfer group. If there is "
            "none, let it go on below: Stripe is asked once more, and only then another attempt is made."
        )
    return Sentence(
        "Read below what Stripe said to the last attempt and mend it with the partner or with Stripe. Then "
        "let the payout go on; until then no money moves and nothing is sent twice."
    )
