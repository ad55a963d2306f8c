"""Move commissions from pending to payable when their hold and lock are over."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

import msgspec

from partner_network.commissions import booking, leaving_out
from partner_network.commissions.actions.accrue import stream_lock
from partner_network.commissions.leaving_out import LeftOut
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.kernel.errors import ConflictError
from partner_network.ledger import actions as ledger
from partner_network.ledger.accounts import Pair
from partner_network.ledger.rules import Entry

STREAMS_AT_ONCE = 64
COMMISSIONS_AT_ONCE = 10_000
"""What one transaction takes at most, so that neither its memory nor its locks grow with the network."""
HANDS = 2
"""How many transactions one worker has side by side: one is read while another is stored."""


class Matured(msgspec.Struct, frozen=True):
    """How many commissions have matured, and which streams were left out."""

    commissions: int
    left_out: tuple[LeftOut, ...]


class _Stream(msgspec.Struct, frozen=True):
    """A partnership with something due, by the names of its locks and the name people know it by.

    Its orders move money of the pairs of its advertiser with its partner and with each charity it gives to.
    """

    partnership_id: UUID
    name: str
    pair_locks: tuple[str, ...]

    @property
    def lock(self) -> str:
        return stream_lock(self.partnership_id)


class _Taken(msgspec.Struct, frozen=True):
    """What one transaction did: how much, and which of its streams others hold or nobody has computed."""

    commissions: int
    busy: Sequence[_Stream] = ()
    dirty: Sequence[_Stream] = ()


async def mature_due(now: datetime) -> Matured:
    """Mature every commission whose day has come; idempotent, safe with several workers.

    A stream that facts have changed and nobody has computed yet is left out, and so is one whose money the
    ledger refuses to move; all others mature.
    Source: MONEY section 2: the later of hold and lock; at once if that is past.
    """
    waiting = _some(await _due(now))
    first: list[tuple[_Taken, list[LeftOut]]] = []

    async def mature_some() -> None:
        first.extend([await _mature(some, now, is_patient=False) for some in waiting])

    async with asyncio.TaskGroup() as hands:
        for _ in range(HANDS):
            hands.create_task(mature_some())
    # What another worker was at is waited for, so that nothing due is left when this returns.
    busy = [stream for taken, _ in first for stream in taken.busy]
    done = first + [await _mature(some, now, is_patient=True) for some in _some(busy)]
    return Matured(
        sum(taken.commissions for taken, _ in done),
        tuple(
            [leaving_out.left_out(stream.name, _NOT_ACCRUED) for taken, _ in done for stream in taken.dirty]
            + [one for _, refused in done for one in refused]
        ),
    )


_NOT_ACCRUED = ConflictError("Facts of this partnership are not accrued yet; mature it again after that.")


def pair_lock(currency: str, one: UUID, other: UUID) -> str:
    """Return the name of the lock under which two brands' accounts with each other are matured or closed."""
    return f"pair:{currency}:{min(one, other)}:{max(one, other)}"


def _some(streams: Sequence[_Stream]) -> Iterator[Sequence[_Stream]]:
    for start in range(0, len(streams), STREAMS_AT_ONCE):
        yield streams[start : start + STREAMS_AT_ONCE]


async def _due(now: datetime) -> list[_Stream]:
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT p.id, b.slug || ' for ' || a.slug AS name, p.advertiser_id, p.partner_id, c.currency,
                   array(SELECT DISTINCT x.charity_id FROM agreement_charities x
                         WHERE x.partnership_id = p.id) AS charity_ids
               FROM partnerships p JOIN brands a ON a.id = p.advertiser_id
               JOIN brands b ON b.id = p.partner_id
               JOIN LATERAL (SELECT currency FROM commissions WHERE partnership_id = p.id
                   AND matured_at IS NULL AND matures_at <= $1 LIMIT 1) c ON true ORDER BY p.id""",
            now,
        )
    return [
        _Stream(
            row["id"],
            row["name"],
            tuple(
                pair_lock(row["currency"], row["advertiser_id"], payee_id)
                for payee_id in (row["partner_id"], *row["charity_ids"])
            ),
        )
        for row in rows
    ]


async def _mature(
    streams: Sequence[_Stream], now: datetime, *, is_patient: bool
) -> tuple[_Taken, list[LeftOut]]:
    """Mature streams together, or each alone where the ledger refuses one of them."""
    try:
        return await _mature_together(streams, now, is_patient=is_patient), []
    except leaving_out.REFUSALS as refusal:
        if len(streams) == 1:
            return _Taken(0), [leaving_out.left_out(streams[0].name, refusal)]
    alone = [await _mature([stream], now, is_patient=is_patient) for stream in streams]
    return (
        _Taken(
            sum(taken.commissions for taken, _ in alone),
            [stream for taken, _ in alone for stream in taken.busy],
            [stream for taken, _ in alone for stream in taken.dirty],
        ),
        [one for _, refused in alone for one in refused],
    )


async def _mature_together(streams: Sequence[_Stream], now: datetime, *, is_patient: bool) -> _Taken:
    commissions = 0
    busy: list[_Stream] = []
    dirty: dict[UUID, _Stream] = {}
    left = list(streams)
    while left:
        async with connections.transaction() as connection:
            ours = await _lock(connection, left, is_patient=is_patient)
            busy += [stream for stream in left if stream not in ours]
            dirty |= {stream.partnership_id: stream for stream in await _dirty(connection, ours, now)}
            clean = [stream for stream in ours if stream.partnership_id not in dirty]
            moved = await _move(connection, [stream.partnership_id for stream in clean], now)
        commissions += moved
        left = clean if moved == COMMISSIONS_AT_ONCE else []
    return _Taken(commissions, busy, list(dirty.values()))


async def _lock(connection: Connection, streams: Sequence[_Stream], *, is_patient: bool) -> list[_Stream]:
    """Take the streams, or those of them that are free, until the transaction ends.

    Under a stream's lock no accrual changes a target between reading and moving it; under the pair's, no
    close, which locks balances step by step, meets us with the other half of them.
    """
    if is_patient:
        pair_locks = {lock for stream in streams for lock in stream.pair_locks}
        await connections.lock_all(connection, *pair_locks, *{s.lock for s in streams})
        return list(streams)
    locks = [(n, lock) for n, one in enumerate(streams) for lock in (*one.pair_locks, one.lock)]
    free = await connection.fetch(
        """SELECT n FROM unnest($1::int[], $2::text[]) AS x (n, lock)
           GROUP BY n HAVING bool_and(pg_try_advisory_xact_lock(hashtextextended(lock, 0))) ORDER BY n""",
        [n for n, _ in locks],
        [lock for _, lock in locks],
    )
    return [streams[row["n"]] for row in free]


async def _dirty(connection: Connection, streams: Sequence[_Stream], now: datetime) -> list[_Stream]:
    rows = await connection.fetch(
        """SELECT p FROM unnest($1::uuid[]) AS p
           WHERE EXISTS (SELECT FROM unaccrued_conversions u JOIN conversions v ON v.id = u.conversion_id
                         WHERE u.partnership_id = p AND v.recorded_at < $2)""",
        [stream.partnership_id for stream in streams],
        now,
    )
    dirty = {row["p"] for row in rows}
    return [stream for stream in streams if stream.partnership_id in dirty]


async def _move(connection: Connection, partnership_ids: Sequence[UUID], now: datetime) -> int:
    """Move what of each commission lies in `pay_pending`: not what is set apart, by a hold or a dispute."""
    rows = await connection.fetch(
        """SELECT c.id, c.partnership_id, coalesce(c.charity_id, c.partner_id) AS payee_id, c.advertiser_id,
               c.currency, r.clause,
               greatest(c.matures_at, r.recorded_at) AS effective_at,
               (SELECT coalesce(sum(CASE a.id WHEN t.credit_account_id THEN t.amount_minor
                                              ELSE -t.amount_minor END), 0)::bigint
                FROM ledger_transfers t WHERE t.commission_id = c.id
                    AND a.id IN (t.credit_account_id, t.debit_account_id)) AS pending_minor
           FROM commissions c
           JOIN LATERAL (SELECT clause, recorded_at FROM commission_revisions
                         WHERE commission_id = c.id ORDER BY rev DESC LIMIT 1) r ON true
           LEFT JOIN ledger_accounts a ON a.kind = 'pay_pending'
               AND a.holder_id = coalesce(c.charity_id, c.partner_id)
               AND a.counterparty_id = c.advertiser_id AND a.currency = c.currency
           WHERE c.partnership_id = ANY($1::uuid[]) AND c.matured_at IS NULL AND c.matures_at <= $2
           ORDER BY c.partnership_id, c.id LIMIT $3""",
        partnership_ids,
        now,
        COMMISSIONS_AT_ONCE,
    )
    entries: list[Entry] = []
    for (payee, advertiser, currency), due in groupby(
        rows, key=lambda row: (row["payee_id"], row["advertiser_id"], row["currency"])
    ):
        moves = [(r["id"], r["pending_minor"], r["effective_at"], r["clause"]) for r in due]
        owed = Pair(payee, advertiser, currency)
        entries += booking.maturity_entries([move for move in moves if move[1]], owed)
    await ledger.post(connection, entries, recorded_at=now)
    await connection.execute(
        """UPDATE commissions c SET matured_at = m.at
           FROM unnest($1::bigint[], $2::timestamptz[]) AS m (id, at) WHERE c.id = m.id""",
        [row["id"] for row in rows],
        [row["effective_at"] for row in rows],
    )
    return len(rows)
