"""The facts file of the command line: touches, conversions and what became of them, without a database.

The schema is the public interface of MONEY, section 4.
"""

from bisect import bisect_right
from collections import defaultdict
from datetime import date, datetime
from typing import Annotated, Literal, TypeVar, cast

import msgspec
from msgspec import Meta, Struct, field

from partner_network.agreements.terms import Event, Evidence, TouchKind
from partner_network.kernel import reading
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

Instant = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(min_length=1)]
Ratio = Annotated[str, Meta(pattern=r"^[0-9]+(/[1-9][0-9]*)?$")]
Decimals = Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)?$")]
Minor = Annotated[int, Meta(ge=0)]


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
    """An outcome that adds to, or takes from, what one partner gets for one conversion."""

    id: Text
    conversion: Text
    partner: Text
    at: Instant
    minor: int
    reason: str = ""


class RateRow(Row, frozen=True):
    """A published rate, as a decimal text."""

    date: date
    base: Text
    quote: Text
    rate: Decimals


class FactsFile(Row, frozen=True):
    """The whole file."""

    touches: tuple[TouchRow, ...] = ()
    conversions: tuple[ConversionRow, ...] = ()
    refunds: tuple[RefundRow, ...] = ()
    adjustments: tuple[AdjustmentRow, ...] = ()
    rates: tuple[RateRow, ...] = field(default=())


AnyRow = TypeVar("AnyRow", TouchRow, ConversionRow, RefundRow, AdjustmentRow)


def read_facts(text: str | bytes) -> FactsFile:
    """Return the facts a file states. Errors: InvalidError whose `fields` name each key at fault by path."""
    try:
        document = cast("object", msgspec.json.decode(text))
    except msgspec.DecodeError as error:
        raise InvalidError(Sentence("The facts are no JSON: {error}.", error=error)) from None
    facts = reading.checked(document, FactsFile, "facts")
    whole = FactsFile(
        touches=_distinct("touches", facts.touches),
        conversions=_distinct("conversions", facts.conversions),
        refunds=_distinct("refunds", facts.refunds),
        adjustments=_distinct("adjustments", facts.adjustments),
        rates=facts.rates,
    )
    known = {conversion.id for conversion in whole.conversions}
    mistakes = [
        (
            f"{noun}[{index}].conversion",
            Sentence("there is no conversion {conversion!r}", conversion=row.conversion),
        )
        for noun, rows in (("refunds", whole.refunds), ("adjustments", whole.adjustments))
        for index, row in enumerate(rows)
        if row.conversion not in known
    ]
    reading.refuse(mistakes, "facts")
    return whole


def _distinct(noun: str, rows: tuple[AnyRow, ...]) -> tuple[AnyRow, ...]:
    """Return each fact once; the same id with other content is refused, whoever came first."""
    known: dict[str, AnyRow] = {}
    for index, row in enumerate(rows):
        if known.setdefault(row.id, row) != row:
            reading.refuse(
                [(f"{noun}[{index}].id", Sentence("{id!r} is there with other content", id=row.id))], "facts"
            )
    return tuple(known.values())


def as_of(facts: FactsFile, instant: datetime) -> FactsFile:
    """Return the file without the facts that were recorded after an instant."""
    conversions = tuple(row for row in facts.conversions if (row.recorded_at or row.at) <= instant)
    known = {row.id for row in conversions}
    return FactsFile(
        touches=tuple(row for row in facts.touches if (row.recorded_at or row.at) <= instant),
        conversions=conversions,
        refunds=tuple(
            row for row in facts.refunds if (row.recorded_at or row.at) <= instant and row.conversion in known
        ),
        adjustments=tuple(row for row in facts.adjustments if row.at <= instant and row.conversion in known),
        rates=facts.rates,
    )


class Customers:
    """What the file says of each customer: the sales in order, so that first order and number are known."""

    def __init__(self, facts: FactsFile) -> None:
        self._first: dict[str, ConversionRow] = {}
        self._sales: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
        for row in sorted(facts.conversions, key=lambda row: (row.at, row.id)):
            if row.customer is not None:
                self._first.setdefault(row.customer, row)
                if row.event == "sale":
                    self._sales[row.customer].append((row.at, row.id))

    def is_new(self, row: ConversionRow) -> bool:
        """Tell whether the conversion says so, or no earlier one of its customer is in the file."""
        if row.new_customer is not None:
            return row.new_customer
        return row.customer is None or self._first[row.customer] is row

    def order_number(self, row: ConversionRow) -> int:
        """Return how many sales its customer made up to and including this conversion's place, at least 1."""
        if row.customer is None:
            return 1
        return max(1, bisect_right(self._sales[row.customer], (row.at, row.id)))

    def first_order_at(self, row: ConversionRow) -> datetime | None:
        """Return when its customer's first sale was, if it was by this conversion's place."""
        sales = self._sales[row.customer] if row.customer else [(row.at, row.id)] * (row.event == "sale")
        return sales[0][0] if sales and sales[0] <= (row.at, row.id) else None
