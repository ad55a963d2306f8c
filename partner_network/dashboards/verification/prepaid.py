"""What advertisers have paid in and nobody has used, and what they owe: from payments and uses alone."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import chain
from typing import TypeAlias
from uuid import UUID

from partner_network.dashboards.verification import kinds
from partner_network.dashboards.verification.books import Books
from partner_network.dashboards.verification.kinds import Kind
from partner_network.dashboards.verification.money_rows import Account

Whose: TypeAlias = tuple[str, UUID | None, str]
"""Which of an advertiser's own accounts: its kind, its holder, its currency."""


def check(books: Books, is_told: Callable[[UUID | None], bool] = lambda _: True) -> Kind:
    """Compare each advertiser's own two accounts with what was paid in, used, given back and taken back.

    ``is_told`` says of whom all of that is here: in an export of its reader alone.
    Source: MONEY section 5; Stripe's fees are the operator's and take nothing from them.
    """
    own = [one for one in books.accounts if one.kind in {"prepaid", "chargeback"} and is_told(one.holder_id)]
    moves = [*chain(_paid_in(books), _used(books), _moved(books), _borne(books))]
    told = sum(minor != 0 and is_told(holder_id) for (_, holder_id, _), minor in moves)
    found = "paid in, used, given back and taken back, which the accounts come to"
    return kinds.compared("prepaid", told, found, _differences(books, own, moves, is_told))


def _differences(
    books: Books, own: list[Account], moves: list[tuple[Whose, int]], is_told: Callable[[UUID | None], bool]
) -> Iterator[str]:
    due: defaultdict[Whose, int] = defaultdict(int)
    for whose, minor in moves:
        due[whose] += minor
    for account in own:
        minor = account.debits_posted_minor - account.credits_posted_minor
        held = minor if account.kind == "chargeback" else -minor
        comes_to = due.pop((account.kind, account.holder_id, account.currency), 0)
        if held != comes_to:
            yield (
                f"Account {account.id} ({account.kind}) of {_who(books, account.holder_id)} holds {held:,}; "
                f"payments and their use come to {kinds.minor(comes_to, account.currency)}."
            )
    for (kind, holder_id, currency), minor in due.items():
        if minor and is_told(holder_id):
            who = _who(books, holder_id)
            yield f"{who} has no account {kind}, and {kinds.minor(minor, currency)} should be on it."


def _paid_in(books: Books) -> Iterator[tuple[Whose, int]]:
    for one in books.fundings:
        if one.status == "settled":
            yield ("prepaid", one.advertiser_id, one.currency), one.amount_minor - one.repaid_minor
            yield ("chargeback", one.advertiser_id, one.currency), -one.repaid_minor


def _used(books: Books) -> Iterator[tuple[Whose, int]]:
    for one in books.payouts:
        yield ("prepaid", one.payer_id, one.currency), -one.amount_minor


def _moved(books: Books) -> Iterator[tuple[Whose, int]]:
    """Yield what went back by two people's word, and what banks took back and gave again."""
    payer_of = {one.id: (one.advertiser_id, one.currency) for one in books.fundings}
    for one in books.prepaid_returns:
        if one.status == "accepted":
            yield ("prepaid", *payer_of[one.funding_id]), -one.amount_minor
    for one in books.movements:
        if one.funding_id is not None:
            free, owed = -one.covered_minor, one.amount_minor - one.covered_minor
            if one.kind == "reinstated":
                free, owed = owed, free
            yield ("prepaid", *payer_of[one.funding_id]), free
            yield ("chargeback", *payer_of[one.funding_id]), owed


def _borne(books: Books) -> Iterator[tuple[Whose, int]]:
    """Yield what the operator bears in place of a partner, by the entries that say so."""
    for entry in books.entries:
        if entry.kind == "write_off":
            for leg in books.legs_of.get(entry.id, ()):
                account = books.account[leg.credit_account_id]
                if account.kind == "prepaid":
                    yield ("prepaid", account.holder_id, account.currency), leg.amount_minor


def _who(books: Books, brand_id: UUID | None) -> str:
    return "nobody" if brand_id is None else books.slug_of[brand_id]
