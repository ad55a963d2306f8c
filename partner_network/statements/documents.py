"""A statement as people read it: one value in, HTML for the printer out."""

import io
from base64 import b64encode
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import msgspec
import segno
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from partner_network.languages import formats, spoken
from partner_network.languages.catalogs import say, say_many, translated
from partner_network.statements import chart, sheets, wording
from partner_network.statements.rules import EARNING_KINDS
from partner_network.statements.snapshot import (
    KIND_LABELS,
    KindTotal,
    Line,
    Movement,
    Party,
    SignOff,
    StatementDocument,
    Tax,
    kind_totals,
)

__all__ = [
    "KIND_LABELS",
    "KindTotal",
    "Line",
    "LineGroup",
    "Movement",
    "Party",
    "SignOff",
    "StatementDocument",
    "Tax",
    "kind_totals",
    "line_groups",
    "statement_csv",
    "statement_html",
    "template",
]

statement_csv = sheets.statement_csv


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
    return template("statement.html").render(
        document=document,
        kinds=kind_totals(document),
        groups=line_groups(document),
        programs=sorted({line.program for line in document.lines if line.program}),
        lines_minor=sum(line.amount_minor for line in document.lines),
        figure=partial(wording.decimal_text, currency=document.currency, grouped=True),
        chart=chart.bars(earned, document.currency),
        csv=b64encode(statement_csv(document).encode()).decode(),
        qr=_qr(document.verify_url) if document.verify_url else "",
    )


def _qr(address: str) -> str:
    """Return a drawing that a telephone reads an address from, for a `data:` address."""
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(drawn, kind="svg", xmldecl=False, border=0)
    return b64encode(drawn.getvalue()).decode()


def template(name: str) -> Template:
    """Return one of the printed pages' templates, with the words and forms that all of them use."""
    return _environment().get_template(name)


@lru_cache(maxsize=1)
def _environment() -> Environment:
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
        "country": wording.country,
        "translated": translated,
    }
    words: dict[str, Any] = {"_": say, "_n": say_many}
    environment.filters.update(filters)
    environment.globals.update(words)
    return environment
