"""What the tables of a terms file are made of: words, bounded numbers, and a table that skips nothing."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Event = Literal["lead", "sale", "activation"]
Model = Literal["last_click", "last_non_direct", "first_click", "linear", "position_based", "time_decay"]
TouchKind = Literal["click", "view", "code", "self_report"]
Evidence = Literal["click_id", "code", "cookie", "self_report"]
CodePolicy = Literal["click_required", "always", "tie_only", "never"]
Exclusion = Literal["bot", "prefetch", "no_consent", "self_referral", "stand_down", "test_mode"]
Structure = Literal["graduated", "retroactive", "flat"]
Metric = Literal["net_amount", "count"]

_MOST_MINOR = 2**62  # a bigint still holds the sum of two
_MOST_DAYS = 3_660
_MOST_MONTHS = 1_200
_MOST_MULTIPLIER_PPM = 1_000_000_000

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Minor = Annotated[int, Meta(ge=0, le=_MOST_MINOR)]
Positive = Annotated[int, Meta(ge=1, le=_MOST_MINOR)]
Days = Annotated[int, Meta(ge=0, le=_MOST_DAYS)]
SomeDays = Annotated[int, Meta(ge=1, le=_MOST_DAYS)]
Months = Annotated[int, Meta(ge=0, le=_MOST_MONTHS)]
Share = Annotated[int, Meta(ge=0, le=1_000_000)]
Multiplier = Annotated[int, Meta(ge=0, le=_MOST_MULTIPLIER_PPM)]
Raise = Annotated[int, Meta(ge=1_000_000, le=_MOST_MULTIPLIER_PPM)]


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file: immutable, and no key is read past in silence."""


class Match(Table, frozen=True):
    """Which lines of an order a component pays on; empty lists match every line."""

    categories: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    customer: Literal["any", "new", "returning"] = "any"
