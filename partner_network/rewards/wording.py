"""What people read for perks and kinds of credit."""

from collections.abc import Mapping
from types import MappingProxyType

from partner_network.kernel.sentences import Sentence

PERKS: Mapping[str, Sentence] = MappingProxyType(
    {
        "enhanced_analytics": Sentence("Enhanced analytics"),
        "lead_routing": Sentence("Lead routing"),
        "co_branded_event": Sentence("Co-branded event"),
    }
)
