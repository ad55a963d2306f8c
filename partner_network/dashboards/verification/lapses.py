"""What lapsed at the end of a partnership: that all of it was due, and that no partnership was left."""

from collections.abc import Iterator, Sequence
from functools import partial

from partner_network.dashboards.verification import commissions, endings, objections, settlements
from partner_network.dashboards.verification.books import Books, grouped
from partner_network.dashboards.verification.explained import Explained
from partner_network.dashboards.verification.money_rows import Clawback, ClawbackSettlement, Entry
from partner_network.dashboards.verification.settlements import Settlements
from partner_network.ledger.accounts import Pair
from partner_network.statements import lapsing

LAPSED = frozenset({"forgiven", "written_off"})
"""Borne by the advertiser, and by the network."""
_ENDING = frozenset({"recovered", "restored", *LAPSED})


def left_minor(books: Books, commission_id: int, settled: Sequence[ClawbackSettlement], before: int) -> int:
    """Return what of a commission lapsed before a transfer, less what it earned again until then."""
    lapsed = sum(one.amount_minor for one in settled if one.kind in LAPSED and one.transfer_id < before)
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
    yield from _decisions(books)
    made = [one for one in books.clawback_settlements if one.kind in LAPSED]
    if not made:
        return
    agreed, settled = (
        settlements.of_pairs(books),
        grouped(books.clawback_settlements, lambda one: one.clawback_id),
    )
    for one in made:
        clawback = books.clawback[one.clawback_id]
        name = partial(_named, books, clawback)
        pair = _pair_of(books, clawback)
        transfer = books.transfer[one.transfer_id]
        booked = books.entry[transfer.entry_id]
        due = clawback.amount_minor - sum(
            other.amount_minor
            for other in settled[one.clawback_id]
            if other.kind in _ENDING and other.transfer_id < one.transfer_id
        )
        if one.amount_minor != due or due <= 0:
            yield f"{name()} lapsed by {one.amount_minor:,}; due of it was {due:,}."
            continue
        at = booked.recorded_at
        is_borne = one.kind == "written_off"
        entry_of = lapsing.borne_entry_of if is_borne else lapsing.entry_of
        wanted = entry_of(clawback.transfer_id, clawback.commission_id, pair, due, at)
        yield from explained.must_be_booked(wanted, name)
        if booked.key != wanted.key:
            yield f"{name()} lapsed by the entry {booked.key}, which is of something else."
        yield from _too_early(books, agreed, clawback, booked)
        yield from _decided(books, clawback, booked, one)


def _too_early(books: Books, agreed: Settlements, clawback: Clawback, booked: Entry) -> Iterator[str]:
    """Yield why a clawback could still have been recovered or contested when it lapsed."""
    name, at, pair = _named(books, clawback), booked.recorded_at, _pair_of(books, clawback)
    if at < clawback.contest_until:
        yield f"{name} lapsed at {at}, while it could still be contested."
    contest = books.contest_of.get(clawback.transfer_id)
    if contest is not None and (contest.decided_at is None or contest.decided_at > at):
        yield f"{name} lapsed at {at}, while nobody had decided its contest."
    if (pair.partner_id, pair.advertiser_id) in books.untold:
        return
    known = agreed.known(pair.advertiser_id, pair.partner_id, at)
    over = endings.over_at(books, known, pair.currency)
    if over is None or over > at:
        yield f"{name} lapsed at {at}, before the end of partnership and run-off: {over}."
    first = min(leg.id for leg in books.legs_of[booked.id])
    open_minor = endings.apart_minor(books, pair, lambda leg: leg.id < first)
    if open_minor:
        yield f"{name} lapsed at {at}, while {open_minor:,} of another commission were not payable."


def _pair_of(books: Books, clawback: Clawback) -> Pair:
    payee_id, payer_id, currency = books.pair_of_clawback(clawback)
    if payee_id is None or payer_id is None:
        raise ValueError(f"clawback {clawback.transfer_id} is booked between nobody")
    return Pair(payee_id, payer_id, currency)


def _named(books: Books, clawback: Clawback) -> str:
    if clawback.commission_id is None:
        return f"Clawback {clawback.transfer_id} of tax"
    commission = books.commission[clawback.commission_id]
    return f"Clawback {clawback.transfer_id} of {commissions.named(books, commission)}"


def _decided(books: Books, clawback: Clawback, booked: Entry, settled: ClawbackSettlement) -> Iterator[str]:
    """Yield where it is borne by somebody else than two people decided, or while one of them still had to."""
    name, at = _named(books, clawback), booked.recorded_at
    of = [one for one in books.write_offs if one.clawback_id == clawback.transfer_id]
    approved = [
        one for one in of if one.status == "approved" and one.decided_at is not None and one.decided_at <= at
    ]
    if settled.kind == "written_off" and not any(one.limit_minor >= settled.amount_minor for one in approved):
        yield f"{name} is borne by the network with {settled.amount_minor:,}, which nobody had approved."
    if settled.kind == "forgiven" and approved:
        yield f"{name} is borne by the advertiser, though it was approved that the network bears it."
    open_then = [
        one for one in of if one.proposed_at < at and (one.decided_at is None or one.decided_at > at)
    ]
    if open_then:
        yield f"{name} lapsed at {at}, while a proposal that the network bears it waited."


def _decisions(books: Books) -> Iterator[str]:
    """Yield where who decided on a write-off is who proposed it, or might not do so."""
    for one in books.write_offs:
        name = f"The write-off {one.id} of clawback {one.clawback_id}"
        if one.limit_minor > books.clawback[one.clawback_id].amount_minor:
            yield f"{name} is of {one.limit_minor:,}, which is more than the clawback was of."
        if one.status != "proposed" and (one.decided_by == one.proposed_by) != (one.status == "withdrawn"):
            yield f"{name} is {one.status} by {one.decided_by}, and was proposed by {one.proposed_by}."
        # An export tells no roles.
        if books.memberships:
            yield from objections.may(books, name, one.proposed_by, "manage payouts", one.proposed_at)
            if one.decided_by is not None and one.decided_at is not None:
                yield from objections.may(books, name, one.decided_by, "manage payouts", one.decided_at)
