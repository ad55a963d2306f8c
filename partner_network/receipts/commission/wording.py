"""What people read on the page of a commission."""

from collections.abc import Mapping
from types import MappingProxyType

from partner_network.kernel.sentences import Sentence

STRUCTURE: Mapping[str, Sentence] = MappingProxyType(
    {
        "graduated": Sentence("each tier pays on its own part"),
        "retroactive": Sentence("the tier reached pays on all of the period"),
        "flat": Sentence("one rate for all"),
    }
)
CAUSE: Mapping[str, Sentence] = MappingProxyType(
    {
        "refund": Sentence("a refund on this order"),
        "refund undone": Sentence("a refund on this order that was undone"),
        "refund elsewhere": Sentence("a refund on another order of the period"),
        "adjustment": Sentence("an adjustment"),
        "attribution": Sentence("the order was credited anew"),
        "terms": Sentence("amended terms"),
        "late order": Sentence("an older order of the period that was reported later"),
        "tax": Sentence("a credit note took back more tax than there was to take it from"),
    }
)
ELSEWHERE = Sentence("other orders of the period changed what it pays")
CAP: Mapping[str, Sentence] = MappingProxyType(
    {
        "order": Sentence("the most for one order"),
        "customer": Sentence("the most for one customer"),
        "period": Sentence("the most for the period"),
    }
)
LINE: Mapping[str, Sentence] = MappingProxyType(
    {
        "earned": Sentence("earned"),
        "bonus": Sentence("bonus"),
        "reversed": Sentence("reversed"),
        "adjustment": Sentence("adjustment"),
        "late": Sentence("reported late"),
        "recovered": Sentence("taken back"),
        "held": Sentence("held"),
        "released": Sentence("let go"),
    }
)
OUTCOME: Mapping[str, Sentence] = MappingProxyType(
    {"upheld": Sentence("upheld"), "declined": Sentence("declined")}
)


def factor(name: str) -> tuple[Sentence, str]:
    """Return what a multiplier is called, and the term that it follows from."""
    kind, _, own = name.partition(" ")
    if kind == "decay":
        return Sentence("Days between touch and order"), "commission.components.decay_ppm_per_day"
    if kind == "invoice":
        return Sentence("The customer’s order number"), "commission.components.invoice_ppm"
    if kind == "quality":
        return Sentence("Quality “{name}”", name=own), "commission.quality"
    return Sentence("Boost “{name}”", name=own or kind), "commission.boosts"
