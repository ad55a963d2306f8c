"""Bring advertisers' money in by a PaymentIntent, and fund approved statements with what has settled."""

from datetime import datetime
from uuid import UUID

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock, crash_points
from partner_network.gateways.stripe_answers import DeclinedError
from partner_network.gateways.stripe_connect import Funding, StripeConnect
from partner_network.identity.actions import audit
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, InvalidError, NotFoundError
from partner_network.kernel.money import Money
from partner_network.kernel.sentences import Sentence
from partner_network.ledger import actions as ledger
from partner_network.ledger import events
from partner_network.ledger.accounts import Pair
from partner_network.ledger.events import Fact
from partner_network.payouts import queries, rules
from partner_network.payouts.actions import arrive, invoice, telling
from partner_network.payouts.actions.arrive import RequestedFunding
from partner_network.payouts.rules import GRACE, KEY_LIFE, fund_lock

_NEVER_ARRIVED = Sentence("Our request never reached Stripe and nothing was taken; pay again.")


async def request_funding(
    connection: Connection,
    *,
    advertiser_id: UUID,
    amount_minor: int,
    currency: str,
    requested_by: Member,
    now: datetime,
    way: rules.Way = "charge",
) -> UUID:
    """Record that an advertiser wants to pay in; a worker then charges or invoices it. Units: minor units.

    An invoice is due within the fewest days that a contract gives to fund what is approved.
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
    days = None if way == "charge" else await queries.days_to_fund(connection, advertiser_id, currency)
    funding_id = ids.new_id(now)
    # Two tabs may ask at the same moment: the database lets one payment be on its way.
    is_the_only_one = await connection.fetchval(
        """INSERT INTO fundings (id, advertiser_id, amount_minor, currency, idempotency_key, status,
               requested_by, requested_at, way, days_until_due)
           VALUES ($1, $2, $3, $4, $5, 'requested', $6, $7, $8, $9)
           ON CONFLICT (advertiser_id, currency) WHERE status IN ('requested', 'processing') DO NOTHING
           RETURNING true""",
        funding_id,
        advertiser_id,
        amount_minor,
        currency,
        f"funding-{funding_id}",
        requested_by.id,
        now,
        way,
        days,
    )
    if not is_the_only_one:
        raise ConflictError("A payment is on its way already; wait until it has settled.")
    after = {"amount_minor": amount_minor, "currency": currency, "way": way}
    await audit.record(
        connection, requested_by, "ask for", "funding", funding_id, brands=[advertiser_id], after=after
    )
    return funding_id


async def call_off(connection: Connection, advertiser_id: UUID, funding_id: UUID, *, by: Member) -> None:
    """Record that an invoice is not to be paid any more; a worker then ends it at Stripe.

    A payment that is under way by then goes on, and the invoice with it.
    Errors: NotFoundError; ConflictError when it is paid, ended or being paid, or is no invoice.
    """
    row = await connection.fetchrow(
        """SELECT way, status, payment_intent_id, void_asked_at FROM fundings
           WHERE id = $1 AND advertiser_id = $2 FOR UPDATE""",
        funding_id,
        advertiser_id,
    )
    if row is None:
        raise NotFoundError("There is no such payment; open it from the list of payments.")
    if row["way"] != "invoice" or row["status"] in {"settled", "failed"}:
        raise ConflictError("Only an open invoice can be called off; look at the list again.")
    if row["payment_intent_id"] is not None:
        raise ConflictError("A payment of this invoice is under way; wait until it has settled or failed.")
    if row["void_asked_at"] is not None:
        return
    await connection.execute(
        "UPDATE fundings SET void_asked_by = $2, void_asked_at = $3 WHERE id = $1",
        funding_id,
        by.id,
        clock.wall_now(),
    )
    await audit.record(connection, by, "revoke", "funding", funding_id, brands=[advertiser_id])


async def charge_funding(stripe: StripeConnect, funding_id: UUID, now: datetime) -> str:
    """Charge what was requested and book it once it has settled; return the funding's status.

    Idempotent: what is asked for and its key were committed before the call, so a repeat finds the same
    PaymentIntent; once Stripe may have forgotten the key, the payment is looked up and never asked for again.
    Errors: NotFoundError for an unknown funding; StripeUnreachableError when nobody knows, then try again.
    """
    async with connections.transaction() as connection:
        funding = await arrive.begin(connection, funding_id)
    if funding.status in {"settled", "failed"}:
        return funding.status
    if funding.way == "invoice":
        return await invoice.follow(stripe, funding_id, now)
    crash_points.reach(4)
    try:
        answer = await _ask(stripe, funding)
    except DeclinedError as declined:
        code = rules.code_of_failure(declined.code)
        await arrive.record_failure(funding_id, code, declined.detail, declined.payment_intent_id)
        return "failed"
    except (InvalidError, NotFoundError) as refused:
        await arrive.record_failure(funding_id, "refused", refused.detail)
        return "failed"
    crash_points.reach(5)
    if answer is None:
        await arrive.record_failure(funding_id, "lost", str(_NEVER_ARRIVED))
        return "failed"
    async with connections.transaction() as connection:
        status = await arrive.record(connection, funding_id, answer, now)
    crash_points.reach(6)
    return status


async def _ask(stripe: StripeConnect, funding: RequestedFunding) -> Funding | None:
    if funding.payment_intent_id is not None:
        return await stripe.read_funding(funding.payment_intent_id)
    if funding.customer_id is None or funding.payment_method_id is None or funding.asked_at is None:
        raise InvalidError("This advertiser has no payment details at Stripe yet; enter them first.")
    age = clock.wall_now() - funding.asked_at
    if age > GRACE:
        found = await stripe.find_funding(customer=funding.customer_id, funding_id=str(funding.id))
        if found is not None or age > KEY_LIFE:
            return found
    return await stripe.fund(
        amount_minor=funding.amount_minor,
        currency=funding.currency,
        customer=funding.customer_id,
        payment_method=funding.payment_method_id,
        idempotency_key=funding.idempotency_key,
        metadata={"funding_id": str(funding.id)},
    )


async def fund_statements(advertiser_id: UUID, currency: str, now: datetime) -> list[UUID]:
    """Fund approved statements from the prepaid balance, each whole or not at all; return the payouts.

    Source: MONEY section 6: oldest cut-off first; the first that is not covered stops the run.
    """
    async with connections.transaction() as connection:
        # Two workers would both see the same prepaid balance and the same statements.
        await connections.lock_all(connection, fund_lock(advertiser_id, currency))
        prepaid = await queries.usable_minor(connection, advertiser_id, currency)
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
