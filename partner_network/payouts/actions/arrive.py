"""Record what became of a payment of an advertiser: settled, on its way, or failed with what to do."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import Funding
from partner_network.kernel.errors import ConflictError, NotFoundError
from partner_network.kernel.money import Money
from partner_network.kernel.sentences import Sentence
from partner_network.ledger import actions as ledger
from partner_network.ledger import events
from partner_network.ledger import queries as ledger_queries
from partner_network.ledger.events import Fact
from partner_network.ledger.rules import Entry
from partner_network.payouts import rules
from partner_network.payouts.actions import telling


class RequestedFunding(msgspec.Struct, frozen=True):
    """A payment that an advertiser asked for; minor units."""

    id: UUID
    advertiser_id: UUID
    amount_minor: int
    currency: str
    idempotency_key: str
    payment_intent_id: str | None
    status: str
    customer_id: str | None
    payment_method_id: str | None
    asked_at: datetime | None
    way: rules.Way


async def begin(connection: Connection, funding_id: UUID) -> RequestedFunding:
    """Return a payment with what is asked of Stripe for it, kept before the first request and never changed.

    A card saved meanwhile would make a repeat another request under the same key, which Stripe refuses.
    Errors: NotFoundError.
    """
    funding = await _read(connection, funding_id)
    if funding.status != "requested" or funding.asked_at is not None or funding.way == "invoice":
        return funding
    await connection.execute(
        """UPDATE fundings f SET customer_id = a.customer_id, payment_method_id = a.payment_method_id,
               asked_at = $2
           FROM stripe_accounts a WHERE f.id = $1 AND a.brand_id = f.advertiser_id
               AND a.customer_id IS NOT NULL AND a.payment_method_id IS NOT NULL""",
        funding_id,
        clock.wall_now(),
    )
    return await _read(connection, funding_id)


async def _read(connection: Connection, funding_id: UUID) -> RequestedFunding:
    row = await connection.fetchrow(
        """SELECT id, advertiser_id, amount_minor, currency, idempotency_key, payment_intent_id, status,
               customer_id, payment_method_id, asked_at, way
           FROM fundings WHERE id = $1 FOR UPDATE""",
        funding_id,
    )
    if row is None:
        raise NotFoundError("There is no such funding.")
    return RequestedFunding(**row)


async def named(funding_id: str | None) -> UUID | None:
    """Return the payment of ours that a PaymentIntent names; one that names none is none of ours."""
    if funding_id is None:
        return None
    async with connections.transaction() as connection:
        return await connection.fetchval("SELECT id FROM fundings WHERE id::text = $1", funding_id)


async def record_failure(
    funding_id: UUID, code: rules.FailureCode, reason: str, payment_intent_id: str | None = None
) -> None:
    """Record that a payment failed, once, and tell the advertiser; its next try is another payment."""
    async with connections.transaction() as connection:
        await fail(connection, funding_id, code, reason, payment_intent_id)


async def fail(
    connection: Connection,
    funding_id: UUID,
    code: rules.FailureCode,
    reason: str,
    payment_intent_id: str | None,
) -> None:
    """Record the same within the caller's transaction. Who called an invoice off need not be told."""
    failed = await connection.fetchrow(
        """UPDATE fundings SET status = 'failed', failure_code = $2, failure = $3,
               payment_intent_id = coalesce(payment_intent_id, $4)
           WHERE id = $1 AND status IN ('requested', 'processing')
           RETURNING advertiser_id, amount_minor, currency""",
        funding_id,
        code,
        reason,
        payment_intent_id,
    )
    if failed is not None and code != "voided":
        amount = Money(failed["amount_minor"], failed["currency"])
        said = rules.why_failed(code, reason)
        await telling.tell_failed(connection, funding_id, failed["advertiser_id"], amount, said)


async def record(connection: Connection, funding_id: UUID, answer: Funding, now: datetime) -> str:
    """Record how far a payment has come, and book it once its money may be used; return its status.

    Errors: ConflictError when Stripe took another amount than was asked for.
    """
    # The webhook's job and the charging job may both arrive here; the row lock lets one book.
    funding = await _read(connection, funding_id)
    if funding.status == "settled":
        return funding.status
    if answer.amount_minor != funding.amount_minor:
        raise ConflictError(
            Sentence(
                "Stripe charged {charged} instead of {asked}; nothing was booked, a person must look.",
                charged=Money(answer.amount_minor, funding.currency),
                asked=Money(funding.amount_minor, funding.currency),
            )
        )
    if answer.is_over:
        code = rules.code_of_failure(answer.failure_code or answer.status)
        await fail(connection, funding_id, code, answer.failure, answer.payment_intent_id)
        return "failed"
    status = "settled" if answer.available else "processing"
    await connection.execute(
        """UPDATE fundings SET payment_intent_id = $2, status = $3, failure = NULL, failure_code = NULL,
               read_at = $5, settled_at = CASE WHEN $3 = 'settled' THEN $4::timestamptz END WHERE id = $1""",
        funding_id,
        answer.payment_intent_id,
        status,
        now,
        clock.wall_now(),
    )
    if answer.available:
        await _book(connection, funding, answer, now)
    return status


async def _book(connection: Connection, funding: RequestedFunding, answer: Funding, now: datetime) -> None:
    owed_minor = await _owed_minor(connection, funding)
    await ledger.post(connection, _received(funding, answer, now, owed_minor), recorded_at=now)
    await connection.execute(
        "UPDATE fundings SET repaid_minor = $2 WHERE id = $1",
        funding.id,
        min(owed_minor, funding.amount_minor),
    )
    amount = Money(funding.amount_minor, funding.currency)
    await telling.tell_settled(connection, funding.id, funding.advertiser_id, amount)
    # Whoever read this may die before it pays.
    await jobs.enqueue(connection, rules.PAY)


async def _owed_minor(connection: Connection, funding: RequestedFunding) -> int:
    # Whoever takes a payment back or funds statements waits here: both read what this one changes.
    await connections.lock_all(connection, rules.fund_lock(funding.advertiser_id, funding.currency))
    return await ledger_queries.posted_minor(
        connection, "chargeback", currency=funding.currency, holder_id=funding.advertiser_id
    )


def _received(funding: RequestedFunding, answer: Funding, now: datetime, owed_minor: int) -> list[Entry]:
    fact = Fact(f"funding:{funding.id}", now)
    advertiser_id, currency, minor = funding.advertiser_id, funding.currency, funding.amount_minor
    entries = [
        events.repay(fact, advertiser_id, currency, minor, owed_minor=owed_minor)
        if owed_minor
        else events.receive(fact, advertiser_id, currency, minor)
    ]
    if answer.fee_minor:
        entries.append(events.charge_fee(Fact(f"fee:{funding.id}", now), funding.currency, answer.fee_minor))
    return entries
