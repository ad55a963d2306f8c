"""Move the money of commissions that somebody holds back, and of those that are let go."""

from collections.abc import Sequence
from datetime import datetime

from partner_network.commissions import booking, hold_queries
from partner_network.commissions.actions import mature
from partner_network.commissions.actions.accrue import stream_lock
from partner_network.commissions.hold_queries import Placed, Unmoved
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.ledger import actions as ledger
from partner_network.ledger.rules import Entry

MOVES_AT_ONCE = 10_000


async def move_held(now: datetime) -> int:
    """Book every hold and release that waits; return how many. Idempotent, safe with several workers.

    Source: MONEY section 5: hold, release.
    """
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT DISTINCT c.partnership_id, c.currency, c.advertiser_id,
                   array(SELECT y.payee_id FROM payees y WHERE y.partnership_id = c.partnership_id)
                       AS payee_ids
               FROM unmoved_commissions u JOIN commissions c ON c.id = u.commission_id ORDER BY 1, 2"""
        )
    moved = 0
    for row in rows:
        pairs = [
            mature.pair_lock(row["currency"], row["advertiser_id"], payee_id) for payee_id in row["payee_ids"]
        ]
        async with connections.transaction() as connection:
            # Whatever waits by then is moved, so all whom the partnership pays are locked.
            # No accrual changes a target, and no close states a posting, between reading and moving.
            await connections.lock_all(connection, *pairs, stream_lock(row["partnership_id"]))
            while waiting := await hold_queries.unmoved(connection, row["partnership_id"]):
                moved += await _move(connection, waiting[:MOVES_AT_ONCE], now)
    return moved


async def _move(connection: Connection, waiting: Sequence[Unmoved], now: datetime) -> int:
    placed = await hold_queries.placed(connection, [one.commission_id for one in waiting])
    entries = [_entry(one, placed[one.commission_id]) for one in waiting]
    await ledger.post(connection, [entry for entry in entries if entry is not None], recorded_at=now)
    await connection.execute(
        """DELETE FROM unmoved_commissions u USING unnest($1::bigint[], $2::int[], $3::text[]) AS x (c, n, m)
           WHERE u.commission_id = x.c AND u.n = x.n AND u.move = x.m""",
        [one.commission_id for one in waiting],
        [one.n for one in waiting],
        [one.move for one in waiting],
    )
    return len(waiting)


def _entry(waiting: Unmoved, placed: Placed) -> Entry | None:
    standing = placed.standing(waiting.n)
    if waiting.move == "hold":
        # What is payable and unstated is held from when it became so: one statement shows both or neither.
        at = placed.payable_at if standing.matured_minor else max(waiting.at, placed.moved_at or waiting.at)
        return booking.hold_entry(standing, placed.owed, at or waiting.at, waiting.reason)
    at = max(waiting.at, placed.moved_at or waiting.at, placed.matured_at or waiting.at)
    return booking.release_entry(standing, placed.owed, at, waiting.reason)
