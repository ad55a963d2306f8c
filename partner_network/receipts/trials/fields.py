"""The keys of a terms file that people change most, as fields of a form: what each is called and holds."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from partner_network.kernel.sentences import Sentence

Kind = Literal["words", "choice", "choices", "ranking", "whole", "percent", "money", "metric"]
"""How a value is typed; a `metric` is money or a count, by the component's own metric."""
Options = tuple[tuple[str, Sentence], ...]

POLICY, WINDOWS, COMMISSION = "program.attribution", "windows", "commission"


class Field(msgspec.Struct, frozen=True):
    """One key of a table of the file."""

    key: str
    label: Sentence
    kind: Kind
    options: Options = ()
    is_optional: bool = False
    hint: Sentence | None = None


MODELS: Options = (
    ("last_click", Sentence("the last click")),
    ("last_non_direct", Sentence("the last visit that somebody led there")),
    ("first_click", Sentence("the first click")),
    ("linear", Sentence("all touches in equal parts")),
    ("position_based", Sentence("the first and the last touch most, those between the rest")),
    ("time_decay", Sentence("all touches, the later the more")),
)
EVIDENCE: Options = (
    ("click_id", Sentence("click id")),
    ("code", Sentence("promo code")),
    ("cookie", Sentence("cookie")),
    ("self_report", Sentence("the customer’s own word")),
)
EXCLUSIONS: Options = (
    ("bot", Sentence("bots")),
    ("prefetch", Sentence("pages loaded ahead")),
    ("no_consent", Sentence("no consent")),
    ("self_referral", Sentence("partners’ own orders")),
    ("stand_down", Sentence("software over another’s click")),
    ("test_mode", Sentence("test mode")),
)
EVENTS: Options = (
    ("sale", Sentence("sale")),
    ("lead", Sentence("lead")),
    ("activation", Sentence("activation")),
)
PERIODS: Options = (
    ("month", Sentence("month")),
    ("quarter", Sentence("quarter")),
    ("year", Sentence("year")),
    ("lifetime", Sentence("the whole partnership")),
)
_CODE_POLICIES: Options = (
    ("click_required", Sentence("only beside a click of the same partner")),
    ("always", Sentence("as much as a click")),
    ("tie_only", Sentence("only where nobody was clicked")),
    ("never", Sentence("never")),
)

POLICY_FIELDS = (
    Field("model", Sentence("Who gets the credit"), "choice", MODELS),
    Field(
        "half_life_days",
        Sentence("Half life in days"),
        "whole",
        hint=Sentence("For “the later the more”: after so long a touch weighs half."),
    ),
    Field("position_ppm[0]", Sentence("First touch, in %"), "percent"),
    Field("position_ppm[1]", Sentence("Touches between, in %"), "percent"),
    Field("position_ppm[2]", Sentence("Last touch, in %"), "percent"),
    Field("code_policy", Sentence("Promo codes count"), "choice", _CODE_POLICIES),
    Field(
        "binding_months",
        Sentence("A first sale binds the customer, in months"),
        "whole",
        hint=Sentence("0: each sale stands alone."),
    ),
    Field(
        "customers",
        Sentence("Customers"),
        "choice",
        (("all", Sentence("all")), ("new_only", Sentence("new ones only"))),
    ),
    Field("evidence", Sentence("Evidence, the strongest first"), "ranking", EVIDENCE),
    Field("exclusions", Sentence("Left out"), "choices", EXCLUSIONS),
)
WINDOW_FIELDS = (
    Field("click_days", Sentence("After a click, in days"), "whole"),
    Field("view_days", Sentence("After a view, in days"), "whole", hint=Sentence("0: views never count.")),
    Field("events.sale", Sentence("Before a sale, in days"), "whole", is_optional=True),
    Field("events.lead", Sentence("Before a lead, in days"), "whole", is_optional=True),
    Field("events.activation", Sentence("Before an activation, in days"), "whole", is_optional=True),
    Field("run_off_days", Sentence("After the end of the agreement, in days"), "whole"),
)
COMMISSION_FIELDS = (
    Field(
        "combine",
        Sentence("Where several components match"),
        "choice",
        (("first", Sentence("the first one pays")), ("sum", Sentence("all of them pay"))),
    ),
)
COMPONENT_FIELDS = (
    Field("name", Sentence("Name"), "words"),
    Field("event", Sentence("Pays on each"), "choice", EVENTS),
    Field(
        "match.customer",
        Sentence("Customers it pays for"),
        "choice",
        (
            ("any", Sentence("all")),
            ("new", Sentence("new ones only")),
            ("returning", Sentence("returning ones only")),
        ),
    ),
    Field(
        "structure",
        Sentence("Tiers"),
        "choice",
        (
            ("graduated", Sentence("graduated: each tier pays on what lies in it")),
            ("retroactive", Sentence("retroactive: the tier reached pays on everything")),
            ("flat", Sentence("flat: one tier")),
        ),
    ),
    Field(
        "metric",
        Sentence("Tiers count"),
        "choice",
        (("net_amount", Sentence("the net amount")), ("count", Sentence("the number of conversions"))),
    ),
    Field("period", Sentence("Counted by the"), "choice", PERIODS),
    Field(
        "recurring_months",
        Sentence("Pays after a customer’s first order, in months"),
        "whole",
        hint=Sentence("0: on the first order only."),
    ),
    Field("min_order_minor", Sentence("From an order of"), "money"),
    Field("cap_minor.order", Sentence("At most on an order"), "money", is_optional=True),
    Field("cap_minor.customer", Sentence("At most on a customer in a period"), "money", is_optional=True),
    Field("cap_minor.period", Sentence("At most in a period"), "money", is_optional=True),
    Field(
        "decay_ppm_per_day",
        Sentence("Less for each day since the touch, in %"),
        "percent",
    ),
)
TIER_FIELDS = (
    Field("from", Sentence("From"), "metric"),
    Field("rate_ppm", Sentence("Rate, in %"), "percent", is_optional=True),
    Field("amount_minor", Sentence("Or amount for each"), "money", is_optional=True),
)

LABELS: Mapping[str, Sentence] = MappingProxyType(
    {
        **{f"{POLICY}.{one.key}": one.label for one in POLICY_FIELDS},
        **{f"{WINDOWS}.{one.key}": one.label for one in WINDOW_FIELDS},
        **{f"{COMMISSION}.{one.key}": one.label for one in COMMISSION_FIELDS},
        **{f"component.{one.key}": one.label for one in COMPONENT_FIELDS},
        **{f"tier.{one.key}": one.label for one in TIER_FIELDS},
        "terms": Sentence("Terms"),
        "from": Sentence("First day"),
        "to": Sentence("Up to (not included)"),
        "period": Sentence("Period"),
    }
)
"""What the path of a key, without the numbers of components and tiers, is called."""
