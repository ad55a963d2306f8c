"""Unused prepaid money that was given back: booked once each, by two people, never more than came in."""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from uuid import UUID

from partner_network.dashboards.verification import kinds
from partner_network.dashboards.verification.books import Books
from partner_network.dashboards.verification.explained import Explained
from partner_network.dashboards.verification.kinds import Kind
from partner_network.dashboards.verification.money_rows import Funding, PrepaidReturn
from partner_network.ledger.rules import Account, Entry, Leg


def check(books: Books, explained: Explained) -> Kind:
    """Compare what was given back with its entries, its payments and who decided it."""
    found = "each booked once, by two people, never more than came in"
    return kinds.compared("returns", len(books.prepaid_returns), found, _differences(books, explained))


def _differences(books: Books, explained: Explained) -> Iterator[str]:
    funding_of = {one.id: one for one in books.fundings}
    accepted = [one for one in books.prepaid_returns if one.status == "accepted"]
    back: defaultdict[UUID, int] = defaultdict(int)
    for one in accepted:
        back[one.funding_id] += one.amount_minor
    for moved in books.movements:
        if moved.funding_id is not None and moved.funding_id in back:
            back[moved.funding_id] += moved.amount_minor if moved.kind == "return" else -moved.amount_minor
    for funding_id, minor in back.items():
        brought = funding_of[funding_id].amount_minor if funding_id in funding_of else 0
        if minor > brought:
            yield f"Of funding {funding_id} went back {minor:,}; it brought in {brought:,}."
    for one in accepted:
        if one.funding_id in funding_of:
            yield from _accepted(books, explained, one, funding_of[one.funding_id])


def _accepted(books: Books, explained: Explained, one: PrepaidReturn, funding: Funding) -> Iterator[str]:
    name = partial(_named, one, funding)
    if one.finished_at is None:
        yield f"{name()} is given back, but nobody knows since when."
        return
    if one.decided_by is None or one.decided_by == one.asked_by:
        yield f"{name()} was not decided by another person than asked for it."
    prepaid = Account("prepaid", funding.currency, funding.advertiser_id)
    legs = [Leg(prepaid, Account("cash", funding.currency), one.amount_minor)]
    entry = Entry("refund_prepaid", f"return:{one.id}", one.finished_at, legs)
    yield from explained.must_be_booked(entry, name)
    booked = books.entry_of_key.get(entry.key)
    if booked is None or booked.id != one.entry_id:
        yield f"{name()} names entry {one.entry_id}, which is not its own."


def _named(one: PrepaidReturn, funding: Funding) -> str:
    return f"Return {one.id} of {kinds.minor(one.amount_minor, funding.currency)}"
