"""The whole proof, kind by kind, in the order in which one stands on the other."""

from collections.abc import AsyncGenerator, Iterator
from datetime import datetime

from partner_network.dashboards.verification import (
    agreements,
    approvals,
    audit,
    bookings,
    commissions,
    decisions,
    holds,
    movements,
    payouts,
    postings,
    prepaid,
    rates,
    reading,
    receipts,
    reports,
    returns,
    rewards,
    statements,
    touches,
    transfers,
)
from partner_network.dashboards.verification.books import Books
from partner_network.dashboards.verification.explained import Explained
from partner_network.dashboards.verification.kinds import Kind
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeConnect


async def verify(stripe: StripeConnect | None) -> AsyncGenerator[Kind]:
    """Yield a line for each kind of thing, up to the first that has a difference.

    Everything is read at one instant of the database, and Stripe is asked outside of any transaction;
    without ``stripe`` nothing is asked of it.
    Source: MONEY, all of it.
    """
    read_at = clock.wall_now()
    rows = await reading.read_books()
    async for kind in compared(rows, stripe, read_at):
        yield kind


async def compared(rows: Books, stripe: StripeConnect | None, read_at: datetime) -> AsyncGenerator[Kind]:
    """Yield a line for each kind of thing in books that were read at an instant of the wall's time."""
    for kind in recomputed(rows):
        yield kind
        if kind.difference is not None:
            return
    if stripe is None:
        return
    charges = await transfers.check_charges(rows, stripe)
    yield charges
    if charges.difference is None:
        yield await transfers.check_transfers(rows, stripe, read_at)


def recomputed(rows: Books) -> Iterator[Kind]:
    """Yield what can be said of the books alone; a kind stands on those before it being right."""
    explained = Explained(rows)
    yield agreements.check(rows)
    yield reports.check_clicks(rows)
    yield reports.check_conversions(rows)
    yield reports.check_refunds(rows)
    yield touches.check(rows)
    yield decisions.check(rows)
    yield receipts.check(rows.receipts)
    yield postings.check_entries(rows)
    yield rates.check(rows)
    yield commissions.check(rows)
    yield bookings.check_revisions(rows, explained)
    yield bookings.check_maturities(rows, explained)
    yield holds.check(rows, explained)
    yield bookings.check_clawbacks(rows, explained)
    yield statements.check(rows, explained)
    yield approvals.check(rows)
    yield payouts.check_fundings(rows, explained)
    yield returns.check(rows, explained)
    yield payouts.check_payouts(rows, explained)
    yield movements.check(rows, explained)
    yield rewards.check(rows, explained)
    yield explained.check()
    yield postings.check_balances(rows)
    yield prepaid.check(rows)
    yield audit.check(rows.audit_trail)
