"""What each commission has booked over time: its revisions, its maturity, and the clawbacks between."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import TypeAlias

from msgspec import Struct

from partner_network.agreements import terms
from partner_network.commissions import booking
from partner_network.commissions.booking import Change, OpenClawback
from partner_network.dashboards.verification import commissions, holds, kinds, lapses
from partner_network.dashboards.verification.books import Books, grouped
from partner_network.dashboards.verification.explained import Explained
from partner_network.dashboards.verification.kinds import Kind
from partner_network.dashboards.verification.money_rows import (
    Clawback,
    ClawbackSettlement,
    Commission,
    Contest,
    Revision,
)
from partner_network.ledger.rules import Entry

Events: TypeAlias = dict[int, list[ClawbackSettlement]]
_CLAUSE = "settlement.clawback"
ENDING = frozenset({"recovered", "restored", *lapses.LAPSED})


class Booking(Struct, frozen=True):
    """What one revision must have booked."""

    commission: Commission
    revision: Revision
    entry: Entry
    clawback: Clawback | None
    settled: tuple[ClawbackSettlement, ...]


def check_revisions(books: Books, explained: Explained) -> Kind:
    """Compare the entry of every revision with the difference that it makes."""
    found = "each booked its difference, to the cent"
    return kinds.compared("revisions", len(books.revisions), found, _revisions(books, explained))


def _revisions(books: Books, explained: Explained) -> Iterator[str]:
    for one in _all_bookings(books, books.commissions):
        name = partial(_named, books, one)
        yield from explained.must_be_booked(one.entry, name)
        booked = books.entry_of_key.get(one.entry.key)
        stands = None if booked is None else (booked.id, booked.recorded_at)
        if stands != (one.revision.entry_id, one.revision.recorded_at):
            yield f"{name()} names another entry than the one that booked it, {one.entry.key}."


def _named(books: Books, one: Booking) -> str:
    return f"Revision {one.revision.rev} of {commissions.named(books, one.commission)}"


def check_maturities(books: Books, explained: Explained) -> Kind:
    """Compare when commissions matured, and the entries that moved them, with hold, lock and revisions."""
    matured = [one for one in books.commissions if one.matured_at is not None]
    found = "recomputed, all on their day"
    return kinds.compared("maturities", len(matured), found, _maturities(books, matured, explained))


def _maturities(books: Books, matured: Sequence[Commission], explained: Explained) -> Iterator[str]:
    for commission in matured:
        name = partial(commissions.named, books, commission)
        before = [
            one for one in books.revisions_of[commission.id] if not _has_matured(books, commission, one)
        ]
        if not before:
            yield f"{name()} matured at {commission.matured_at}, before it was booked."
            continue
        matured_at = max(commission.matures_at, before[-1].recorded_at)
        if commission.matured_at != matured_at:
            yield f"{name()} matured at {commission.matured_at}; it was due at {matured_at}."
        pending = books.lies_in(commission.id, "pay_pending", before=_moved_by(books, commission))
        if pending:
            move = (commission.id, pending, matured_at, before[-1].clause)
            (entry,) = booking.maturity_entries([move], commission.pair)
            yield from explained.must_be_booked(entry, name)


def check_clawbacks(books: Books, explained: Explained) -> Kind:
    """Compare clawbacks and how they ended with the revisions that made them, and with the accounts."""
    found = "amounts, charters, settlements and accounts agree"
    return kinds.compared("clawbacks", len(books.clawbacks), found, _clawbacks(books, explained))


def _clawbacks(books: Books, explained: Explained) -> Iterator[str]:
    # What came back once was booked before, so it has two revisions at least.
    revised = [one for one in books.commissions if len(books.revisions_of[one.id]) > 1]
    bookings = list(_all_bookings(books, revised))
    due = {one.clawback.transfer_id: one.clawback for one in bookings if one.clawback is not None}
    for booked in books.clawbacks:
        if booked.commission_id is None:
            continue
        expected = due.pop(booked.transfer_id, None)
        if booked != expected:
            yield f"Clawback {_spoken(booked)} should be {_spoken(expected)}."
    for missing in due.values():
        yield f"No clawback is recorded for {_spoken(missing)}."
    settled = {one for booking_ in bookings for one in booking_.settled}
    booked_back = {one for one in books.clawback_settlements if one.kind in {"restored", "returned"}}
    for one in sorted(settled ^ booked_back, key=lambda one: (one.transfer_id, one.clawback_id)):
        which = "is missing" if one in settled else "follows from no revision"
        yield f"The settlement {one.kind} of {one.amount_minor:,} of clawback {one.clawback_id} {which}."
    yield from lapses.differences(books, explained)
    yield from _contests(books)
    yield from _accounts(books)


def _contests(books: Books) -> Iterator[str]:
    """Yield where a clawback was contested out of its time, or decided before that."""
    for contest in books.contests:
        clawback = books.clawback[contest.clawback_id]
        made_at = books.entry[books.transfer[clawback.transfer_id].entry_id].recorded_at
        if not made_at <= contest.at < clawback.contest_until:
            yield f"Clawback {_spoken(clawback)} was contested at {contest.at}, not in its time."
        if contest.decided_at is not None and contest.decided_at < contest.at:
            yield f"The contest of clawback {clawback.transfer_id} was decided before it was made."
        yield from _given_back(books, clawback, contest)


def _given_back(books: Books, clawback: Clawback, contest: Contest) -> Iterator[str]:
    """Yield where a contest gave back other than what was taken, or anything though it was declined."""
    name = f"The contest of clawback {clawback.transfer_id}, {contest.outcome or 'not decided'},"
    if (contest.outcome == "upheld") != (contest.adjustment_id is not None):
        yield f"{name} names {contest.adjustment_id or 'nothing'} as given back."
    if clawback.commission_id is None:
        yield f"{name} is about tax, which nobody may contest."
        return
    commission = books.commission[clawback.commission_id]
    if contest.adjustment_id is None or (commission.payee_id, commission.advertiser_id) in books.untold:
        return
    given = books.adjustment.get(contest.adjustment_id)
    if given is None:
        yield f"{name} gave back by an adjustment that nobody recorded."
        return
    is_bonus = commission.kind == "bonus"
    of = (given.partnership_id, given.bonus if is_bonus else given.component)
    is_other_order = not is_bonus and given.conversion_id != commission.conversion_id
    if of != (commission.partnership_id, commission.component) or is_other_order:
        yield f"{name} gave back on another commission than it took from."
    if (given.minor, given.at) != (clawback.amount_minor, contest.decided_at):
        yield (
            f"{name} gave back {given.minor:,} at {given.at}; "
            f"taken was {clawback.amount_minor:,}, decided at {contest.decided_at}."
        )


def _accounts(books: Books) -> Iterator[str]:
    """Yield where what is still due of a pair's clawbacks is not what its account holds."""
    of_pair: dict[tuple[object, ...], int] = {}
    ended = grouped(books.clawback_settlements, lambda one: one.clawback_id)
    for clawback in books.clawbacks:
        pair = books.pair_of_clawback(clawback)
        over = sum(one.amount_minor for one in ended.get(clawback.transfer_id, ()) if one.kind in ENDING)
        if over > clawback.amount_minor:
            yield f"Clawback {_spoken(clawback)} was settled for {over:,}: more than there was."
        of_pair[pair] = of_pair.get(pair, 0) + clawback.amount_minor - over
    for account in books.accounts:
        if account.kind == "clawback_due":
            held = account.debits_posted_minor - account.credits_posted_minor
            due = of_pair.pop((account.holder_id, account.counterparty_id, account.currency), 0)
            if held != due:
                yield f"Account {account.id} (clawback_due) holds {held:,}; its clawbacks come to {due:,}."


def _spoken(clawback: Clawback | None) -> str:
    if clawback is None:
        return "nothing"
    of = "tax" if clawback.commission_id is None else f"commission {clawback.commission_id}"
    return (
        f"{clawback.transfer_id} of {clawback.amount_minor:,} of {of}, "
        f"to be contested until {clawback.contest_until}, up to {clawback.max_share_ppm:,} ppm, "
        f"under {clawback.clause}"
    )


def _all_bookings(books: Books, of: Sequence[Commission]) -> Iterator[Booking]:
    clawbacks = books.clawback
    events: Events = grouped(
        books.clawback_settlements,
        lambda one: clawbacks[one.clawback_id].commission_id or 0,
    )
    for commission in of:
        yield from _bookings(books, commission, events.get(commission.id, []))


def _bookings(
    books: Books, commission: Commission, settlements: Sequence[ClawbackSettlement]
) -> Iterator[Booking]:
    """Yield what each revision must have booked, given what became of earlier clawbacks until then."""
    made: list[Clawback] = []
    for revision in books.revisions_of.get(commission.id, []):
        legs = [] if revision.entry_id is None else books.legs_of.get(revision.entry_id, [])
        first_leg = legs[0].id if legs else 0
        has_matured = _has_matured(books, commission, revision)
        change = Change(
            commission.id,
            commission.agreement_id,
            revision.rev,
            revision.previous_target_minor,
            revision.target_minor,
            has_matured=has_matured,
            clause=revision.clause,
            clawbacks=tuple(_open(made, [one for one in settlements if one.transfer_id < first_leg])),
            lapsed_minor=lapses.left_minor(books, commission.id, settlements, first_leg),
            held_minor=books.lies_in(commission.id, "pay_held", before=first_leg),
            disputed_minor=books.lies_in(commission.id, "pay_disputed", before=first_leg),
            is_held=holds.is_held(books, commission.id, revision.recorded_at),
        )
        if change.delta_minor == 0:
            continue
        entry, parts = booking.entry_for(change, commission.pair, revision.recorded_at)
        clawback = None
        if change.clawback_minor:
            last_leg = legs[-1].id if legs else 0
            clawback = _clawback(books, commission, revision, (last_leg, change.clawback_minor))
            made.append(clawback)
        settled = tuple(
            ClawbackSettlement(one.clawback_id, legs[one.leg - 1].id, one.kind, one.amount_minor)
            for one in parts
            if one.leg <= len(legs)
        )
        yield Booking(commission, revision, entry, clawback, settled)


def _open(made: Sequence[Clawback], settled: Sequence[ClawbackSettlement]) -> Iterator[OpenClawback]:
    for clawback in made:
        own = [one for one in settled if one.clawback_id == clawback.transfer_id]
        sums = {
            kind: sum(one.amount_minor for one in own if one.kind == kind) for kind in {*ENDING, "returned"}
        }
        due = clawback.amount_minor - sum(sums[kind] for kind in ENDING)
        recovered = sums["recovered"] - sums["returned"]
        if due + recovered > 0:
            yield OpenClawback(clawback.transfer_id, due, recovered)


def _clawback(books: Books, commission: Commission, revision: Revision, taken: tuple[int, int]) -> Clawback:
    transfer_id, amount_minor = taken
    if (commission.payee_id, commission.advertiser_id) in books.untold:
        # Its charter is not told: it is taken as it was recorded, the amount alone is computed.
        stands = books.clawback.get(transfer_id)
        until = revision.recorded_at if stands is None else stands.contest_until
        share = 0 if stands is None else stands.max_share_ppm
        return Clawback(transfer_id, commission.id, amount_minor, until, share, _CLAUSE)
    charter = _charter(books, commission)
    return Clawback(
        transfer_id,
        commission.id,
        amount_minor,
        revision.recorded_at + timedelta(days=charter.contest_days),
        charter.max_share_ppm,
        _CLAUSE,
    )


def _charter(books: Books, commission: Commission) -> terms.Clawback:
    """Return the charter of the commission's own agreement, or the newest where that one was replaced."""
    held = [row for row in books.current_terms if row.partnership_id == commission.partnership_id]
    own = [row for row in held if row.agreement_id == commission.agreement_id]
    return books.terms_of[(own or held)[-1].agreement_id].settlement.clawback


def _has_matured(books: Books, commission: Commission, revision: Revision) -> bool:
    """Tell whether a revision came when its commission had matured; within one instant the ledger tells."""
    if commission.matured_at is None or revision.recorded_at < commission.matured_at:
        return False
    if revision.recorded_at > commission.matured_at:
        return True
    moved = books.entry_of_key.get(f"mature:{commission.id}")
    return moved is not None and revision.entry_id is not None and revision.entry_id > moved.id


def _moved_by(books: Books, commission: Commission) -> int | None:
    """Return the leg by which what was pending became payable, whatever its entry is called now."""
    of_revisions = {revision.entry_id for revision in books.revisions_of[commission.id]}
    moves = (
        leg.id
        for leg in books.legs_of_commission.get(commission.id, ())
        if books.entry[leg.entry_id].kind == "mature" and leg.entry_id not in of_revisions
    )
    return min(moves, default=None)
