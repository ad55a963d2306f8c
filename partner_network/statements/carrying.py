"""Whether a statement is paid or carried to the next one, and why: pure."""

from partner_network.kernel.money import Money
from partner_network.kernel.sentences import Sentence


def is_below(*, closing_minor: int, minimum_minor: int) -> bool:
    """Tell whether a statement is paid only if it is the last one of its two brands."""
    return 0 < closing_minor < minimum_minor


def carried_reason(*, closing_minor: int, minimum_minor: int, is_last: bool = False) -> str | None:
    """Return why a statement is not paid but carried, or None when it is to be paid.

    Source: MONEY section 6; the contract's clause 8.8.
    """
    if closing_minor == 0:
        return "nothing is due"
    if closing_minor < minimum_minor and not is_last:
        return f"below the minimum payout of {minimum_minor} minor units"
    return None


def why_carried(*, closing_minor: int, minimum_minor: int, currency: str) -> Sentence:
    """Return the reason of a carried statement as people read it; the stored one is for the books."""
    if closing_minor == 0:
        return Sentence("nothing is due")
    return Sentence("below the minimum payout of {minimum}", minimum=Money(minimum_minor, currency))


def why_paid(*, minimum_minor: int, currency: str, clause: str | None) -> Sentence:
    """Return why a statement below the minimum is paid; no clause for whoever may not read the contract."""
    minimum = Money(minimum_minor, currency)
    if clause is None:
        return Sentence(
            "Paid though below the minimum of {minimum}: it is the last statement.", minimum=minimum
        )
    return Sentence(
        "Paid though below the minimum of {minimum}: it is the last statement (clause {clause}).",
        minimum=minimum,
        clause=clause,
    )
