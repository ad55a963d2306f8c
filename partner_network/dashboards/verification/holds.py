"""Holds and releases: what each must have moved, given where the commission's money lay then."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from partner_network.commissions import booking
from partner_network.commissions.booking import Standing
from partner_network.dashboards.verification import chains, commissions, kinds
from partner_network.dashboards.verification.books import Books
from partner_network.dashboards.verification.explained import Explained
from partner_network.dashboards.verification.kinds import Kind
from partner_network.dashboards.verification.money_rows import Commission, Entry, Hold, Transfer


def is_held(books: Books, commission_id: int, before: datetime) -> bool:
    """Tell whether a commission was held before an instant, and not let go before it."""
    return any(
        one.at < before and (one.released_at is None or one.released_at >= before)
        for one in books.holds_of.get(commission_id, ())
    )


def check(books: Books, explained: Explained) -> Kind:
    """Compare the entries of holds and releases with what lay where when they were booked."""
    return kinds.compared(
        "holds",
        len(books.holds),
        "moved what was pending or payable, and back",
        _differences(books, explained),
    )


def _differences(books: Books, explained: Explained) -> Iterator[str]:
    for hold in books.holds:
        commission = books.commission[hold.commission_id]
        name = partial(_named, books, commission, hold)
        for key, of in (
            (f"hold:{hold.commission_id}:{hold.n}", booking.hold_entry),
            (f"release:{hold.commission_id}:{hold.n}", booking.release_entry),
        ):
            booked = books.entry_of_key.get(key)
            if booked is None:
                continue  # there was nothing to move
            standing, earliest = _standing(books, commission, hold, booked)
            is_release = of is booking.release_entry
            decided_at = hold.released_at if is_release else hold.at
            if decided_at is None:
                yield f"{name()} was let go in the ledger, and nobody decided that."
                continue
            at = earliest if standing.matured_minor and not is_release else max(decided_at, earliest)
            if is_release and standing.has_matured and commission.matured_at is not None:
                at = max(at, commission.matured_at)
            reason = (hold.release_reason if is_release else hold.reason) or ""
            wanted = of(standing, commission.pair, at, reason)
            if wanted is None:
                yield f"{name()} moved money where there was none to move."
            else:
                yield from explained.must_be_booked(wanted, name)


def _standing(books: Books, commission: Commission, hold: Hold, booked: Entry) -> tuple[Standing, datetime]:
    """Return what a hold's entry found, and when the money it moves had come where it lay."""
    legs = books.legs_of.get(booked.id, [])
    first = legs[0].id if legs else 0
    lies = partial(books.lies_in, commission.id, before=first)
    unstated = _unstated(books, commission.id, booked, first)
    payable = sum(minor for _, minor in unstated)
    target = next(
        (
            one.target_minor
            for one in reversed(books.revisions_of[commission.id])
            if one.entry_id is not None and one.entry_id < booked.id
        ),
        0,
    )
    matured = max(0, min(payable, target - lies("pay_held") - lies("pay_disputed")))
    before = [one for one in books.legs_of_commission.get(commission.id, ()) if one.id < first]
    since = [one for one, _ in unstated] if matured else before
    standing = Standing(
        commission.id,
        hold.n,
        lies("pay_pending"),
        lies("pay_held"),
        matured,
        _has_matured(books, commission, booked),
    )
    return standing, max((one.effective_at for one in since), default=booked.effective_at)


def _unstated(books: Books, commission_id: int, booked: Entry, first: int) -> list[tuple[Transfer, int]]:
    """Return the postings on `pay` before an entry that no statement listed then, each with its sign."""
    moment = chains.moment_of(booked)
    found: list[tuple[Transfer, int]] = []
    for leg in books.legs_of_commission.get(commission_id, ()):
        for account_id, sign in ((leg.credit_account_id, 1), (leg.debit_account_id, -1)):
            if leg.id < first and books.account[account_id].kind == "pay":
                statement = books.statement_listing(account_id, leg.id)
                if statement is None or chains.moment_of(statement) > moment:
                    found.append((leg, sign * leg.amount_minor))
    return found


def _has_matured(books: Books, commission: Commission, booked: Entry) -> bool:
    if commission.matured_at is None:
        return False
    moved = books.entry_of_key.get(f"mature:{commission.id}")
    return moved.id < booked.id if moved is not None else commission.matured_at <= booked.recorded_at


def _named(books: Books, commission: Commission, hold: Hold) -> str:
    return f"Hold {hold.n} of {commissions.named(books, commission)}"
