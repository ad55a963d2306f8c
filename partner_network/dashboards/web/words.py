"""The coded words of the portal as people read them: states, kinds of lines, models of attribution."""

from collections.abc import Mapping
from types import MappingProxyType

from partner_network.kernel.sentences import Sentence

STATE_OF_STATEMENT: Mapping[str, Sentence] = MappingProxyType(
    {
        "draft": Sentence("draft"),
        "issued": Sentence("issued"),
        "approved": Sentence("approved"),
        "funded": Sentence("funded"),
        "part_paid": Sentence("part paid"),
        "paid": Sentence("paid"),
        "carried": Sentence("carried"),
    }
)
AGREEMENT_WAITS = Sentence("waits for the other side")
"""The one state of an agreement that only its page knows; the others have their badge."""
KIND_OF_LINE: Mapping[str, Sentence] = MappingProxyType(
    {
        "earned": Sentence("Commission"),
        "bonus": Sentence("Bonuses"),
        "late": Sentence("Late facts"),
        "adjustment": Sentence("Adjustments"),
        "reversed": Sentence("Reversed"),
        "recovered": Sentence("Taken back for refunds"),
        "tax_recovered": Sentence("Taken back of tax"),
        "held": Sentence("Held back"),
        "released": Sentence("Let go"),
        "tax": Sentence("Tax"),
        "netted": Sentence("Set off"),
        "paid": Sentence("Paid"),
        "returned": Sentence("Returned by the bank"),
    }
)
"""In the order in which a statement adds them up."""
MODEL: Mapping[str, Sentence] = MappingProxyType(
    {
        "last_click": Sentence("the last click"),
        "last_non_direct": Sentence("the last visit that somebody led there"),
        "first_click": Sentence("the first click"),
        "linear": Sentence("all touches in equal parts"),
        "position_based": Sentence("the first and the last touch most, those between the rest"),
        "time_decay": Sentence("all touches, the later the more"),
    }
)
EVERY: Mapping[str, Sentence] = MappingProxyType(
    {
        "month": Sentence("every month"),
        "quarter": Sentence("every quarter"),
        "year": Sentence("every year"),
        "lifetime": Sentence("once for all"),
    }
)
