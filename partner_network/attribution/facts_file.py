"""The facts file of the command line: touches, conversions and what became of them, without a database.

The schema is the public interface of MONEY, section 4.
"""

from collections.abc import Iterator
from datetime import date, datetime
from fractions import Fraction
from typing import Literal, TypeVar

from msgspec import field
from msgspec.structs import replace

from partner_network.attribution.fact_rows import (
    AdjustmentRow,
    ConversionRow,
    QualityRow,
    RateRow,
    RefundRow,
    Row,
    TouchRow,
)
from partner_network.kernel import reading, strict_json
from partner_network.kernel.reading import Mistake
from partner_network.kernel.sentences import Sentence

_FIRST_YEAR, _LAST_YEAR = 1900, 9000
Noun = Literal["touches", "conversions", "refunds", "adjustments"]


class FactsFile(Row, frozen=True):
    """The whole file."""

    touches: tuple[TouchRow, ...] = ()
    conversions: tuple[ConversionRow, ...] = ()
    refunds: tuple[RefundRow, ...] = ()
    adjustments: tuple[AdjustmentRow, ...] = ()
    rates: tuple[RateRow, ...] = field(default=())
    quality: tuple[QualityRow, ...] = field(default=())

    def place_of(self, noun: Noun, row_id: str) -> str:
        """Return the path of the first row of an id, like ``conversions[3]``."""
        rows: tuple[TouchRow | ConversionRow | RefundRow | AdjustmentRow, ...] = getattr(self, noun)
        return f"{noun}[{next(index for index, row in enumerate(rows) if row.id == row_id)}]"


_THE_ONLY_PROGRAM = "program"

AnyRow = TypeVar("AnyRow", TouchRow, ConversionRow, RefundRow, AdjustmentRow)


def read_facts(text: str) -> FactsFile:
    """Return the facts a file states. Errors: InvalidError whose `fields` name each key at fault by path."""
    return distinct(read_rows(text))


def read_rows(text: str) -> FactsFile:
    """Return the rows as they are written, each fact as often as it is there. Errors: as `read_facts`."""
    written = reading.checked(strict_json.read(text, "facts"), FactsFile, "facts")
    distinct(written)
    reading.refuse(list(_mistakes_in(written)), "facts")
    return written


def distinct(written: FactsFile) -> FactsFile:
    """Return each fact once. Errors: InvalidError for an id that is there twice with different content."""
    return FactsFile(
        touches=_distinct("touches", written.touches),
        conversions=_distinct("conversions", written.conversions),
        refunds=_distinct("refunds", written.refunds),
        adjustments=_distinct("adjustments", written.adjustments),
        rates=written.rates,
        quality=written.quality,
    )


def _mistakes_in(facts: FactsFile) -> Iterator[Mistake]:
    """Yield what the types cannot say, by the place each row has in the file."""
    yield from _outside_of_calendars(facts)
    programs = Programs(facts)
    yield from _unknown_programs(facts, programs)
    yield from _shared_codes(facts, programs)
    yield from _impossible_measures(facts, programs)
    for index, row in enumerate(facts.conversions):
        if row.credits and sum(Fraction(one.weight) for one in row.credits) != 1:
            yield (
                f"conversions[{index}].credits",
                Sentence("the weights of {id!r} do not sum to 1", id=row.id),
            )
    known = {conversion.id for conversion in facts.conversions}
    for noun, rows in (("refunds", facts.refunds), ("adjustments", facts.adjustments)):
        for index, row in enumerate(rows):
            if row.conversion not in known:
                why = Sentence("there is no conversion {conversion!r}", conversion=row.conversion)
                yield f"{noun}[{index}].conversion", why
    of_refund = {refund.id: refund.conversion for refund in facts.refunds}
    for index, refund in enumerate(facts.refunds):
        if refund.cancels is not None and of_refund.get(refund.cancels) != refund.conversion:
            why = Sentence(
                "conversion {conversion!r} has no refund {refund!r}",
                conversion=refund.conversion,
                refund=refund.cancels,
            )
            yield f"refunds[{index}].cancels", why


def _outside_of_calendars(facts: FactsFile) -> Iterator[Mistake]:
    """Yield instants from which no lock date or binding can be reckoned, in any zone."""
    for noun in ("touches", "conversions", "refunds", "adjustments"):
        rows: tuple[TouchRow | ConversionRow | RefundRow | AdjustmentRow, ...] = getattr(facts, noun)
        for index, row in enumerate(rows):
            for name in ("at", "recorded_at"):
                instant: datetime | None = getattr(row, name, None)
                if instant is not None and not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
                    why = Sentence(
                        "lies outside of the years {first} to {last}", first=_FIRST_YEAR, last=_LAST_YEAR
                    )
                    yield f"{noun}[{index}].{name}", why


def _unknown_programs(facts: FactsFile, programs: "Programs") -> Iterator[Mistake]:
    several = Sentence("is required; the file names several programs")
    for index, row in enumerate(facts.touches):
        # A row that only says whose a code is reaches nobody, so its program may stay open.
        if programs.of_touch(row) is None and (row.customer or row.kind != "code"):
            yield f"touches[{index}].program", several
    for index, conversion in enumerate(facts.conversions):
        if programs.of(conversion) is None:
            yield f"conversions[{index}].program", several


def _shared_codes(facts: FactsFile, programs: "Programs") -> Iterator[Mistake]:
    owner_of: dict[tuple[str | None, str], str] = {}
    for index, row in enumerate(facts.touches):
        if row.code and row.partner:
            owner = owner_of.setdefault((programs.of_touch(row), row.code), row.partner)
            if owner != row.partner:
                why = Sentence("{code!r} belongs to {partner!r} already", code=row.code, partner=owner)
                yield f"touches[{index}].code", why


def _impossible_measures(facts: FactsFile, programs: "Programs") -> Iterator[Mistake]:
    seen: set[tuple[str, str, str, date]] = set()
    for index, row in enumerate(facts.quality):
        program = programs.of_quality(row)
        if program is None:
            yield f"quality[{index}].program", Sentence("is required; the file names several programs")
            continue
        if row.retained > row.customers:
            yield f"quality[{index}].retained", Sentence("is more than all its customers")
        key = (program, row.partner, row.rule, row.date)
        if key in seen:
            yield f"quality[{index}].date", Sentence("is there twice for this rule and partner")
        seen.add(key)


class Programs:
    """Which programs the file names; a fact without one belongs to the only one there is."""

    def __init__(self, facts: FactsFile) -> None:
        named = {row.program for row in (*facts.touches, *facts.conversions) if row.program}
        self._only = None if len(named) > 1 else next(iter(named), _THE_ONLY_PROGRAM)
        self._of_click = {row.id: row.program for row in facts.touches}

    def of_touch(self, row: TouchRow) -> str | None:
        """Return a touch's program; None if it cannot be told."""
        return row.program or self._only

    def of_quality(self, row: QualityRow) -> str | None:
        """Return the program that a measure was taken in; None if it cannot be told."""
        return row.program or self._only

    def of(self, row: ConversionRow) -> str | None:
        """Return a conversion's program: its own, its click's, or the only one; None if it cannot be told."""
        return row.program or self._of_click.get(row.click_id or "") or self._only


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
    """Return the file without the facts that were recorded after an instant.

    What is left keeps the program that the whole file tells.
    """
    programs = Programs(facts)
    conversions = tuple(
        replace(row, program=programs.of(row))
        for row in facts.conversions
        if (row.recorded_at or row.at) <= instant
    )
    known = {row.id for row in conversions}
    return FactsFile(
        touches=tuple(
            replace(row, program=programs.of_touch(row))
            for row in facts.touches
            if (row.recorded_at or row.at) <= instant
        ),
        conversions=conversions,
        refunds=tuple(
            row for row in facts.refunds if (row.recorded_at or row.at) <= instant and row.conversion in known
        ),
        adjustments=tuple(row for row in facts.adjustments if row.at <= instant and row.conversion in known),
        rates=facts.rates,
        # A measure holds for orders from its date on: none that is known then goes by one that is not.
        quality=tuple(replace(row, program=programs.of_quality(row)) for row in facts.quality),
    )
