"""Which statements are the last ones of their two brands, as it was known when they were closed."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from partner_network.dashboards.verification import chains
from partner_network.dashboards.verification.books import Books
from partner_network.dashboards.verification.closes import Accounts
from partner_network.dashboards.verification.fact_rows import Terms
from partner_network.dashboards.verification.money_rows import Statement, Transfer
from partner_network.dashboards.verification.settlements import Settlements
from partner_network.ledger.accounts import Pair


class Ending(NamedTuple):
    """Whether a statement may be the last one, and whether it surely is.

    They differ alone where something was set apart in the very moment of the close.
    """

    may_be_last: bool
    is_last: bool


GOES_ON = Ending(may_be_last=False, is_last=False)


def over_at(books: Books, known: Collection[Terms], currency: str) -> datetime | None:
    """Return from when on no order can earn any more by such terms; None while a partnership goes on."""
    ends: dict[UUID, datetime | None] = {}
    earning: set[UUID] = set()
    for row in sorted(known, key=lambda row: (row.valid_from is not None, row.valid_from)):
        terms = books.terms_of[row.agreement_id]
        if terms.settlement.currency == currency:
            earning.add(row.partnership_id)
        ended_at = books.partnership[row.partnership_id].ended_at
        run_off = timedelta(days=terms.windows.run_off_days)
        ends[row.partnership_id] = None if ended_at is None else ended_at + run_off
    found = [ends[one] for one in earning]
    told = [one for one in found if one is not None]
    return max(told) if told and len(told) == len(found) else None


def ending_of(
    accounts: Accounts, agreed: Settlements, statement: Statement, stated: Sequence[set[int]]
) -> Ending:
    """Tell whether a statement is the last one; ``stated`` are the transfers on those before and on it.

    Source: MONEY section 6; the contract's clause 8.8.
    """
    books, closed = accounts.books, chains.moment_of(statement)
    over = over_at(
        books, agreed.known(statement.payer_id, statement.payee_id, statement.closed_at), statement.currency
    )
    if over is None or over > statement.ends_at:
        return GOES_ON
    if any(
        one.line.amount_minor > 0
        and one.at <= closed
        and not any(one.line.transfer_id in some for some in stated)
        for one in accounts.postings[statement.account_id]
    ):
        return GOES_ON
    # Two workers at one instant: the clock puts one first, their transactions perhaps the other.
    pair = Pair(statement.payee_id, statement.payer_id, statement.currency)
    apart = (
        apart_minor(books, pair, lambda one: chains.moment_of(books.entry[one.entry_id]) < closed),
        apart_minor(books, pair, lambda one: books.entry[one.entry_id].made_in < statement.made_in),
    )
    return Ending(may_be_last=not all(apart), is_last=not any(apart))


def apart_minor(books: Books, pair: Pair, was_before: Callable[[Transfer], bool]) -> int:
    """Return what was pending, held or disputed between two brands, by the transfers from before."""
    moved = books.set_apart.get((pair.partner_id, pair.advertiser_id, pair.currency), ())
    return sum(minor for transfer, minor in moved if was_before(transfer))
