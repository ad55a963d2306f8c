"""Book what moved at Stripe without a request of ours: money taken back, given back, brought, or kept."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import asyncpg

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import crash_points
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.gateways.stripe_movements import Movement
from partner_network.kernel.money import Money
from partner_network.ledger import actions as ledger
from partner_network.ledger import events
from partner_network.ledger import queries as ledger_queries
from partner_network.ledger.accounts import Pair
from partner_network.ledger.events import Fact
from partner_network.ledger.rules import Entry
from partner_network.payouts import queries, return_queries, rules
from partner_network.payouts.actions import cases, telling, transactions

BOOKED = ("reversal", "return", "reinstated", "top_up")
_UNBOOKED = """
    SELECT t.id, t.kind, t.currency, t.amount_minor, t.fee_minor, t.source_id, t.about, t.said, t.created
    FROM stripe_transactions t WHERE t.kind NOT IN ('charge', 'transfer') AND (
        (t.kind = ANY($1::text[]) AND NOT EXISTS (SELECT FROM stripe_movements m WHERE m.id = t.id)
            AND (t.kind <> 'return'
                 OR NOT EXISTS (SELECT FROM prepaid_returns p WHERE p.refund_id = t.source_id)))
        OR (CASE t.kind WHEN 'fee' THEN t.amount_minor WHEN 'other' THEN 0 ELSE t.fee_minor END <> 0
            AND NOT EXISTS (SELECT FROM stripe_movements m WHERE m.id = t.id || ':fee'))
        OR (t.kind = 'other' AND t.amount_minor <> t.fee_minor AND NOT EXISTS (
            SELECT FROM cases c WHERE c.kind = 'movement not booked' AND c.subject = t.id)))
    ORDER BY t.created, t.seq"""


async def book_movements(
    stripe: StripeConnect, now: datetime, *, overlap: timedelta | None = transactions.OVERLAP
) -> int:
    """Book every movement that is not booked yet, the oldest first; return how many were booked.

    Idempotent: a movement's id at Stripe is booked once. Nothing is booked for one whose transfer or payment
    is not ours: a case is opened, and if it proves to be ours after all it is booked then.
    Source: MONEY section 5: settled funding returned, transfer reversed, Stripe's fee, operator tops up.
    """
    await transactions.keep_new(stripe, overlap=overlap)
    crash_points.reach(10)
    async with connections.transaction() as connection:
        rows = await connection.fetch(_UNBOOKED, BOOKED)
    booked = 0
    for row in rows:
        async with connections.transaction() as connection:
            booked += await _book(connection, Movement(**row), now)
        crash_points.reach(11)
    return booked


async def _book(connection: Connection, one: Movement, now: datetime) -> bool:
    """Book a movement and its fee, each unless it is booked; tell whether anything was booked now."""
    # Two workers may bring the same movement: the second waits here and finds it booked.
    await connections.lock_all(connection, f"movement:{one.id}")
    rows = await connection.fetch(
        "SELECT id FROM stripe_movements WHERE id = ANY($1::text[])", [one.id, f"{one.id}:fee"]
    )
    known = {row["id"] for row in rows}
    done = False
    if one.id not in known:
        done = await _book_amount(connection, one, now)
    fee_minor = -one.amount_minor if one.kind == "fee" else one.fee_minor
    if fee_minor and one.kind != "other" and f"{one.id}:fee" not in known:
        fee = events.charge_fee if fee_minor > 0 else events.give_back_fee
        entry = fee(Fact(f"movement:{one.id}:fee", now), one.currency, abs(fee_minor))
        kind = "fee" if fee_minor > 0 else "fee_back"
        await _keep(connection, one, kind, entry, now, minor=abs(fee_minor), suffix=":fee")
        done = True
    return done


async def _book_amount(connection: Connection, one: Movement, now: datetime) -> bool:
    match one.kind:
        case "reversal":
            is_ours = await _reverse(connection, one, now)
        case "return" | "reinstated":
            is_ours = await _move_funding(connection, one, now)
        case "top_up":
            entry = events.top_up(Fact(f"movement:{one.id}", now), one.currency, one.amount_minor)
            await _keep(connection, one, one.kind, entry, now)
            is_ours = True
        case "fee":
            return False
        case _:
            said = f"Stripe moved {Money(one.amount_minor - one.fee_minor, one.currency)}: {one.said}."
            await _open_once(connection, one, said, now)
            return False
    if is_ours:
        await cases.close_booked(connection, one.id, now)
    return is_ours


async def _open_once(connection: Connection, one: Movement, said: str, now: datetime) -> None:
    # What a person has closed is known: the same movement is not found again.
    if not await connection.fetchval(
        "SELECT EXISTS (SELECT FROM cases WHERE kind = 'movement not booked' AND subject = $1)", one.id
    ):
        await cases.open_case(connection, "movement not booked", one.id, said, now)


async def _reverse(connection: Connection, one: Movement, now: datetime) -> bool:
    """Put what Stripe took back where it waits to be sent again, under the same approval; tell if ours."""
    sent = await connection.fetchrow(
        """SELECT t.id, t.payout_id, t.status, t.amount_minor, o.payee_id, o.payer_id, o.currency
           FROM payout_attempts t JOIN payouts o ON o.id = t.payout_id
           WHERE t.stripe_transfer_id = $1 FOR UPDATE OF o, t""",
        one.about,
    )
    if sent is None:
        amount = Money(one.amount_minor, one.currency)
        said = f"Stripe took {amount} of transfer {one.about} back, which nobody booked."
        await _open_once(connection, one, said, now)
        return False
    pair = Pair(sent["payee_id"], sent["payer_id"], sent["currency"])
    if sent["status"] == "accepted":
        # It has left the account before it came back.
        settled = events.settle_payout(Fact(f"settle:{sent['id']}", now), pair, sent["amount_minor"])
        await ledger.post(connection, [settled], recorded_at=now)
    entry = events.reverse_transfer(Fact(f"movement:{one.id}", now), pair, one.amount_minor)
    await _keep(connection, one, "reversal", entry, now, attempt_id=sent["id"])
    await connection.execute(
        """UPDATE payout_attempts SET status = 'reversed', reversed_minor = reversed_minor + $2
           WHERE id = $1""",
        sent["id"],
        one.amount_minor,
    )
    amount = Money(one.amount_minor, one.currency)
    await telling.tell_came_back(connection, sent["payout_id"], one.id, amount)
    return True


async def _move_funding(connection: Connection, one: Movement, now: datetime) -> bool:
    """Take a settled payment out of what is free of it, or settle what is owed with what came again.

    Tell whether the payment is ours.
    """
    funding = await connection.fetchrow(
        "SELECT id, advertiser_id, currency FROM fundings WHERE payment_intent_id = $1", one.about
    )
    minor = abs(one.amount_minor)
    if funding is None:
        amount = Money(one.amount_minor, one.currency)
        said = f"Stripe moved {amount} of payment {one.about}, which is no funding of ours."
        await _open_once(connection, one, said, now)
        return False
    advertiser_id, currency = funding["advertiser_id"], funding["currency"]
    await connections.lock_all(connection, rules.fund_lock(advertiser_id, currency))
    if one.kind == "return" and await return_queries.may_be_ours(connection, one, funding["id"]):
        return False
    fact = Fact(f"movement:{one.id}", now)
    if one.kind == "reinstated":
        owed = await _posted(connection, "chargeback", funding)
        entry = events.repay(fact, advertiser_id, currency, minor, owed_minor=owed)
        await _keep(
            connection, one, "reinstated", entry, now, funding_id=funding["id"], covered=min(owed, minor)
        )
        await _say_what_came_back(connection, one, advertiser_id, now)
        return True
    free = await queries.usable_minor(connection, advertiser_id, currency)
    entry = events.return_settled(fact, advertiser_id, currency, minor, free_minor=free)
    await _keep(connection, one, "return", entry, now, funding_id=funding["id"], covered=min(free, minor))
    amount = Money(minor, currency)
    said = f"{amount} of funding {funding['id']} came back: {one.said}."
    await cases.open_case(connection, "funding returned", one.source_id, said, now)
    await telling.tell_returned(connection, one.id, advertiser_id, amount, one.said)
    return True


async def _say_what_came_back(
    connection: Connection, one: Movement, advertiser_id: UUID, now: datetime
) -> None:
    """Say of money that was given back and no bank took that it is prepaid again; a person looks."""
    ours = await connection.fetchval(
        """UPDATE prepaid_returns SET came_back_at = $2 WHERE refund_id = $1 AND came_back_at IS NULL
           RETURNING id""",
        one.source_id,
        now,
    )
    if ours is None:
        return
    amount = Money(abs(one.amount_minor), one.currency)
    said = f"{amount} of return {ours} was not taken by the payer's bank and is prepaid again."
    await cases.open_case(connection, "refund failed", one.source_id, said, now)
    await telling.tell_return_failed(connection, ours, advertiser_id, amount)


async def _posted(connection: Connection, kind: str, funding: asyncpg.Record) -> int:
    return await ledger_queries.posted_minor(
        connection, kind, currency=funding["currency"], holder_id=funding["advertiser_id"]
    )


async def _keep(
    connection: Connection,
    one: Movement,
    kind: Literal["reversal", "return", "reinstated", "top_up", "fee", "fee_back"],
    entry: Entry,
    now: datetime,
    *,
    minor: int | None = None,
    suffix: str = "",
    attempt_id: UUID | None = None,
    funding_id: UUID | None = None,
    covered: int = 0,
) -> None:
    (booked,) = await ledger.post(connection, [entry], recorded_at=now)
    await connection.execute(
        """INSERT INTO stripe_movements (id, kind, currency, amount_minor, attempt_id, funding_id,
               covered_minor, entry_id, at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        f"{one.id}{suffix}",
        kind,
        one.currency,
        abs(one.amount_minor) if minor is None else minor,
        attempt_id,
        funding_id,
        covered,
        booked.entry_id,
        now,
    )
