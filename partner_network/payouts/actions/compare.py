"""Compare ledger, attempts, balance transactions and webhooks with Stripe; each difference is a case."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.kernel.money import Money
from partner_network.ledger import queries as ledger_queries
from partner_network.payouts import rules
from partner_network.payouts.actions import cases, movements, reconcile
from partner_network.payouts.rules import CaseKind, Found

UNHANDLED_AFTER = timedelta(hours=1)
UNANSWERED_AFTER = timedelta(days=1)
COMPARED: Sequence[CaseKind] = (
    "transfer differs",
    "transfer not booked",
    "balance differs",
    "event not handled",
    "attempt without answer",
)


async def compare_with_stripe(stripe: StripeConnect, now: datetime) -> list[Found]:
    """Book what moved, settle what arrived, and open a case for each difference; close those that are gone.

    Idempotent: a difference that is found again has its case already.
    """
    await movements.book_movements(stripe, now)
    report = await reconcile.reconcile(stripe, now)
    found = [
        Found("transfer not booked" if one.is_unknown else "transfer differs", one.transfer_id, one.sentence)
        for one in report.differences
    ]
    found += await _balances(stripe)
    async with connections.transaction() as connection:
        found += [*await _unhandled(connection, now), *await _unanswered(connection)]
        for one in found:
            await cases.open_case(connection, one.kind, one.subject, one.said, now)
        await cases.close_settled(connection, COMPARED, [one.subject for one in found], now)
    return found


async def _balances(stripe: StripeConnect) -> list[Found]:
    """Compare our cash with Stripe's balance less the charges that we do not count as settled yet."""
    async with connections.transaction() as connection:
        rows = await connection.fetch("SELECT payment_intent_id FROM fundings WHERE status = 'settled'")
        open_attempts = await connection.fetchval(
            """SELECT EXISTS (SELECT FROM payout_attempts
                              WHERE status IN ('submitting', 'unknown', 'accepted'))"""
        )
    if open_attempts:
        return []  # what is under way may be at Stripe and not in our books, or the other way about
    settled = {row["payment_intent_id"] for row in rows}
    theirs: defaultdict[str, int] = defaultdict(int)
    async for one in stripe.movements():
        if one.kind != "charge" or one.about in settled:
            theirs[one.currency] += one.amount_minor - one.fee_minor
    async with connections.transaction() as connection:
        held = await connection.fetch("SELECT DISTINCT currency FROM ledger_accounts WHERE kind = 'cash'")
        ours = {
            row["currency"]: await ledger_queries.posted_minor(connection, "cash", currency=row["currency"])
            for row in held
        }
    found: list[Found] = []
    for currency in sorted({*ours, *theirs}):
        mine, stripes = Money(ours.get(currency, 0), currency), Money(theirs[currency], currency)
        if mine != stripes:
            said = f"Our books hold {mine}, Stripe’s {stripes}."
            found.append(Found("balance differs", currency, said))
    return found


async def _unhandled(connection: Connection, now: datetime) -> list[Found]:
    rows = await connection.fetch(
        """SELECT event_id, type FROM stripe_events
           WHERE handled_at IS NULL AND received_at < $1 AND type LIKE ANY($2::text[]) ORDER BY event_id""",
        now - UNHANDLED_AFTER,
        [f"{kind}%" for kind in ("payment_intent.", *rules.TELLS_OF_MOVEMENTS, *rules.TELLS_OF_ACCOUNTS)],
    )
    return [Found("event not handled", row["event_id"], f"{row['type']} waits for its job.") for row in rows]


async def _unanswered(connection: Connection) -> list[Found]:
    rows = await connection.fetch(
        """SELECT idempotency_key, started_at FROM payout_attempts
           WHERE status IN ('submitting', 'unknown') AND started_at < $1 ORDER BY id""",
        clock.wall_now() - UNANSWERED_AFTER,
    )
    return [
        Found(
            "attempt without answer",
            row["idempotency_key"],
            f"Nobody has answered since {row['started_at']}.",
        )
        for row in rows
    ]
