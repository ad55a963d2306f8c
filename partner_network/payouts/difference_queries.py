"""Read where our books and what is kept of Stripe's say different things, each kind by one statement."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from partner_network.database.connections import Connection
from partner_network.kernel.money import Money
from partner_network.payouts import rules
from partner_network.payouts.rules import Found


class Holding(msgspec.Struct, frozen=True):
    """What we should have at Stripe in one currency, by what is kept and by our books; minor units."""

    currency: str
    kept_minor: int
    expected_minor: int


_OUTSIDE = (
    """NOT EXISTS (SELECT FROM fundings f WHERE f.payment_intent_id = t.about AND f.status = 'settled')"""
)

_HOLDINGS = f"""
    WITH parts AS (
        SELECT a.currency, 0 AS kept, b.debits_posted_minor - b.credits_posted_minor AS expected
        FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id WHERE a.kind = 'cash'
        UNION ALL  -- it has left Stripe's balance, and leaves ours once it is compared
        SELECT o.currency, 0, -t.amount_minor FROM payout_attempts t JOIN payouts o ON o.id = t.payout_id
        WHERE t.status = 'accepted'
        UNION ALL  -- it is in Stripe's balance, and comes into ours once it has settled
        SELECT t.currency, 0, t.amount_minor - t.fee_minor FROM stripe_transactions t
        WHERE t.kind = 'charge' AND {_OUTSIDE}
        UNION ALL
        SELECT t.currency, t.amount_minor - t.fee_minor, 0 FROM stripe_transactions t)
    SELECT currency, sum(kept)::bigint AS kept_minor, sum(expected)::bigint AS expected_minor
    FROM parts GROUP BY currency ORDER BY currency"""

_PAYMENTS = """
    SELECT coalesce(f.payment_intent_id, f.id::text) AS subject, f.amount_minor AS ours, f.currency,
        t.amount_minor AS theirs, t.currency AS theirs_in
    FROM fundings f LEFT JOIN stripe_transactions t ON t.kind = 'charge' AND t.about = f.payment_intent_id
    WHERE f.status = 'settled' AND (t.amount_minor, t.currency) IS DISTINCT FROM (f.amount_minor, f.currency)
    ORDER BY f.id"""

_RETURNS = """
    SELECT p.refund_id AS subject, p.amount_minor AS ours, f.currency, -t.amount_minor AS theirs,
        t.currency AS theirs_in
    FROM prepaid_returns p JOIN fundings f ON f.id = p.funding_id
    LEFT JOIN stripe_transactions t ON t.kind = 'return' AND t.source_id = p.refund_id
    WHERE p.status = 'accepted'
        AND (-t.amount_minor, t.currency) IS DISTINCT FROM (p.amount_minor, f.currency)
    ORDER BY p.id"""

_STRANGERS = """
    SELECT coalesce(t.about, t.id) AS subject, t.amount_minor, t.currency FROM stripe_transactions t
    WHERE t.kind = 'charge' AND NOT EXISTS (SELECT FROM fundings f WHERE f.payment_intent_id = t.about)
    ORDER BY t.created, t.seq"""

# Movements are booked with their fees, so what is left are the fees of payments and of transfers.
_FEES = """
    SELECT t.id, t.currency, t.fee_minor AS theirs, coalesce(booked.minor, 0) AS ours
    FROM stripe_transactions t
    LEFT JOIN fundings f ON f.payment_intent_id = t.about AND t.kind = 'charge'
    LEFT JOIN LATERAL (
        SELECT sum(l.amount_minor)::bigint AS minor FROM ledger_entries e
        JOIN ledger_transfers l ON l.entry_id = e.id WHERE e.key = 'fee:' || f.id) booked ON true
    WHERE t.kind IN ('charge', 'transfer') AND (t.kind = 'transfer' OR f.status = 'settled')
        AND t.fee_minor <> coalesce(booked.minor, 0)
    ORDER BY t.created, t.seq"""


async def is_sending(connection: Connection) -> bool:
    """Tell whether a request is under way of which nobody knows whether it has moved money yet."""
    return await connection.fetchval(
        """SELECT EXISTS (SELECT FROM payout_attempts WHERE status IN ('submitting', 'unknown'))
               OR EXISTS (SELECT FROM prepaid_returns WHERE status = 'approved' AND sent_at IS NOT NULL)"""
    )


async def holdings(connection: Connection) -> list[Holding]:
    """Return what each currency comes to."""
    return [Holding(**row) for row in await connection.fetch(_HOLDINGS)]


def balances(held: list[Holding], theirs_minor: Mapping[str, int]) -> list[Found]:
    """Compare what our books make us expect at Stripe with Stripe's balance, available and pending."""
    return [
        Found(
            "balance differs",
            one.currency,
            f"Our books expect {Money(one.expected_minor, one.currency)} at Stripe; its balance is "
            f"{Money(theirs_minor[one.currency], one.currency)}.",
        )
        for one in held
        if one.expected_minor != theirs_minor[one.currency]
    ]


async def payments(connection: Connection) -> list[Found]:
    """Compare settled fundings with the charges that Stripe shows, both ways, and what went back of them."""
    found: list[Found] = []
    for row in await connection.fetch(_PAYMENTS):
        ours = Money(row["ours"], row["currency"])
        theirs = "no such payment" if row["theirs"] is None else Money(row["theirs"], row["theirs_in"])
        found.append(Found("payment differs", row["subject"], f"We booked {ours}; Stripe shows {theirs}."))
    for row in await connection.fetch(_RETURNS):
        ours = Money(row["ours"], row["currency"])
        theirs = "no such refund" if row["theirs"] is None else Money(row["theirs"], row["theirs_in"])
        said = f"We booked {ours} as given back; Stripe shows {theirs}."
        found.append(Found("payment differs", row["subject"], said))
    found += [
        Found(
            "payment not booked",
            row["subject"],
            f"Stripe took {Money(row['amount_minor'], row['currency'])}, which is no funding of ours.",
        )
        for row in await connection.fetch(_STRANGERS)
    ]
    return found


async def fees(connection: Connection) -> list[Found]:
    """Compare the fees that Stripe kept of payments and transfers with those booked."""
    return [
        Found(
            "fee not booked",
            row["id"],
            f"Stripe kept {Money(row['theirs'], row['currency'])}; "
            f"we booked {Money(row['ours'], row['currency'])}.",
        )
        for row in await connection.fetch(_FEES)
    ]


async def unhandled(connection: Connection, received_before: datetime) -> list[Found]:
    """Return the events that a job should have worked through by now."""
    rows = await connection.fetch(
        """SELECT event_id, type FROM stripe_events
           WHERE handled_at IS NULL AND received_at < $1 AND type LIKE ANY($2::text[]) ORDER BY event_id""",
        received_before,
        [
            f"{kind}%"
            for kind in (
                "payment_intent.",
                *rules.TELLS_OF_INVOICES,
                *rules.TELLS_OF_MOVEMENTS,
                *rules.TELLS_OF_ACCOUNTS,
            )
        ],
    )
    return [Found("event not handled", row["event_id"], f"{row['type']} waits for its job.") for row in rows]


async def unanswered(connection: Connection, started_before: datetime) -> list[Found]:
    """Return the attempts that have had no answer for too long."""
    rows = await connection.fetch(
        """SELECT idempotency_key, started_at FROM payout_attempts
           WHERE status IN ('submitting', 'unknown') AND started_at < $1 ORDER BY id""",
        started_before,
    )
    return [
        Found(
            "attempt without answer",
            row["idempotency_key"],
            f"Nobody has answered since {row['started_at']}.",
        )
        for row in rows
    ]
