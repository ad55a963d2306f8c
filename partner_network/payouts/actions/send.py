"""Send payouts: commit the intent and its key, call Stripe, record the answer."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import (
    Accepted,
    Later,
    OurFault,
    Refused,
    StripeConnect,
    TransferOutcome,
    Unknown,
)
from partner_network.kernel import ids
from partner_network.ledger import actions as ledger
from partner_network.ledger import events
from partner_network.ledger.accounts import Pair
from partner_network.ledger.events import Fact
from partner_network.ledger.rules import Entry
from partner_network.payouts import queries, rules
from partner_network.payouts.actions import telling

KEY_LIFE = timedelta(hours=23)
"""Stripe forgets a key after 24 hours; an hour before, we look the transfer up instead of repeating it."""


class Attempt(msgspec.Struct, frozen=True):
    """One try to send one payout; minor units."""

    id: UUID
    payout_id: UUID
    idempotency_key: str
    amount_minor: int
    currency: str
    payee_id: UUID
    payer_id: UUID
    destination: str
    status: str
    pending_transfer_id: int
    started_at: datetime
    statement_number: str


class Payout(msgspec.Struct, frozen=True):
    """A payout before its attempt, with where it goes; minor units."""

    id: UUID
    currency: str
    payee_id: UUID
    payer_id: UUID
    amount_minor: int
    held_reason: str | None
    destination: str | None
    transfers_status: str | None


async def send_all(stripe: StripeConnect, now: datetime) -> dict[UUID, str]:
    """Send everything that is funded and not held, oldest first; return what became of each payout."""
    async with connections.transaction() as connection:
        await _release_onboarded(connection)
        waiting = await queries.unfinished(connection)
    return {payout_id: await send_payout(stripe, payout_id, now) for payout_id in waiting}


async def _release_onboarded(connection: Connection) -> None:
    await connection.execute(
        """UPDATE payouts o SET held_reason = NULL FROM stripe_accounts a
           WHERE a.brand_id = o.payee_id AND a.transfers_status = 'active' AND o.held_reason = $1""",
        str(rules.ONBOARDING_MISSING),
    )


async def send_payout(stripe: StripeConnect, payout_id: UUID, now: datetime) -> str:
    """Send one payout, or go on with its unfinished attempt; return the attempt's or payout's state.

    Safe with several workers and after a crash at any point: a second call repeats the same request under
    the same key, for which Stripe makes one transfer.
    Errors: RuntimeError when Stripe says the fault is ours; the run must stop then.
    Source: DESIGN section 7.
    """
    attempt = await _begin(payout_id, now)
    if attempt is None:
        return "held or finished"
    if clock.wall_now() - attempt.started_at > KEY_LIFE:
        return await _look_up(stripe, attempt, now)
    answer = await stripe.send_transfer(
        amount_minor=attempt.amount_minor,
        currency=attempt.currency,
        destination=attempt.destination,
        transfer_group=ids.shown("pay", attempt.payout_id),
        description=attempt.statement_number,
        idempotency_key=attempt.idempotency_key,
        metadata={"statement": attempt.statement_number},
    )
    if isinstance(answer, Unknown) and answer.replayed:
        return await _look_up(stripe, attempt, now)
    return await _record(attempt, answer, now)


async def _begin(payout_id: UUID, now: datetime) -> Attempt | None:
    """Return the live attempt of a payout, made now if there is none; None when there is nothing to send."""
    async with connections.transaction() as connection:
        payout = await _payout(connection, payout_id)
        if payout is None or payout.held_reason is not None:
            return None
        live = await _live_attempt(connection, payout_id)
        if live is not None:
            return live if live.status in {"submitting", "unknown"} else None
        if payout.destination is None or payout.transfers_status != "active":
            await _hold(connection, payout_id, rules.ONBOARDING_MISSING)
            return None
        n = await connection.fetchval(
            "SELECT count(*) + 1 FROM payout_attempts WHERE payout_id = $1", payout_id
        )
        fact = Fact(f"payout:{payout_id}:{n}", now)
        pending = events.reserve_payout(fact, _pair(payout), payout.amount_minor)
        (entry,) = await ledger.post(connection, [pending], recorded_at=now)
        await connection.execute(
            """INSERT INTO payout_attempts (id, payout_id, n, idempotency_key, amount_minor, destination,
                   status, pending_transfer_id, started_at)
               VALUES ($1, $2, $3, $4, $5, $6, 'submitting', $7, $8)""",
            ids.new_id(now),
            payout_id,
            n,
            f"{ids.shown('pay', payout_id)}-{n}",
            payout.amount_minor,
            payout.destination,
            entry.transfer_ids[0],
            clock.wall_now(),
        )
        return await _live_attempt(connection, payout_id)


async def _payout(connection: Connection, payout_id: UUID) -> Payout | None:
    row = await connection.fetchrow(
        """SELECT o.id, o.currency, o.payee_id, o.payer_id, o.amount_minor, o.held_reason,
               a.account_id AS destination, a.transfers_status
           FROM payouts o LEFT JOIN stripe_accounts a ON a.brand_id = o.payee_id
           WHERE o.id = $1 FOR UPDATE OF o""",
        payout_id,
    )
    return None if row is None else Payout(**row)


async def _live_attempt(connection: Connection, payout_id: UUID) -> Attempt | None:
    row = await connection.fetchrow(
        """SELECT t.id, t.payout_id, t.idempotency_key, t.amount_minor, o.currency, o.payee_id, o.payer_id,
               t.destination, t.status, t.pending_transfer_id, t.started_at, s.number AS statement_number
           FROM payout_attempts t JOIN payouts o ON o.id = t.payout_id
           JOIN statements s ON s.id = o.statement_id
           WHERE t.payout_id = $1 AND t.status <> 'failed' FOR UPDATE OF t""",
        payout_id,
    )
    return None if row is None else Attempt(**row)


def _pair(of: Attempt | Payout) -> Pair:
    return Pair(of.payee_id, of.payer_id, of.currency)


def _end(attempt: Attempt, kind: Literal["accept", "void"], now: datetime) -> Entry:
    """Return the entry that posts or voids what the attempt reserved."""
    end = events.accept_payout if kind == "accept" else events.void_payout
    fact = Fact(f"{kind}:{attempt.id}", now)
    return end(fact, _pair(attempt), attempt.amount_minor, pending_id=attempt.pending_transfer_id)


async def _look_up(stripe: StripeConnect, attempt: Attempt, now: datetime) -> str:
    found = await stripe.find_transfers(
        transfer_group=ids.shown("pay", attempt.payout_id), destination=attempt.destination
    )
    for transfer in found:
        if transfer.amount_minor == attempt.amount_minor:
            return await _record(attempt, Accepted(transfer.id), now)
    async with connections.transaction() as connection:
        await _hold(connection, attempt.payout_id, rules.ANSWER_MISSING)
    return "held"


async def _record(attempt: Attempt, answer: TransferOutcome, now: datetime) -> str:
    async with connections.transaction() as connection:
        # Another worker may have recorded the same answer while we waited for ours.
        live = await _live_attempt(connection, attempt.payout_id)
        if live is None or live.id != attempt.id or live.status not in {"submitting", "unknown"}:
            return "recorded already"
        match answer:
            case Accepted(transfer_id):
                await ledger.post(connection, [_end(attempt, "accept", now)], recorded_at=now)
                await _finish(connection, attempt, "accepted", now, transfer_id=transfer_id)
                await telling.tell_sent(connection, attempt.payout_id, now)
                return "accepted"
            case Refused():
                await ledger.post(connection, [_end(attempt, "void", now)], recorded_at=now)
                await _finish(connection, attempt, "failed", now, answer=f"{answer.code}: {answer.message}")
                await _hold_unless_waiting(connection, attempt, answer)
                return "failed"
            case Later():
                return "later"
            case Unknown() | OurFault():
                await connection.execute(
                    "UPDATE payout_attempts SET status = 'unknown', answer = $2 WHERE id = $1",
                    attempt.id,
                    answer.message,
                )
    match answer:
        case OurFault():
            raise RuntimeError(f"Stripe refused our request itself ({answer.code}): {answer.message}")
        case _:
            return "unknown"


async def _finish(
    connection: Connection,
    attempt: Attempt,
    status: Literal["accepted", "failed"],
    now: datetime,
    *,
    transfer_id: str | None = None,
    answer: str | None = None,
) -> None:
    await connection.execute(
        """UPDATE payout_attempts SET status = $2, stripe_transfer_id = $3, answer = $4, finished_at = $5
           WHERE id = $1""",
        attempt.id,
        status,
        transfer_id,
        answer,
        now,
    )


async def _hold_unless_waiting(connection: Connection, attempt: Attempt, refused: Refused) -> None:
    """Leave a payout that only waits for funds to the next run; hold what a person has to mend."""
    if refused.reason != "balance_insufficient":
        await _hold(connection, attempt.payout_id, rules.refused_by_stripe(refused.message))


async def _hold(connection: Connection, payout_id: UUID, reason: str) -> None:
    await connection.execute("UPDATE payouts SET held_reason = $2 WHERE id = $1", payout_id, str(reason))
    await telling.tell_held(connection, payout_id, str(reason))
