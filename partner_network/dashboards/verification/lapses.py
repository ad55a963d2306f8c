"""What lapsed at the end of a partnership: that all of it was due, and that no partnership was left."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial

from partner_network.dashboards.verification import commissions
from partner_network.dashboards.verification.books import Books
from partner_network.dashboards.verification.explained import Explained
from partner_network.dashboards.verification.fact_rows import Partnership
from partner_network.dashboards.verification.money_rows import (
    Clawback,
    ClawbackSettlement,
    Commission,
    Entry,
)
from partner_network.statements import lapsing

_ENDING = frozenset({"recovered", "restored", "forgiven"})
_APART = ("pay_pending", "pay_held", "pay_disputed")


def left_minor(
    books: Books, commission_id: int, settlements: Sequence[ClawbackSettlement], before: int
) -> int:
    """Return what of a commission lapsed before a transfer, less what it earned again until then."""
    lapsed = sum(
        one.amount_minor for one in settlements if one.kind == "forgiven" and one.transfer_id < before
    )
    if not lapsed:
        return 0
    return lapsed - sum(
        leg.amount_minor
        for leg in books.legs_of_commission.get(commission_id, ())
        if leg.id < before
        and books.entry[leg.entry_id].kind == "restore"
        and books.account[leg.debit_account_id].kind == "clawback_due"
    )


def differences(books: Books, explained: Explained) -> Iterator[str]:
    """Yield where what lapsed was not what was due then, or not at the end of each partnership."""
    made = [one for one in books.clawback_settlements if one.kind == "forgiven"]
    for one in made:
        clawback = books.clawback[one.clawback_id]
        if clawback.commission_id is None:
            yield f"Clawback {clawback.transfer_id} lapsed, and is of no commission."
            continue
        commission = books.commission[clawback.commission_id]
        name = partial(_named, books, clawback, commission)
        transfer = books.transfer[one.transfer_id]
        booked = books.entry[transfer.entry_id]
        due = clawback.amount_minor - sum(
            other.amount_minor
            for other in books.clawback_settlements
            if other.clawback_id == one.clawback_id
            and other.kind in _ENDING
            and other.transfer_id < one.transfer_id
        )
        if one.amount_minor != due or due <= 0:
            yield f"{name()} lapsed by {one.amount_minor:,}; due of it was {due:,}."
            continue
        at = booked.recorded_at
        wanted = lapsing.entry_of(clawback.transfer_id, commission.id, commission.pair, due, at)
        yield from explained.must_be_booked(wanted, name)
        if booked.key != wanted.key:
            yield f"{name()} lapsed by the entry {booked.key}, which is of something else."
        yield from _too_early(books, clawback, commission, booked)


def _too_early(books: Books, clawback: Clawback, commission: Commission, booked: Entry) -> Iterator[str]:
    """Yield why a clawback could still have been recovered or contested when it lapsed."""
    name, at = _named(books, clawback, commission), booked.recorded_at
    if at < clawback.contest_until:
        yield f"{name} lapsed at {at}, while it could still be contested."
    contest = books.contest_of.get(clawback.transfer_id)
    if contest is not None and (contest.decided_at is None or contest.decided_at > at):
        yield f"{name} lapsed at {at}, while nobody had decided its contest."
    if (commission.payee_id, commission.advertiser_id) in books.untold:
        return
    for one in _between(books, commission):
        if one.ended_at is None or one.ended_at + _run_off(books, one) > at:
            yield f"{name} lapsed at {at}, before the end of partnership {one.id}: {one.ended_at}."
    first = min(leg.id for leg in books.legs_of[booked.id])
    for other in books.commissions:
        if other.pair == commission.pair:
            open_minor = sum(books.lies_in(other.id, kind, before=first) for kind in _APART)
            if open_minor:
                yield f"{name} lapsed at {at}, while {open_minor:,} of another commission were not payable."


def _between(books: Books, commission: Commission) -> list[Partnership]:
    """Return the partnerships by which the payer could owe the payee something: of a gift its own."""
    return [
        one
        for one in books.partnerships
        if one.id == commission.partnership_id
        or (
            (one.advertiser_id, one.partner_id) == (commission.advertiser_id, commission.payee_id)
            and one.active_from is not None
        )
    ]


def _run_off(books: Books, of: Partnership) -> timedelta:
    held = [row for row in books.current_terms if row.partnership_id == of.id]
    days = books.terms_of[held[-1].agreement_id].windows.run_off_days if held else 0
    return timedelta(days=days)


def _named(books: Books, clawback: Clawback, commission: Commission) -> str:
    return f"Clawback {clawback.transfer_id} of {commissions.named(books, commission)}"
