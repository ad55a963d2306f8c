"""A statement as people read it and as spreadsheets do: one value in, HTML for the printer or CSV out."""

import csv
import io
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache, partial

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from partner_network.kernel import money
from partner_network.statements import chart
from partner_network.statements.rules import EARNING_KINDS

KIND_LABELS = {
    "earned": "Commission",
    "bonus": "Bonuses",
    "late": "Late commission",
    "adjustment": "Adjustments",
    "reversed": "Reversals",
    "recovered": "Recovered clawbacks",
    "held": "Held and released",
    "dispute": "Disputed and released",
}


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
    return [KindTotal(label, counts[kind], sums[kind]) for kind, label in KIND_LABELS.items() if counts[kind]]


def statement_html(document: StatementDocument) -> str:
    """Return the statement as one printable page of HTML with its CSV attached."""
    earned = [(line.on, line.amount_minor) for line in document.lines if line.kind in EARNING_KINDS]
    return _template().render(
        document=document,
        kinds=kind_totals(document),
        labels=KIND_LABELS,
        programs=sorted({line.program for line in document.lines if line.program}),
        lines_minor=sum(line.amount_minor for line in document.lines),
        figure=partial(decimal_text, currency=document.currency, grouped=True),
        chart=chart.bars(earned, document.currency),
        csv=b64encode(statement_csv(document).encode()).decode(),
    )


def statement_csv(document: StatementDocument) -> str:
    """Return the statement as CSV: one row per line, amounts as exact decimals and as minor units.

    The row `opening` and all rows after it up to `closing` add up to that one. Text that a spreadsheet
    would run as a formula begins with an apostrophe, and so does text that began with one: take one away
    to get the original.
    """
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(_COLUMNS)
    writer.writerows(_cells(document, row) for row in _rows(document))
    return target.getvalue()


def decimal_text(minor: int, currency: str, *, grouped: bool = False) -> str:
    """Return an amount as an exact decimal with every digit of its minor unit: -125050 cents is `-1250.50`.

    `grouped` is for people: thousands apart, and a true minus sign.
    """
    digits = money.exponent(currency)
    whole, part = divmod(abs(minor), 10**digits)
    sign = "" if minor >= 0 else "\u2212" if grouped else "-"
    fraction = f".{part:0{digits}}" if digits else ""
    return f"{sign}{whole:,}{fraction}" if grouped else f"{sign}{whole}{fraction}"


_COLUMNS = (
    *("statement", "row", "date", "reference", "program", "component", "kind", "earning_period", "clause"),
    *("currency", "base", "base_minor", "amount", "amount_minor"),
)


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
    texts = (row.reference, row.program, row.component, row.kind, row.earning_period, row.clause)
    return [
        document.number,
        row.row,
        row.on.isoformat(),
        *(_inert(text) for text in texts),
        document.currency,
        "" if row.base_minor is None else decimal_text(row.base_minor, document.currency),
        "" if row.base_minor is None else str(row.base_minor),
        decimal_text(row.amount_minor, document.currency),
        str(row.amount_minor),
    ]


def _inert(text: str) -> str:
    return f"'{text}" if text.lstrip()[:1] in _FORMULA_STARTS or text[:1].isspace() else text


# With the apostrophe itself, so that taking one away always gives the original.
_FORMULA_STARTS = frozenset("=+-@'|%\uff1d\uff0b\uff0d\uff20")


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("partner_network.statements"), autoescape=True, undefined=StrictUndefined
    )
    filters: dict[str, Callable[..., str]] = {
        "money": money.display,
        "day": _day,
        "instant": _instant,
        "percent": _percent,
        "period": _period,
    }
    environment.filters.update(filters)
    return environment.get_template("statement.html")


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _instant(at: datetime) -> str:
    utc = at.astimezone(UTC)
    return f"{_day(utc.date())}, {utc:%H:%M} UTC"


def _period(label: str) -> str:
    """Return `March 2025` for 2025-03 and `Q1 2025` for 2025-Q1; any other label stays as it is."""
    if month := re.fullmatch(r"(\d{4})-(\d{2})", label):
        return f"{date(int(month[1]), int(month[2]), 1):%B %Y}"
    if quarter := re.fullmatch(r"(\d{4})-(Q\d)", label):
        return f"{quarter[2]} {quarter[1]}"
    return label


def _percent(ppm: int) -> str:
    return f"{Decimal(ppm).scaleb(-4).normalize():f} %"
