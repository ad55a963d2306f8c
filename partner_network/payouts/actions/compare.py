"""Compare ledger, attempts, balance transactions and webhooks with Stripe; each difference is a case."""

from datetime import datetime, timedelta

from partner_network.database import connections
from partner_network.gateways import clock, crash_points
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.kernel.errors import ConflictError, InvalidError
from partner_network.payouts import difference_queries as differences
from partner_network.payouts import rules
from partner_network.payouts.actions import cases, fund, movements, reconcile, transactions
from partner_network.payouts.rules import CaseKind, Comparison, Found

UNHANDLED_AFTER = timedelta(hours=1)
UNANSWERED_AFTER = timedelta(days=1)
UNCLEAR_WHILE_SENDING: frozenset[CaseKind] = frozenset({"balance differs", "transfer not booked"})
LOOKS = (transactions.OVERLAP, transactions.OVERLAP, None)
"""How far back each look at Stripe's balance reads on: what is kept may lack what just moved, or a part."""


async def compare_with_stripe(stripe: StripeConnect, now: datetime) -> list[Found]:
    """Book what moved, settle what arrived, and open a case for each difference; close those that are gone.

    Idempotent: a difference that is found again has its case already.
    """
    return (await compare(stripe, now)).found


async def compare(stripe: StripeConnect, now: datetime) -> Comparison:
    """Compare, and also say what could not be compared, whose cases stay open."""
    await movements.book_movements(stripe, now, overlap=transactions.NIGHTLY_OVERLAP)
    looked = await _look(stripe, now)
    if looked.found:
        # Between two readings money may have moved, so that it is on one side only: what stays, differs.
        again = await _look(stripe, now)
        first = {(one.kind, one.subject) for one in looked.found}
        stays = [one for one in again.found if (one.kind, one.subject) in first]
        looked = Comparison(stays, looked.not_compared | again.not_compared)
    crash_points.reach(12)
    async with connections.transaction() as connection:
        for one in looked.found:
            await cases.open_case(connection, one.kind, one.subject, one.said, now)
        compared = rules.COMPARED - looked.not_compared
        await cases.close_settled(connection, compared, looked.found, now)
    crash_points.reach(13)
    return looked


async def _look(stripe: StripeConnect, now: datetime) -> Comparison:
    found = await _payments_not_settled(stripe, now)
    # The balance first: where it tells that something is not kept, that is read before the rest is compared.
    balances = await _balances(stripe, now)
    report = await reconcile.reconcile(stripe, now)
    found += [
        Found("transfer not booked" if one.is_unknown else "transfer differs", one.transfer_id, one.sentence)
        for one in report.differences
    ]
    async with connections.transaction() as connection:
        found += await differences.payments(connection)
        found += await differences.fees(connection)
        found += await differences.unhandled(connection, now - UNHANDLED_AFTER)
        found += await differences.unanswered(connection, clock.wall_now() - UNANSWERED_AFTER)
    if balances is None:
        # A transfer that we do not know may be the very one that nobody has answered yet.
        known = [one for one in found if one.kind not in UNCLEAR_WHILE_SENDING]
        return Comparison(known, UNCLEAR_WHILE_SENDING)
    return Comparison([*found, *balances], frozenset())


async def _payments_not_settled(stripe: StripeConnect, now: datetime) -> list[Found]:
    """Read the payments on their way again: one that has settled meanwhile is booked, or why not is said."""
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT id, coalesce(payment_intent_id, invoice_id) AS subject FROM fundings
               WHERE status = 'processing' AND coalesce(payment_intent_id, invoice_id) IS NOT NULL
               ORDER BY id"""
        )
    found: list[Found] = []
    for row in rows:
        try:
            await fund.charge_funding(stripe, row["id"], now)
        except (ConflictError, InvalidError) as error:
            found.append(Found("payment not booked", row["subject"], error.detail))
    return found


async def _balances(stripe: StripeConnect, now: datetime) -> list[Found] | None:
    """Compare our cash with Stripe's balance; None while a request is under way that may have moved it."""
    held: list[differences.Holding] = []
    theirs: dict[str, int] = {}
    for overlap in LOOKS:
        await movements.book_movements(stripe, now, overlap=overlap)
        async with connections.transaction() as connection:
            if await differences.is_sending(connection):
                return None
            held = await differences.holdings(connection)
        theirs = {}
        for one in held:
            balance = await stripe.read_balance(one.currency)
            theirs[one.currency] = balance.available_minor + balance.pending_minor
        if all(one.kept_minor == theirs[one.currency] for one in held):
            break
    return differences.balances(held, theirs)
