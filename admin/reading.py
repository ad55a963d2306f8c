"""What happened to a statement, a payout or a partnership, in the reader's language, the newest first."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Literal, TypeAlias
from uuid import UUID

import msgspec

from admin import wording
from admin.queries.fundings import FundingRead
from admin.queries.payouts import SentPayout
from admin.queries.statements import ReadStatement
from partner_network.agreements.queries import Agreement
from partner_network.identity.web import coded_words
from partner_network.languages import catalogs, formats
from partner_network.languages.catalogs import say
from partner_network.programs.queries import Partnership
from partner_network.statements.queries import Statement

Event: TypeAlias = tuple[datetime, str, str]
"""When, what, and a word about it."""
Step: TypeAlias = tuple[str, str, Literal["done", "now", "next"]]


class Change(msgspec.Struct, frozen=True):
    """Two agreements of one partnership, the later of which changes the terms of the other."""

    before: Agreement
    after: Agreement


def events(read: ReadStatement) -> Sequence[Event]:
    """Return what happened to a statement."""
    one = read.statement
    happened: list[Event] = [(one.closed_at, say("Computed"), say("by the close of its period"))]
    if one.prepared_at and one.preparer_id:
        happened.append((one.prepared_at, say("Prepared"), _by(read, one.preparer_id)))
    if one.approved_at and one.approver_id:
        happened.append((one.approved_at, say("Approved"), _by(read, one.approver_id)))
    if read.payout and one.payout_minor is not None:
        amount = formats.money(one.payout_minor, one.currency)
        happened.append((read.payout.reserved_at, say("Funded"), amount))
        if read.payout.sent_at:
            happened.append((read.payout.sent_at, say("Paid out"), amount))
    return list(reversed(happened))


def steps(read: ReadStatement) -> Sequence[Step]:
    """Return the stations of a statement, with the day of each that it has passed; none for a carried one."""
    one = read.statement
    if one.status == "carried":
        return []
    at = [
        (say("Computed"), one.closed_at),
        (say("Prepared"), one.prepared_at),
        (say("Approved"), one.approved_at),
        (say("Funded"), read.payout and read.payout.reserved_at),
        (say("Paid out"), read.payout and read.payout.sent_at),
    ]
    first = next((place for place, (_, passed) in enumerate(at) if not passed), len(at))
    return [
        (
            title,
            formats.short_day(passed) if passed else "",
            "done" if passed else "now" if place == first else "next",
        )
        for place, (title, passed) in enumerate(at)
    ]


def summary(statement: Statement) -> str:
    """Return what a statement says, a line each, to be compared with another."""
    said = [
        (say("Number"), statement.number),
        (say("Paid by"), statement.payer_name),
        (say("Paid to"), statement.payee_name),
        (say("Period"), formats.month(statement.period)),
        (say("Opening"), formats.money(statement.opening_minor, statement.currency)),
        *(
            (catalogs.translated(word), formats.money(statement.totals[kind], statement.currency))
            for kind, word in wording.LINE.items()
            if kind in statement.totals
        ),
        (say("Closing"), formats.money(statement.closing_minor, statement.currency)),
    ]
    return "".join(f"{name}: {value}\n" for name, value in said)


def payout_events(sent: SentPayout) -> Sequence[Event]:
    """Return what happened to a payout."""
    payout = sent.payout
    amount = formats.money(payout.amount_minor, payout.currency)
    happened: list[Event] = []
    for one in sent.attempts:
        word = coded_words.status(one.status).word
        title = say("Attempt {n}: {status}", n=one.n, status=word)
        happened.append((one.finished_at or one.started_at, title, one.destination))
    return [*reversed(happened), (payout.reserved_at, say("Funded and reserved"), amount)]


def funding_events(read: FundingRead) -> Sequence[Event]:
    """Return what happened to a payment of an advertiser."""
    one, said = read.funding, read.funding.currency
    by = one.requested_by_name or say("somebody who left")
    happened: list[Event] = [(one.requested_at, say("Asked for"), say("by {name}", name=by))]
    if one.invoice_sent_at:
        happened.append((one.invoice_sent_at, say("Invoice sent"), one.invoice_number or ""))
    if one.void_asked_at:
        happened.append((one.void_asked_at, say("Called off"), one.invoice_number or ""))
    if one.settled_at:
        happened.append((one.settled_at, say("Arrived"), formats.money(one.amount_minor, said)))
    for moved in read.movements:
        title = say("A bank took back") if moved.kind == "return" else say("A bank brought again")
        happened.append((moved.at, title, formats.money(moved.amount_minor, said)))
    for back in read.given_back:
        amount = formats.money(back.amount_minor, said)
        happened.append((back.asked_at, say("Asked to be given back"), amount))
        if back.finished_at:
            title = say("Given back: {status}", status=coded_words.status(back.status).word)
            happened.append((back.finished_at, title, back.refund_id or ""))
    happened.sort(key=lambda event: event[0])
    return happened[::-1]


def partnership_events(partnership: Partnership, agreements: Sequence[Agreement]) -> Sequence[Event]:
    """Return what happened to a partnership and its agreements."""
    happened: list[Event] = [(partnership.created_at, say("The partnership began"), partnership.program_name)]
    for one in agreements:
        happened.append((one.drafted_at, say("Agreement {number} drafted", number=one.number), ""))
        for signed in one.signatures:
            title = say("{brand} signed {number}", brand=signed.brand, number=one.number)
            happened.append((signed.signed_at, title, signed.name))
    if partnership.active_from:
        happened.append((partnership.active_from, say("Active: links count and terms hold"), ""))
    if partnership.ended_at and partnership.status == "ended":
        happened.append((partnership.ended_at, say("Ended"), ""))
    # sort() keeps what happened at one instant in the order of the cause.
    happened.sort(key=lambda event: event[0])
    return happened[::-1]


def open_agreement(agreements: Sequence[Agreement]) -> Agreement | None:
    """Return the agreement that waits for a signature, if one does."""
    newest = agreements[-1] if agreements else None
    return newest if newest is not None and not newest.is_signed else None


def changes(agreements: Sequence[Agreement]) -> Sequence[Change]:
    """Return each agreement beside the one before it, the newest first."""
    return [Change(before, after) for before, after in reversed(list(pairwise(agreements)))]


def _by(read: ReadStatement, member_id: UUID) -> str:
    return say("by {name}", name=read.name_of.get(member_id, say("somebody who left")))
