"""A statement as people read it and as spreadsheets do: one value in, HTML for the printer or CSV out."""

from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from partner_network.kernel import spreadsheets
from partner_network.kernel.sentences import Sentence
from partner_network.languages import formats, spoken
from partner_network.languages.catalogs import say, say_many, translated
from partner_network.languages.spoken import Language
from partner_network.statements import chart, wording
from partner_network.statements.rules import EARNING_KINDS

KIND_LABELS: Mapping[str, Sentence] = MappingProxyType(
    {
        "earned": Sentence("Commission"),
        "bonus": Sentence("Bonuses"),
        "late": Sentence("Late commission"),
        "adjustment": Sentence("Adjustments"),
        "reversed": Sentence("Reversals"),
        "recovered": Sentence("Recovered clawbacks"),
        "held": Sentence("Held back"),
        "released": Sentence("Let go"),
        "dispute": Sentence("Disputed and released"),
    }
)


class Party(msgspec.Struct, frozen=True):
    """A company as a statement names it; the address is one line each."""

    legal_name: str
    address: tuple[str, ...]
    tax_id: str | None = None


class Line(msgspec.Struct, frozen=True):
    """What moved the account, for which order, under which clause; minor units, plus is the payee's."""

    on: date
    kind: str
    amount_minor: int
    order_id: str | None = None
    program: str | None = None
    component: str | None = None
    earning_period: str | None = None
    clause: str | None = None
    base_minor: int | None = None


class Tax(msgspec.Struct, frozen=True):
    """Tax on what the statement newly credits: base and amount in minor units, the rate in ppm."""

    label: str
    base_minor: int
    rate_ppm: int
    amount_minor: int
    clause: str | None = None


class Movement(msgspec.Struct, frozen=True):
    """Money that left the account by a payment or by netting; `reference` names the transfer or statement."""

    on: date
    reference: str
    amount_minor: int
    clause: str | None = None


class SignOff(msgspec.Struct, frozen=True):
    """Who prepared or approved, and when."""

    name: str
    at: datetime


class StatementDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a statement shows; amounts are minor units of `currency`, plus is in the payee's favour.

    `last_day` belongs to the period. Errors: ValueError when the amounts do not add up to the closing.
    """

    number: str
    payer: Party
    payee: Party
    operator_name: str
    period_label: str
    first_day: date
    last_day: date
    time_zone: str
    currency: str
    issued_on: date
    opening_minor: int
    closing_minor: int
    content_hash: str
    verify_url: str
    language: Language = spoken.SOURCE
    lines: tuple[Line, ...] = ()
    taxes: tuple[Tax, ...] = ()
    netted: tuple[Movement, ...] = ()
    paid: tuple[Movement, ...] = ()
    carried_reason: str | None = None
    prepared_by: SignOff | None = None
    approved_by: SignOff | None = None

    def __post_init__(self) -> None:
        sum_minor = self.opening_minor + sum(
            part.amount_minor for parts in (self.lines, self.taxes, self.netted, self.paid) for part in parts
        )
        if sum_minor != self.closing_minor:
            raise ValueError(
                f"statement {self.number} adds up to {sum_minor} minor units, "
                f"not to its closing {self.closing_minor}"
            )
        unknown = {line.kind for line in self.lines} - KIND_LABELS.keys()
        if unknown:
            raise ValueError(f"statement {self.number} has lines of unknown kinds {sorted(unknown)}")


class KindTotal(msgspec.Struct, frozen=True):
    """How many lines of one kind there are, and their sum in minor units."""

    label: str
    count: int
    amount_minor: int


def kind_totals(document: StatementDocument) -> list[KindTotal]:
    """Return the lines summed by kind, in the order a statement names them."""
    counts = Counter(line.kind for line in document.lines)
    sums = Counter[str]()
    for line in document.lines:
        sums[line.kind] += line.amount_minor
    return [
        KindTotal(translated(label), counts[kind], sums[kind])
        for kind, label in KIND_LABELS.items()
        if counts[kind]
    ]


class LineGroup(msgspec.Struct, frozen=True):
    """Lines that share what their title says, and their sum in minor units; some differ in their period."""

    title: str
    lines: list[Line]
    amount_minor: int
    has_periods: bool


def line_groups(document: StatementDocument) -> list[LineGroup]:
    """Return the lines grouped by kind, program, component and clause, and earnings by period too."""
    groups: dict[tuple[str | None, ...], list[Line]] = {}
    for line in document.lines:
        period = line.earning_period if line.kind in EARNING_KINDS else None
        key = (line.kind, line.program, line.component, period, line.clause)
        groups.setdefault(key, []).append(line)
    has_programs = len({line.program for line in document.lines if line.program}) > 1
    order = list(KIND_LABELS)
    in_order = sorted(groups.values(), key=lambda lines: order.index(lines[0].kind))
    return [_line_group(lines, has_programs=has_programs) for lines in in_order]


def _line_group(lines: list[Line], *, has_programs: bool) -> LineGroup:
    first = lines[0]
    has_periods = first.kind not in EARNING_KINDS
    parts = [
        translated(KIND_LABELS[first.kind]),
        first.program if has_programs else None,
        first.component,
        say("earned in {period}", period=wording.period(first.earning_period))
        if first.earning_period and not has_periods
        else None,
        say("clause {clause}", clause=first.clause) if first.clause else None,
    ]
    title = ", ".join(part for part in parts if part)
    return LineGroup(title, lines, sum(line.amount_minor for line in lines), has_periods)


def statement_html(document: StatementDocument) -> str:
    """Return the statement as one printable page of HTML, in its own language, with its CSV attached."""
    with spoken.speaking(document.language):
        return _html(document)


def _html(document: StatementDocument) -> str:
    earned = [(line.on, line.amount_minor) for line in document.lines if line.kind in EARNING_KINDS]
    return _template().render(
        document=document,
        kinds=kind_totals(document),
        groups=line_groups(document),
        programs=sorted({line.program for line in document.lines if line.program}),
        lines_minor=sum(line.amount_minor for line in document.lines),
        figure=partial(wording.decimal_text, currency=document.currency, grouped=True),
        chart=chart.bars(earned, document.currency),
        csv=b64encode(statement_csv(document).encode()).decode(),
    )


def statement_csv(document: StatementDocument) -> str:
    """Return the statement as CSV: one row per line, amounts as exact decimals and as minor units.

    The row `opening` and all rows after it up to `closing` add up to that one. Text that a spreadsheet
    would run as a formula begins with an apostrophe, and so does text that began with one: take one away
    to get the original.
    """
    rows = (_cells(document, row) for row in _rows(document))
    return spreadsheets.csv_of(_COLUMNS, rows, numbers=_NUMBERS)


_COLUMNS = (
    *("statement", "row", "date", "reference", "program", "component", "kind", "earning_period", "clause"),
    *("currency", "base", "base_minor", "amount", "amount_minor"),
)
_NUMBERS = {_COLUMNS.index(name) for name in ("base", "base_minor", "amount", "amount_minor")}


class _Row(msgspec.Struct):
    row: str
    on: date
    amount_minor: int
    reference: str = ""
    program: str = ""
    component: str = ""
    kind: str = ""
    earning_period: str = ""
    clause: str = ""
    base_minor: int | None = None


def _rows(document: StatementDocument) -> Iterator[_Row]:
    yield _Row("opening", document.first_day, document.opening_minor)
    for line in document.lines:
        yield _Row(
            row="line",
            on=line.on,
            amount_minor=line.amount_minor,
            reference=line.order_id or "",
            program=line.program or "",
            component=line.component or "",
            kind=line.kind,
            earning_period=line.earning_period or "",
            clause=line.clause or "",
            base_minor=line.base_minor,
        )
    for tax in document.taxes:
        yield _Row(
            "tax",
            document.last_day,
            tax.amount_minor,
            reference=tax.label,
            clause=tax.clause or "",
            base_minor=tax.base_minor,
        )
    for name, movements in (("netted", document.netted), ("paid", document.paid)):
        for one in movements:
            yield _Row(name, one.on, one.amount_minor, reference=one.reference, clause=one.clause or "")
    yield _Row("closing", document.last_day, document.closing_minor)


def _cells(document: StatementDocument, row: _Row) -> list[str]:
    return [
        document.number,
        row.row,
        row.on.isoformat(),
        *(row.reference, row.program, row.component, row.kind, row.earning_period, row.clause),
        document.currency,
        "" if row.base_minor is None else wording.decimal_text(row.base_minor, document.currency),
        "" if row.base_minor is None else str(row.base_minor),
        wording.decimal_text(row.amount_minor, document.currency),
        str(row.amount_minor),
    ]


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("partner_network.statements"), autoescape=True, undefined=StrictUndefined
    )
    filters: dict[str, Callable[..., str]] = {
        "money": formats.money,
        "day": formats.short_day,
        "instant": wording.instant,
        "number": formats.number,
        "percent": formats.percent,
        "period": wording.period,
        "translated": translated,
    }
    words: dict[str, Any] = {"_": say, "_n": say_many}
    environment.filters.update(filters)
    environment.globals.update(words)
    return environment.get_template("statement.html")
