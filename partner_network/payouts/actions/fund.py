"""Bring advertisers' money in by a PaymentIntent, and fund approved statements with what has settled."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.gateways import crash_points
from partner_network.gateways.stripe_connect import Funding, StripeConnect
from partner_network.identity.actions import audit
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, InvalidError, NotFoundError
from partner_network.kernel.money import Money
from partner_network.kernel.sentences import Sentence
from partner_network.ledger import actions as ledger
from partner_network.ledger import events
from partner_network.ledger import queries as ledger_queries
from partner_network.ledger.accounts import Pair
from partner_network.ledger.events import Fact
from partner_network.ledger.rules import Entry
from partner_network.payouts import queries, rules
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


def fund_lock(advertiser_id: UUID, currency: str) -> str:
    """Return what whoever changes an advertiser's prepaid balance waits for."""
    return f"fund:{advertiser_id}:{currency}"


async def request_funding(
    connection: Connection,
    *,
    advertiser_id: UUID,
    amount_minor: int,
    currency: str,
    requested_by: Member,
    now: datetime,
) -> UUID:
    """Record that an advertiser wants to pay in; a worker then charges it. Units: minor units.

    Errors: InvalidError for an amount that is not positive; ConflictError when nothing is missing.
    """
    if amount_minor <= 0:
        raise InvalidError(
            "The amount must be positive.", fields={"amount_minor": Sentence("must be 1 or more")}
        )
    need = await queries.need_of(connection, advertiser_id, currency)
    if amount_minor > need.missing_minor:
        raise ConflictError(
            Sentence(
                "Only {amount} is missing; pay that amount or less.",
                amount=Money(need.missing_minor, currency),
            )
        )
    if await connection.fetchval(
        """SELECT EXISTS (SELECT FROM fundings WHERE advertiser_id = $1 AND currency = $2
                          AND status IN ('requested', 'processing'))""",
        advertiser_id,
        currency,
    ):
        raise ConflictError("A payment is on its way already; wait until it has settled.")
    funding_id = ids.new_id(now)
    await connection.execute(
        """INSERT INTO fundings (id, advertiser_id, amount_minor, currency, idempotency_key, status,
               requested_by, requested_at)
           VALUES ($1, $2, $3, $4, $5, 'requested', $6, $7)""",
        funding_id,
        advertiser_id,
        amount_minor,
        currency,
        f"funding-{funding_id}",
        requested_by.id,
        now,
    )
    after = {"amount_minor": amount_minor, "currency": currency}
    await audit.record(
        connection, requested_by, "ask for", "funding", funding_id, brands=[advertiser_id], after=after
    )
    return funding_id


async def charge_funding(stripe: StripeConnect, funding_id: UUID, now: datetime) -> str:
    """Charge what was requested and book it once it has settled; return the funding's status.

    Idempotent: the key was committed before the call, so a repeat finds the same PaymentIntent.
    Errors: NotFoundError for an unknown funding; StripeUnreachableError when nobody knows, then try again.
    """
    async with connections.transaction() as connection:
        funding = await _funding(connection, funding_id)
    if funding.status in {"settled", "failed"}:
        return funding.status
    crash_points.reach(4)
    try:
        answer = await _ask(stripe, funding)
    except InvalidError as declined:
        await _record_failure(funding_id, declined.detail)
        return "failed"
    crash_points.reach(5)
    async with connections.transaction() as connection:
        status = await _record(connection, funding_id, answer, now)
    crash_points.reach(6)
    return status


async def _ask(stripe: StripeConnect, funding: RequestedFunding) -> Funding:
    if funding.payment_intent_id is not None:
        return await stripe.read_funding(funding.payment_intent_id)
    if funding.customer_id is None or funding.payment_method_id is None:
        raise InvalidError("This advertiser has no payment details at Stripe yet; enter them first.")
    return await stripe.fund(
        amount_minor=funding.amount_minor,
        currency=funding.currency,
        customer=funding.customer_id,
        payment_method=funding.payment_method_id,
        idempotency_key=funding.idempotency_key,
        metadata={"funding_id": str(funding.id)},
    )


async def _funding(connection: Connection, funding_id: UUID, *, lock: bool = False) -> RequestedFunding:
    row = await connection.fetchrow(
        """SELECT f.id, f.advertiser_id, f.amount_minor, f.currency, f.idempotency_key,
               f.payment_intent_id, f.status, a.customer_id, a.payment_method_id
           FROM fundings f LEFT JOIN stripe_accounts a ON a.brand_id = f.advertiser_id
           WHERE f.id = $1"""
        + (" FOR UPDATE OF f" if lock else ""),
        funding_id,
    )
    if row is None:
        raise NotFoundError("There is no such funding.")
    return RequestedFunding(**row)


async def _record_failure(funding_id: UUID, reason: str) -> None:
    async with connections.transaction() as connection:
        failed = await connection.fetchrow(
            """UPDATE fundings SET status = 'failed', failure = $2 WHERE id = $1 AND status = 'requested'
               RETURNING advertiser_id, amount_minor, currency""",
            funding_id,
            reason,
        )
        if failed is not None:
            amount = Money(failed["amount_minor"], failed["currency"])
            await telling.tell_failed(connection, funding_id, failed["advertiser_id"], amount, reason)


async def _record(connection: Connection, funding_id: UUID, answer: Funding, now: datetime) -> str:
    # The webhook's job and the charging job may both arrive here; the row lock lets one book.
    funding = await _funding(connection, funding_id, lock=True)
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
    status = "settled" if answer.available else "processing"
    await connection.execute(
        """UPDATE fundings SET payment_intent_id = $2, status = $3,
               settled_at = CASE WHEN $3 = 'settled' THEN $4::timestamptz END WHERE id = $1""",
        funding_id,
        answer.payment_intent_id,
        status,
        now,
    )
    if answer.available:
        owed_minor = await _owed_minor(connection, funding)
        await ledger.post(connection, _received(funding, answer, now, owed_minor), recorded_at=now)
        await connection.execute(
            "UPDATE fundings SET repaid_minor = $2 WHERE id = $1",
            funding_id,
            min(owed_minor, funding.amount_minor),
        )
        amount = Money(funding.amount_minor, funding.currency)
        await telling.tell_settled(connection, funding_id, funding.advertiser_id, amount)
        # Whoever read this may die before it pays.
        await jobs.enqueue(connection, rules.PAY)
    return status


async def _owed_minor(connection: Connection, funding: RequestedFunding) -> int:
    # Whoever takes a payment back or funds statements waits here: both read what this one changes.
    await connections.lock_all(connection, fund_lock(funding.advertiser_id, funding.currency))
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


async def fund_statements(advertiser_id: UUID, currency: str, now: datetime) -> list[UUID]:
    """Fund approved statements from the prepaid balance, each whole or not at all; return the payouts.

    Source: MONEY section 6: oldest cut-off first; the first that is not covered stops the run.
    """
    async with connections.transaction() as connection:
        # Two workers would both see the same prepaid balance and the same statements.
        await connections.lock_all(connection, fund_lock(advertiser_id, currency))
        prepaid = await ledger_queries.posted_minor(
            connection, "prepaid", currency=currency, holder_id=advertiser_id
        )
        reserved: list[UUID] = []
        fundables = await queries.fundable_statements(connection, advertiser_id, currency)
        for place, fundable in enumerate(fundables):
            if fundable.amount_minor > prepaid:
                await telling.tell_needed(connection, fundables[place:])
                break
            prepaid -= fundable.amount_minor
            reserved.append(await _reserve(connection, fundable, now))
        return reserved


async def _reserve(connection: Connection, fundable: queries.Fundable, now: datetime) -> UUID:
    statement, amount = fundable.statement, fundable.amount_minor
    payer, payee, currency = statement.payer_id, statement.payee_id, statement.currency
    funded = events.fund(Fact(f"fund:{statement.id}", now), Pair(payee, payer, currency), amount)
    (entry,) = await ledger.post(connection, [funded], recorded_at=now)
    payout_id = ids.new_id(now)
    await connection.execute(
        """INSERT INTO payouts (id, statement_id, content_hash, closing_minor, currency, payee_id, payer_id,
               amount_minor, fund_entry_id, reserved_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        payout_id,
        statement.id,
        statement.content_hash,
        statement.closing_minor,
        currency,
        payee,
        payer,
        amount,
        entry.entry_id,
        now,
    )
    return payout_id
