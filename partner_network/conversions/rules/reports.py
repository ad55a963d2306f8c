"""What an advertiser may report, and how the same report is known again."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from partner_network.kernel import ids, money
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

MOST_REPORTS = 1_000
MOST_LINES = 500
MOST_MINOR = 2**62
"""No single order is worth more, as in terms: 64 bits still hold the sum of two."""
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)

Event = Literal["sale", "lead", "activation"]
Status = Literal["received", "attributed", "unattributed", "rejected"]
TouchWord = Literal["code", "self_report", "view", "direct"]
Consent = Literal["granted", "denied", "unknown"]
Mistake = tuple[str, str]

_NO_CONTROLS = r"^(?![\s\S]*[\x00-\x1f\x7f])"  # reads alike in Python and in other languages
Key = Annotated[str, Meta(min_length=1, max_length=200, pattern=_NO_CONTROLS)]
Word = Annotated[str, Meta(max_length=200, pattern=_NO_CONTROLS)]
Instant = Annotated[datetime, Meta(tz=True)]
Minor = Annotated[int, Meta(ge=0, le=MOST_MINOR)]
Quantity = Annotated[int, Meta(ge=1, le=1_000_000)]

REQUIREMENT_OF: Mapping[str, Sentence] = {
    "order_id": Sentence("Give the order id as 1 to 200 characters without control characters."),
    "event": Sentence("Give sale, lead or activation."),
    "customer_id": Sentence(
        "Give your own id of the customer as 1 to 200 characters without control characters."
    ),
    "occurred_at": Sentence("Give an instant with its offset as RFC 3339, like 2026-03-01T09:30:00Z."),
    "at": Sentence("Give an instant with its offset as RFC 3339, like 2026-03-01T09:30:00Z."),
    "currency": Sentence("Give an active ISO 4217 currency, like EUR."),
    "net_minor": Sentence(
        "Give a whole number of the currency's minor units, never negative, at most {most}.", most=MOST_MINOR
    ),
    "program": Sentence("Give a program's slug or its prg_ id."),
    "click_id": Sentence("Give a click id as the landing page received it: clk_ and 26 letters and digits."),
    "lines": Sentence(
        "Give a list of at most {most} lines, each with an id and its net_minor.", most=MOST_LINES
    ),
    "id": Sentence("Give the line's id as 1 to 200 characters without control characters."),
    "sku": Sentence("Give at most 200 characters without control characters."),
    "category": Sentence("Give at most 200 characters without control characters."),
    "quantity": Sentence("Give a whole number from 1 to 1000000."),
    "refund_id": Sentence(
        "Give your own id of the refund as 1 to 200 characters without control characters."
    ),
    "refunded": Sentence(
        "Give a whole number of the currency's minor units, from 1 to {most}.", most=MOST_MINOR
    ),
    "line": Sentence("Give the id of one of the order's lines."),
    "cancels": Sentence("Give the refund id of an earlier refund of that order."),
    "code": Sentence("Give the code as it was typed, as 1 to 200 characters without control characters."),
    "touch_id": Sentence("Give your own id of the touch as 1 to 200 characters without control characters."),
    "kind": Sentence("Give code, self_report, view or direct."),
    "partner": Sentence("Give a partner's slug or its bnd_ id."),
    "consent": Sentence("Give granted, denied or unknown."),
    "reason": Sentence("Give the reason as 1 to 200 characters without control characters."),
}
"""What each field asks for, in the words of the person who has to mend it."""


class Report(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A fact as an advertiser sends it; nothing it says is read past in silence."""


class OrderLine(Report, frozen=True, kw_only=True):
    """One line of an order; its amount is for all of its quantity."""

    id: Key
    net_minor: Minor
    sku: Word | None = None
    category: Word | None = None
    quantity: Quantity = 1


class ReportedConversion(Report, frozen=True, kw_only=True):
    """A sale, lead or activation of one customer; 0 is an amount like any other."""

    order_id: Key
    event: Event
    customer_id: Key
    occurred_at: Instant
    currency: str
    net_minor: Minor
    program: Word | None = None
    click_id: str | None = None
    lines: Annotated[tuple[OrderLine, ...], Meta(max_length=MOST_LINES)] = ()
    code: Key | None = None


class ReportedIdentification(Report, frozen=True, kw_only=True):
    """Which customer stands behind a click."""

    customer_id: Key
    click_id: str


class ReportedTouch(Report, frozen=True, kw_only=True):
    """How else a customer was reached: by a code, by whom they named or saw, or by nobody (`direct`)."""

    touch_id: Key
    kind: TouchWord
    customer_id: Key
    at: Instant
    program: Word | None = None
    partner: Word | None = None
    code: Key | None = None
    consent: Consent = "unknown"


class ReportedRefund(Report, frozen=True, kw_only=True):
    """Money given back on one order, on one of its lines or on the whole of it.

    Or its undoing: ``cancels`` names an earlier refund of the order that never happened after all.
    """

    refund_id: Key
    order_id: Key
    at: Instant
    net_minor: Minor = 0
    reason: Key
    event: Event = "sale"
    line: Key | None = None
    cancels: Key | None = None


class RecordedConversion(Struct, frozen=True):
    """The answer to a report, today and to every repeat of it."""

    id: str
    order_id: str
    event: Event
    status: Status = "received"


class RecordedIdentification(Struct, frozen=True):
    """The answer to an identification, today and to every repeat of it."""

    customer_id: str
    click_id: str


class RecordedTouch(Struct, frozen=True):
    """The answer to a touch, today and to every repeat of it."""

    id: str
    touch_id: str


class RecordedRefund(Struct, frozen=True):
    """The answer to a refund, today and to every repeat of it."""

    id: str
    refund_id: str
    conversion_id: str


def content_hash(report: Report) -> bytes:
    """Return the SHA-256 of everything a report says; instants count, their offsets do not.

    A field that is left out and one that states its default say the same.
    """
    at = {name: value.astimezone(UTC) for name, value in _instants(report)}
    return hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(report, **at))).digest()


def _instants(report: Report) -> Iterator[tuple[str, datetime]]:
    for name in ("occurred_at", "at"):
        value: object = getattr(report, name, None)
        if isinstance(value, datetime):
            yield name, value


def mistakes_in(report: Report, now: datetime) -> Iterator[Mistake]:
    """Yield each field that cannot be right, with what to do about it."""
    for name, instant in _instants(report):
        if instant > now:
            yield name, Sentence("This lies in the future; it is {now} now.", now=now.isoformat())
        elif instant < EARLIEST:
            yield name, Sentence("This lies before {year}; give when it really happened.", year=EARLIEST.year)
    match report:
        case ReportedConversion():
            yield from _mistakes_in_conversion(report)
        case ReportedIdentification():
            yield from _mistakes_in_click_id(report.click_id)
        case ReportedTouch():
            yield from _mistakes_in_touch(report)
        case ReportedRefund():
            yield from _mistakes_in_refund(report)
        case _:
            return


def _mistakes_in_conversion(report: ReportedConversion) -> Iterator[Mistake]:
    if report.currency not in money.EXPONENT_OF:
        yield (
            "currency",
            Sentence(
                "{currency!r} is unknown. {wanted}",
                currency=report.currency,
                wanted=REQUIREMENT_OF["currency"],
            ),
        )
    if report.click_id is not None:
        yield from _mistakes_in_click_id(report.click_id)
    if not report.lines:
        return
    total = sum(line.net_minor for line in report.lines)
    if total != report.net_minor:
        yield (
            "lines",
            Sentence(
                "The lines sum to {total}, the order to {net}; make them agree.",
                total=total,
                net=report.net_minor,
            ),
        )
    seen: set[str] = set()
    for n, line in enumerate(report.lines):
        if line.id in seen:
            yield (
                f"lines[{n}].id",
                Sentence("{line!r} names an earlier line; give each line an id of its own.", line=line.id),
            )
        seen.add(line.id)


def _mistakes_in_refund(report: ReportedRefund) -> Iterator[Mistake]:
    """Yield what a refund lacks, or what its undoing has too much: that takes back all of it."""
    if report.cancels is None:
        if report.net_minor == 0:
            yield "net_minor", REQUIREMENT_OF["refunded"]
        return
    for name, is_said in (("net_minor", report.net_minor > 0), ("line", report.line is not None)):
        if is_said:
            yield name, Sentence("What undoes a refund undoes all of it; leave this out.")


def _mistakes_in_touch(report: ReportedTouch) -> Iterator[Mistake]:
    """Yield what a touch lacks or has too much: a code has its own partner, `direct` has none."""
    wanted = {"code": "code", "self_report": "partner", "view": "partner", "direct": None}[report.kind]
    said: Mapping[str, str | None] = {"code": report.code, "partner": report.partner}
    for name, value in said.items():
        if name == wanted and value is None:
            yield (
                name,
                Sentence(
                    "A touch of kind {kind} needs this. {wanted}",
                    kind=report.kind,
                    wanted=REQUIREMENT_OF[name],
                ),
            )
        elif name != wanted and value is not None:
            yield name, Sentence("A touch of kind {kind} has none; leave it out.", kind=report.kind)


def _mistakes_in_click_id(text: str) -> Iterator[Mistake]:
    try:
        ids.parse("clk", text)
    except InvalidError as error:
        yield "click_id", error.sentence
