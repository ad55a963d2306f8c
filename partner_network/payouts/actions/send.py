"""Send payouts: commit the intent and its key, call Stripe, record the answer."""

import asyncio
from collections import deque
from datetime import datetime, timedelta
from uuid import UUID

from partner_network.database import connections
from partner_network.gateways import clock, crash_points
from partner_network.gateways.stripe_connect import (
    Accepted,
    Refused,
    StripeConnect,
    TransferOutcome,
    Unknown,
)
from partner_network.kernel import ids
from partner_network.ledger import actions as ledger
from partner_network.ledger import events
from partner_network.ledger import queries as ledger_queries
from partner_network.ledger.events import Fact
from partner_network.payouts import queries, rules, sending_queries
from partner_network.payouts.actions import accounts, hands, pace, record
from partner_network.payouts.actions.hands import Hands
from partner_network.payouts.sending_queries import Attempt, Payout

KEY_LIFE = timedelta(hours=23)
"""Stripe forgets a key after 24 hours; an hour before, we look the transfer up instead of repeating it."""
GRACE = timedelta(minutes=5)
"""How long after a request its transfer may not be listed yet: until then missing means nothing."""

SENDERS = 4
"""How many payouts are on their way at once: while one waits for an answer, the next has its turn."""


async def send_all(stripe: StripeConnect, now: datetime) -> dict[UUID, str]:
    """Send everything that is funded and not held, oldest first; return what became of each payout.

    Workers that send at once share the work: what one has in hand, the others pass over.
    Errors: RuntimeError when Stripe says the fault is ours; what is under way is finished, no more begun.
    """
    await accounts.read_waiting(stripe, now)
    async with connections.transaction() as connection:
        await accounts.release_mended(connection)
        waiting = deque(await queries.unfinished(connection))
    if not waiting:
        return {}
    async with hands.hands() as ours:
        return await _send(stripe, waiting, ours, now)


async def _send(stripe: StripeConnect, waiting: deque[UUID], ours: Hands, now: datetime) -> dict[UUID, str]:
    became: dict[UUID, str] = {}

    async def send_one_after_the_other() -> None:
        try:
            while waiting:
                payout_id = waiting.popleft()
                async with ours.take(payout_id) as is_ours:
                    became[payout_id] = (
                        await send_payout(stripe, payout_id, now) if is_ours else "in another's hands"
                    )
        except BaseException:
            waiting.clear()
            raise

    ended = await asyncio.gather(
        *(send_one_after_the_other() for _ in range(SENDERS)), return_exceptions=True
    )
    for fault in ended:
        if fault is not None:
            raise fault
    return became


async def send_payout(stripe: StripeConnect, payout_id: UUID, now: datetime) -> str:
    """Send one payout, or go on with its unfinished attempt; return the attempt's or payout's state.

    Safe with several workers and after a crash at any point: a second call repeats the same request under
    the same key, for which Stripe makes one transfer.
    Errors: RuntimeError when Stripe says the fault is ours; the run must stop then.
    Source: DESIGN section 7.
    """
    attempt = await _begin(payout_id, now)
    crash_points.reach(1)
    if attempt is None:
        return "held or finished"
    if attempt.is_given_up or clock.wall_now() - attempt.started_at > KEY_LIFE:
        return await _look_up(stripe, attempt, now)
    await pace.wait_for_turn(stripe.transfers_per_s)
    answer = await stripe.send_transfer(
        amount_minor=attempt.amount_minor,
        currency=attempt.currency,
        destination=attempt.destination,
        transfer_group=ids.shown("pay", attempt.payout_id),
        description=attempt.statement_number,
        idempotency_key=attempt.idempotency_key,
        metadata={"statement": attempt.statement_number},
    )
    crash_points.reach(2)
    if isinstance(answer, Unknown) and answer.replayed and clock.wall_now() - attempt.started_at > GRACE:
        return await _look_up(stripe, attempt, now)
    return await _record(stripe, attempt, answer, now)


async def _begin(payout_id: UUID, now: datetime) -> Attempt | None:
    """Return the open attempt of a payout, made now if there is none; None when there is nothing to send."""
    async with connections.transaction() as connection:
        payout = await sending_queries.payout_to_send(connection, payout_id)
        if payout is None or payout.held_reason is not None:
            return None
        unanswered = await sending_queries.open_attempt(connection, payout_id)
        if unanswered is not None:
            return unanswered
        left_minor, n = await sending_queries.left_minor(connection, payout)
        if not left_minor:
            return None
        if payout.destination is None or payout.transfers_status != "active":
            await record.hold(connection, payout_id, rules.held_for_account(payout.transfers_status))
            return None
        owed_minor = await ledger_queries.posted_minor(
            connection, "chargeback", currency=payout.currency, holder_id=payout.payer_id
        )
        if owed_minor:
            await record.hold(connection, payout_id, rules.PAYER_OWES)
            return None
        await _reserve(connection, payout, payout.destination, now, amount_minor=left_minor, n=n)
        return await sending_queries.open_attempt(connection, payout_id)


async def _reserve(
    connection: connections.Connection,
    payout: Payout,
    destination: str,
    now: datetime,
    *,
    amount_minor: int,
    n: int,
) -> None:
    """Reserve what is left to send and write the attempt with the key it will be sent under."""
    fact = Fact(f"payout:{payout.id}:{n}", now)
    pending = events.reserve_payout(fact, sending_queries.pair(payout), amount_minor)
    (entry,) = await ledger.post(connection, [pending], recorded_at=now)
    await connection.execute(
        """INSERT INTO payout_attempts (id, payout_id, n, idempotency_key, amount_minor, destination,
               status, pending_transfer_id, started_at)
           VALUES ($1, $2, $3, $4, $5, $6, 'submitting', $7, $8)""",
        ids.new_id(now),
        payout.id,
        n,
        f"{ids.shown('pay', payout.id)}-{n}",
        amount_minor,
        destination,
        entry.transfer_ids[0],
        clock.wall_now(),
    )


async def _look_up(stripe: StripeConnect, attempt: Attempt, now: datetime) -> str:
    """Find the transfer that no answer told us of; where there is none a person decides, once."""
    found = await stripe.find_transfers(
        transfer_group=ids.shown("pay", attempt.payout_id), destination=attempt.destination
    )
    async with connections.transaction() as connection:
        known = await connection.fetch(
            "SELECT stripe_transfer_id FROM payout_attempts WHERE payout_id = $1", attempt.payout_id
        )
    ours = {row["stripe_transfer_id"] for row in known}
    for transfer in found:
        # A payout that came back is sent twice: the first transfer is not the answer to the second request.
        if transfer.amount_minor == attempt.amount_minor and transfer.id not in ours:
            return await _record(stripe, attempt, Accepted(transfer.id), now)
    if attempt.is_given_up:
        return await record.record_answer(attempt, record.GivenUp(), now)
    async with connections.transaction() as connection:
        await record.hold(connection, attempt.payout_id, rules.ANSWER_MISSING)
    return "held"


async def _record(stripe: StripeConnect, attempt: Attempt, answer: TransferOutcome, now: datetime) -> str:
    why_held = ""
    if isinstance(answer, Refused) and answer.reason != "balance_insufficient":
        why_held = await accounts.why_refused(stripe, attempt, answer, now)
    status = await record.record_answer(attempt, answer, now, why_held=why_held)
    crash_points.reach(3)
    return status
