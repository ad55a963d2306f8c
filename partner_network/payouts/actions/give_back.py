"""Send approved returns of prepaid money by Stripe's refunds: commit the intent, call, record the answer."""

import contextlib
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeConnect, StripeRefusedError, StripeUnreachableError
from partner_network.gateways.stripe_payments import Refund
from partner_network.kernel.money import Money
from partner_network.ledger import actions as ledger
from partner_network.ledger import events
from partner_network.ledger.events import Fact
from partner_network.payouts.actions import cases, telling
from partner_network.payouts.rules import GRACE, KEY_LIFE, fund_lock

LOST = Refund(None, "Our request never reached Stripe and nothing was given back; ask again.")


class Part(msgspec.Struct, frozen=True):
    """A part that goes back of one payment; minor units."""

    id: UUID
    ask_id: UUID
    advertiser_id: UUID
    currency: str
    amount_minor: int
    payment_intent_id: str
    status: str
    sent_at: datetime


async def give_back_approved(stripe: StripeConnect, now: datetime) -> None:
    """Give back every approved part, or ask again about those that have no answer yet.

    A fault of ours is a case and stops no other part: once it is mended the same request goes on.
    """
    async with connections.transaction() as connection:
        rows = await connection.fetch("SELECT id FROM prepaid_returns WHERE status = 'approved' ORDER BY id")
    for row in rows:
        with contextlib.suppress(StripeUnreachableError):  # the next run asks again
            try:
                await give_back(stripe, row["id"], now)
            except StripeRefusedError as fault:
                await _alert(row["id"], fault, now)


async def _alert(part_id: UUID, fault: StripeRefusedError, now: datetime) -> None:
    async with connections.transaction() as connection:
        await cases.open_case(connection, "fault of ours", f"return-{part_id}", str(fault), now)


async def give_back(stripe: StripeConnect, part_id: UUID, now: datetime) -> str:
    """Give one part back and book it once Stripe has accepted; return the part's status.

    Safe with several workers and after a crash at any point: payment, amount and key are those of the row,
    which never change, and once Stripe may have forgotten the key the refund is looked up and not asked for.
    Errors: StripeUnreachableError when nobody knows, then try again.
    """
    part = await _begin(part_id)
    if part.status != "approved":
        return part.status
    return await _record(part, await _ask(stripe, part), now)


async def _begin(part_id: UUID) -> Part:
    async with connections.transaction() as connection:
        await connection.execute(
            """UPDATE prepaid_returns SET sent_at = $2
               WHERE id = $1 AND status = 'approved' AND sent_at IS NULL""",
            part_id,
            clock.wall_now(),
        )
        return await _read(connection, part_id)


async def _read(connection: Connection, part_id: UUID) -> Part:
    row = await connection.fetchrow(
        """SELECT p.id, p.ask_id, f.advertiser_id, f.currency, p.amount_minor, f.payment_intent_id, p.status,
               p.sent_at
           FROM prepaid_returns p JOIN fundings f ON f.id = p.funding_id WHERE p.id = $1""",
        part_id,
    )
    if row is None:
        raise LookupError("no such part of a return")
    return Part(**row)


async def _ask(stripe: StripeConnect, part: Part) -> Refund:
    age = clock.wall_now() - part.sent_at
    if age > GRACE:
        found = await stripe.find_refund(payment_intent_id=part.payment_intent_id, return_id=str(part.id))
        if found is not None:
            return found
        if age > KEY_LIFE:
            return LOST
    return await stripe.give_back(
        payment_intent_id=part.payment_intent_id,
        amount_minor=part.amount_minor,
        idempotency_key=f"return-{part.id}",
        metadata={"return_id": str(part.id)},
    )


async def _record(part: Part, answer: Refund, now: datetime) -> str:
    async with connections.transaction() as connection:
        # Whoever reads what is free of the prepaid money waits: a moment later it is booked, not reserved.
        await connections.lock_all(connection, fund_lock(part.advertiser_id, part.currency))
        known = await _read(connection, part.id)
        if known.status != "approved":
            return known.status
        if answer.id is None:
            status, entry_id = "failed", None
        else:
            fact = Fact(f"return:{part.id}", now)
            entry = events.return_unused(fact, part.advertiser_id, part.currency, part.amount_minor)
            (booked,) = await ledger.post(connection, [entry], recorded_at=now)
            status, entry_id = "accepted", booked.entry_id
        await connection.execute(
            """UPDATE prepaid_returns SET status = $2, refund_id = $3, answer = $4, entry_id = $5,
                   finished_at = $6 WHERE id = $1""",
            part.id,
            status,
            answer.id,
            answer.failure or None,
            entry_id,
            now,
        )
        await _tell_when_done(connection, part)
    return status


async def _tell_when_done(connection: Connection, part: Part) -> None:
    row = await connection.fetchrow(
        """SELECT bool_or(status = 'approved') AS is_under_way,
               coalesce(sum(amount_minor) FILTER (WHERE status = 'accepted'), 0)::bigint AS minor
           FROM prepaid_returns WHERE ask_id = $1""",
        part.ask_id,
    )
    if row is not None and row["minor"] and not row["is_under_way"]:
        amount = Money(row["minor"], part.currency)
        await telling.tell_given_back(connection, part.ask_id, part.advertiser_id, amount)
