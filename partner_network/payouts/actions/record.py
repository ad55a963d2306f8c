"""Record what Stripe answered to an attempt, and hold a payout that cannot go on by itself."""

from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways.stripe_connect import (
    Accepted,
    Later,
    OurFault,
    Refused,
    TransferOutcome,
    Unknown,
)
from partner_network.kernel import ids
from partner_network.ledger import actions as ledger
from partner_network.ledger import events
from partner_network.ledger.events import Fact
from partner_network.ledger.rules import Entry
from partner_network.payouts import rules, sending_queries
from partner_network.payouts.actions import cases, telling
from partner_network.payouts.sending_queries import Attempt

UNAUTHORIZED = "http_401"


class GivenUp(msgspec.Struct, frozen=True):
    """Stripe knows no such transfer, and a person let the payout go: another attempt may follow."""


Answer: TypeAlias = TransferOutcome | GivenUp


async def record_answer(attempt: Attempt, answer: Answer, now: datetime, *, why_held: str = "") -> str:
    """Record an answer once, whoever of several workers brings it; return what became of the attempt.

    ``why_held`` is why a refused payout waits, as the partner's account was read after the refusal.
    Errors: RuntimeError when Stripe says the fault is ours; the run must stop then.
    Source: the table of DESIGN section 7.
    """
    async with connections.transaction() as connection:
        # Another worker may have recorded the same answer while we waited for ours.
        unanswered = await sending_queries.open_attempt(connection, attempt.payout_id)
        if unanswered is None or unanswered.id != attempt.id:
            return "recorded already"
        status = await _record(connection, attempt, answer, now, why_held)
    match answer:
        case OurFault():
            raise RuntimeError(f"Stripe refused our request itself ({answer.code}): {answer.message}")
        case _:
            return status


async def _record(
    connection: Connection, attempt: Attempt, answer: Answer, now: datetime, why_held: str
) -> str:
    match answer:
        case Accepted(transfer_id):
            await ledger.post(connection, [_end(attempt, "accept", now)], recorded_at=now)
            await _finish(connection, attempt, "accepted", now, transfer_id=transfer_id)
            await telling.tell_sent(connection, attempt.payout_id, now)
            return "accepted"
        case Refused():
            await _fail(connection, attempt, f"{answer.code}: {answer.message}", now)
            # What only waits for funds is left to the next run, under a new key: the old one replays the no.
            if answer.reason != "balance_insufficient":
                await hold(connection, attempt.payout_id, why_held)
            return "failed"
        case GivenUp():
            await _fail(connection, attempt, "not_found: Stripe knows no such transfer.", now)
            return "failed"
        case Later():
            return "later"
        case Unknown() | OurFault():
            await connection.execute(
                "UPDATE payout_attempts SET status = 'unknown', answer = $2 WHERE id = $1",
                attempt.id,
                answer.message,
            )
            if isinstance(answer, OurFault):
                await _alert(connection, attempt, answer, now)
            return "unknown"


async def _alert(connection: Connection, attempt: Attempt, answer: OurFault, now: datetime) -> None:
    # A wrong key of ours says nothing of this payout: once it is mended the same request goes on.
    subject = "Stripe"
    if answer.code != UNAUTHORIZED:
        subject = ids.shown("pay", attempt.payout_id)
        await hold(connection, attempt.payout_id, rules.OUR_FAULT)
    await cases.open_case(connection, "fault of ours", subject, f"{answer.code}: {answer.message}", now)


def _end(attempt: Attempt, kind: Literal["accept", "void"], now: datetime) -> Entry:
    """Return the entry that posts or voids what the attempt reserved."""
    end = events.accept_payout if kind == "accept" else events.void_payout
    fact = Fact(f"{kind}:{attempt.id}", now)
    pair = sending_queries.pair(attempt)
    return end(fact, pair, attempt.amount_minor, pending_id=attempt.pending_transfer_id)


async def _fail(connection: Connection, attempt: Attempt, said: str, now: datetime) -> None:
    await ledger.post(connection, [_end(attempt, "void", now)], recorded_at=now)
    await _finish(connection, attempt, "failed", now, answer=said)


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


async def hold(connection: Connection, payout_id: UUID, reason: str) -> None:
    """Keep a payout from going out, with the reason that its payee and finance read."""
    held = await connection.execute(
        "UPDATE payouts SET held_reason = $2 WHERE id = $1 AND held_reason IS DISTINCT FROM $2",
        payout_id,
        str(reason),
    )
    if held == "UPDATE 1":
        await telling.tell_held(connection, payout_id, str(reason))
