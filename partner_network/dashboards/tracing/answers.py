"""Traces as JSON: every step by its id, every sum, and what it takes to go on from there."""

from datetime import date, datetime

from msgspec import Struct

from partner_network.dashboards.tracing.banking import Banked
from partner_network.dashboards.tracing.composing import Trace, TracedLine
from partner_network.dashboards.tracing.lines import LineTrace
from partner_network.dashboards.tracing.queries import Attempt
from partner_network.dashboards.tracing.sums import Sum
from partner_network.kernel import ids


class PartAnswer(Struct, frozen=True):
    """One amount of a sum, in minor units."""

    what: str
    minor: int


class SumAnswer(Struct, frozen=True):
    """Parts that must come to a figure stored somewhere else, and whether they do; minor units."""

    step: str
    parts: list[PartAnswer]
    result: PartAnswer
    holds: bool


class TransferAnswer(Struct, frozen=True):
    """One try to send the payout, and what Stripe took back of it; minor units."""

    n: int
    status: str
    amount_minor: int
    reversed_minor: int
    destination: str
    stripe_transfer_id: str | None
    finished_at: datetime | None


class BundledAnswer(Struct, frozen=True):
    """A transfer that a payout to the bank took along, and the statement it paid; minor units."""

    stripe_transfer_id: str
    amount_minor: int
    statement: str
    number: str


class BankPayoutAnswer(Struct, frozen=True):
    """A payout of the payee's account at Stripe to its bank, which may bundle transfers of several payers.

    Minor units. Its payee and the operator alone are told of it.
    """

    id: str
    amount_minor: int
    status: str
    arrives_on: date
    transfers: list[BundledAnswer]
    sum: SumAnswer


class PayoutAnswer(Struct, frozen=True):
    """The payout that the trace begins with, and what of it stayed with the payee; minor units."""

    id: str
    amount_minor: int
    paid_minor: int
    reserved_at: datetime
    held_reason: str | None
    transfers: list[TransferAnswer]


class TouchAnswer(Struct, frozen=True):
    """A touch that the order is credited to, with its exact weight."""

    touch: str
    at: datetime
    weight: str
    link: str | None


class TracedLineAnswer(Struct, frozen=True):
    """A line of the statement and where it comes from; amounts in minor units.

    `rev` is the commission's newest revision, `booked_by_rev` the one whose entry this line is, where it is
    one's; `receipt_root` is the hash that the order's receipt comes to.
    """

    line: int
    kind: str
    amount_minor: int
    effective_at: datetime
    earning_period: str | None
    clause: str | None
    agreement: str | None
    commission: int | None
    component: str | None
    commission_minor: int | None
    rev: int | None
    booked_by_rev: int | None
    conversion: str | None
    order_id: str | None
    receipt_rev: int | None
    receipt_root: str | None
    touches: list[TouchAnswer]


class TraceAnswer(Struct, frozen=True):
    """The way of the money from a payout to the lines it is made of; `next` is the line to go on after."""

    bank_payouts: list[BankPayoutAnswer]
    payout: PayoutAnswer | None
    statement: str
    number: str
    period: str
    payer: str
    payee: str
    currency: str
    status: str
    opening_minor: int
    closing_minor: int
    content_hash: str
    opened_with: str | None
    """The statement whose closing amount this one opens with."""
    sums: list[SumAnswer]
    holds: bool
    lines: list[TracedLineAnswer]
    next: int | None


class RevisionAnswer(Struct, frozen=True):
    """One state of what the commission should be, in minor units."""

    rev: int
    recorded_at: datetime
    target_minor: int
    clause: str


class LineTraceAnswer(Struct, frozen=True):
    """The way of one line: its commission, its order's receipt, its touches and its clause."""

    statement: str
    payout: str | None
    currency: str
    line: TracedLineAnswer
    revisions: list[RevisionAnswer]
    sum: SumAnswer | None
    holds: bool
    clause_text: str


def answer(trace: Trace, *, has_more: bool) -> TraceAnswer:
    """Return a trace as JSON; it was read with one line more than asked for where there is a next page."""
    one = trace.statement
    return TraceAnswer(
        bank_payouts=[_banked(bank) for bank in trace.banked],
        payout=_payout(trace),
        statement=ids.shown("stm", one.id),
        number=one.number,
        period=one.period,
        payer=one.payer_name,
        payee=one.payee_name,
        currency=one.currency,
        status=one.status,
        opening_minor=one.opening_minor,
        closing_minor=one.closing_minor,
        content_hash=one.content_hash.hex(),
        opened_with=None if trace.before is None else ids.shown("stm", trace.before.id),
        sums=[_sum(step) for step in trace.sums],
        holds=trace.holds,
        lines=[_line(line) for line in trace.lines],
        next=trace.lines[-1].line.transfer_id if has_more else None,
    )


def line_answer(trace: LineTrace) -> LineTraceAnswer:
    """Return the trace of one line as JSON."""
    commission = trace.commission
    return LineTraceAnswer(
        statement=ids.shown("stm", trace.statement.id),
        payout=None if trace.payout is None else ids.shown("pay", trace.payout.id),
        currency=trace.statement.currency,
        line=_line(trace.traced),
        revisions=[
            RevisionAnswer(one.rev, one.recorded_at, one.target_minor, one.clause)
            for one in (() if commission is None else commission.revisions)
        ],
        sum=None if commission is None else _sum(commission.sum),
        holds=trace.holds,
        clause_text=trace.clause_text,
    )


def _banked(one: Banked) -> BankPayoutAnswer:
    transfers = [
        BundledAnswer(
            each.stripe_transfer_id, each.amount_minor, ids.shown("stm", each.statement_id), each.number
        )
        for each in one.bundled
    ]
    return BankPayoutAnswer(one.id, one.amount_minor, one.status, one.arrives_on, transfers, _sum(one.sum))


def _payout(trace: Trace) -> PayoutAnswer | None:
    payout = trace.payout
    if payout is None:
        return None
    return PayoutAnswer(
        ids.shown("pay", payout.id),
        payout.amount_minor,
        trace.paid_minor,
        payout.reserved_at,
        payout.held_reason,
        [_transfer(attempt) for attempt in trace.attempts],
    )


def _transfer(one: Attempt) -> TransferAnswer:
    return TransferAnswer(
        one.n,
        one.status,
        one.amount_minor,
        one.reversed_minor,
        one.destination,
        one.stripe_transfer_id,
        one.finished_at,
    )


def _sum(one: Sum) -> SumAnswer:
    return SumAnswer(
        one.name,
        [PartAnswer(str(part.words), part.minor) for part in one.parts],
        PartAnswer(str(one.result.words), one.result.minor),
        one.holds,
    )


def _line(traced: TracedLine) -> TracedLineAnswer:
    line, origin = traced.line, traced.origin
    return TracedLineAnswer(
        line=line.transfer_id,
        kind=line.kind,
        amount_minor=line.amount_minor,
        effective_at=line.effective_at,
        earning_period=line.earning_period,
        clause=line.clause,
        agreement=None if origin is None else ids.shown("agr", origin.agreement_id),
        commission=None if origin is None else origin.commission_id,
        component=None if origin is None else origin.component,
        commission_minor=None if origin is None else origin.target_minor,
        rev=None if origin is None else origin.rev,
        booked_by_rev=None if origin is None else origin.booked_by_rev,
        conversion=None if line.conversion_id is None else ids.shown("cnv", line.conversion_id),
        order_id=line.order_id,
        receipt_rev=None if origin is None else origin.decision_rev,
        receipt_root=None if origin is None or origin.root is None else origin.root.hex(),
        touches=[
            TouchAnswer(
                ids.shown("clk" if one.is_click else "tch", one.touch_id), one.at, str(one.weight), one.link
            )
            for one in traced.credited
        ],
    )
