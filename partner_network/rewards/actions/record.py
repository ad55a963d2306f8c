"""Record moves of credit, one after the other, and put them up for posting."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from partner_network.database.connections import Connection
from partner_network.rewards.queries import Held
from partner_network.rewards.rules.moves import Move

Chain = list[tuple[UUID, int, Move]]
"""Moves to append: of which credit, and what was left of it before."""


def holder_lock(advertiser_id: UUID, holder_id: UUID) -> str:
    """Return the name of the lock under which the credit of one holder with an advertiser changes."""
    return f"credit:{advertiser_id}:{holder_id}"


def lock_of(credit: Held) -> str:
    """Return the lock of whoever holds a credit."""
    return holder_lock(credit.advertiser_id, credit.holder_id)


async def record_moves(connection: Connection, moves: Chain, now: datetime) -> None:
    """Append moves to their credit, each with what was left before it; the caller holds the holders' locks.

    The database refuses a second move from the same figure, and a credit below zero.
    """
    if not moves:
        return
    await connection.execute(
        """INSERT INTO reward_moves (credit_id, rev, previous_rev, previous_left_minor, kind, change_minor,
               left_minor, face_minor, worth_ppm, redemption_id, at, recorded_at)
           SELECT c, r, nullif(r - 1, 0), p, k, d, l, f, w, e, a, $11
           FROM unnest($1::uuid[], $2::int[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[],
                       $7::bigint[], $8::int[], $9::uuid[], $10::timestamptz[])
               AS x (c, r, p, k, d, l, f, w, e, a)""",
        [credit_id for credit_id, _, _ in moves],
        [move.rev for _, _, move in moves],
        [before for _, before, _ in moves],
        [move.kind for _, _, move in moves],
        [move.change_minor for _, _, move in moves],
        [move.left_minor for _, _, move in moves],
        [move.face_minor for _, _, move in moves],
        [move.worth_ppm for _, _, move in moves],
        [move.redemption_id for _, _, move in moves],
        [move.at for _, _, move in moves],
        now,
    )
    await connection.execute(
        """INSERT INTO unposted_moves (credit_id, rev) SELECT * FROM unnest($1::uuid[], $2::int[])""",
        [credit_id for credit_id, _, move in moves if move.change_minor],
        [move.rev for _, _, move in moves if move.change_minor],
    )


def chained(credit_id: UUID, left_minor: int, moves: Sequence[Move]) -> Chain:
    """Return moves of one credit with what was left before each."""
    before = [left_minor, *(move.left_minor for move in moves)]
    return [(credit_id, left, move) for left, move in zip(before, moves, strict=False)]
