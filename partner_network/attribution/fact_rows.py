"""The rows of a facts file, as people write them."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from partner_network.agreements.terms import Event, Evidence, TouchKind

Instant = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(min_length=1)]
Ratio = Annotated[str, Meta(pattern=r"^[0-9]+(/[1-9][0-9]*)?$", max_length=200)]
Decimals = Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)?$", max_length=200)]
_MOST_MINOR = 2**62  # as in terms: a bigint still holds the sum of two
Minor = Annotated[int, Meta(ge=0, le=_MOST_MINOR)]
Adjusted = Annotated[int, Meta(ge=-_MOST_MINOR, le=_MOST_MINOR)]


class Row(Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the file: immutable, and no key is read past in silence."""


class TouchRow(Row, frozen=True):
    """A touch; `code` says whose a promo code is."""

    id: Text
    at: Instant
    partner: str | None = None
    program: str | None = None
    customer: str | None = None
    recorded_at: Instant | None = None
    kind: TouchKind = "click"
    evidence: Evidence | None = None
    channel: Literal["partner", "direct"] = "partner"
    code: str | None = None
    consent: bool = True
    excluded: str | None = None


class LineRow(Row, frozen=True):
    """A line of an order."""

    id: Text
    net_minor: Minor
    sku: str | None = None
    category: str | None = None
    quantity: int = 1


class CreditRow(Row, frozen=True):
    """A credit stated instead of decided."""

    partner: Text
    weight: Ratio


class ConversionRow(Row, frozen=True):
    """A conversion; with `credits` attribution is skipped."""

    id: Text
    event: Event
    at: Instant
    currency: Text
    net_minor: Minor
    program: str | None = None
    customer: str | None = None
    recorded_at: Instant | None = None
    code: str | None = None
    click_id: str | None = None
    new_customer: bool | None = None
    lines: tuple[LineRow, ...] = ()
    credits: tuple[CreditRow, ...] = ()


class RefundRow(Row, frozen=True):
    """Net given back, or the undoing of the refund that `cancels` names."""

    id: Text
    conversion: Text
    at: Instant
    net_minor: Minor = 0
    line: str | None = None
    recorded_at: Instant | None = None
    cancels: str | None = None


class AdjustmentRow(Row, frozen=True):
    """An outcome that adds to, or takes from, what one partner gets for one conversion.

    With `bonus` it belongs to that bonus, in the period that the conversion counts in.
    """

    id: Text
    conversion: Text
    partner: Text
    at: Instant
    minor: Adjusted
    reason: str = ""
    bonus: Text | None = None


class RateRow(Row, frozen=True):
    """A published rate, as a decimal text."""

    date: date
    base: Text
    quote: Text
    rate: Decimals


class QualityRow(Row, frozen=True):
    """How many of a partner's earlier customers stayed, as a rule of quality measured it at a date."""

    partner: Text
    rule: Text
    date: date
    customers: Minor
    retained: Minor
    program: str | None = None
