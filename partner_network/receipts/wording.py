"""What people read for the words that decisions keep; a page translates it."""

from collections.abc import Mapping
from types import MappingProxyType

from partner_network.kernel.sentences import Sentence

EVENT: Mapping[str, Sentence] = MappingProxyType(
    {"sale": Sentence("sale"), "lead": Sentence("lead"), "activation": Sentence("activation")}
)
KIND: Mapping[str, Sentence] = MappingProxyType(
    {
        "click": Sentence("click"),
        "view": Sentence("view of a page"),
        "code": Sentence("promo code"),
        "self_report": Sentence("named by the customer"),
    }
)
EVIDENCE: Mapping[str, Sentence] = MappingProxyType(
    {
        "click_id": Sentence("by click id"),
        "cookie": Sentence("by cookie"),
        "code": Sentence("by code"),
        "self_report": Sentence("by statement"),
    }
)
MODEL: Mapping[str, Sentence] = MappingProxyType(
    {
        "last_click": Sentence("last click"),
        "last_non_direct": Sentence("last touch that is not direct"),
        "first_click": Sentence("first click"),
        "linear": Sentence("equal shares"),
        "position_based": Sentence("shares by position"),
        "time_decay": Sentence("shares that fade with time"),
    }
)
VERDICT: Mapping[str, tuple[Sentence, str]] = MappingProxyType(
    {
        "credited": (Sentence("credited"), "good"),
        "not_credited": (Sentence("not credited"), "plain"),
        "excluded": (Sentence("does not count"), "wait"),
    }
)
"""Each with the tone of its badge, which is a shape besides a colour."""
OUTCOME: Mapping[str, tuple[Sentence, str]] = MappingProxyType(
    {
        "attributed": (Sentence("credited"), "good"),
        "unattributed": (Sentence("credited to nobody"), "plain"),
        "received": (Sentence("not decided yet"), "wait"),
        "credited": (Sentence("credited to you"), "good"),
        "not_credited": (Sentence("not credited to you"), "plain"),
    }
)
