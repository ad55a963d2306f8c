"""Close a period: recover clawbacks, tax, net, seal both statements of a pair in one transaction."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from partner_network.commissions import leaving_out
from partner_network.commissions.actions import mature
from partner_network.commissions.leaving_out import LeftOut
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.kernel.errors import ConflictError
from partner_network.kernel.periods import Period
from partner_network.kernel.sentences import Sentence
from partner_network.statements import due_queries, queries, standing_queries
from partner_network.statements.actions import rendering, seal, settle, telling
from partner_network.statements.standing_queries import PairAccount, Standing

HANDS = 2
"""How many pairs one worker closes side by side: the database computes for one while it stores another."""
_SHORTEST_MONTH = timedelta(days=27)
"""Less than any month in any zone."""


class Closed(msgspec.Struct, frozen=True):
    """The new statements, and which pairs were left out."""

    statements: list[UUID]
    left_out: list[LeftOut]


class _Pair(msgspec.Struct, frozen=True):
    """The accounts between two brands in one currency: one direction or both, since they may be netted."""

    account_ids: Sequence[int]
    lock: str
    name: str


class _Made(msgspec.Struct, frozen=True):
    """What closing one period made, and whether the next may have ended too."""

    statements: list[UUID]
    is_more_due: bool


async def close_due(now: datetime) -> Closed:
    """Close every period that has ended, oldest first.

    Idempotent and safe with several workers: each pair closes under its own lock, and a period that
    another worker closed meanwhile is found closed. A pair that cannot be closed is left out with the
    reason, from its first such period on; all others close.
    """
    async with connections.transaction() as connection:
        standings = await standing_queries.standings(connection)
    closed = Closed([], [])
    busy: list[_Pair] = []
    waiting = iter(_pairs(standings, now))

    async def close_some() -> None:
        busy.extend([pair for pair in waiting if not await _close_pair(pair, now, closed, is_patient=False)])

    async with asyncio.TaskGroup() as hands:
        for _ in range(HANDS):
            hands.create_task(close_some())
    # What another worker was at is waited for, so that nothing due is left when this returns.
    for pair in busy:
        await _close_pair(pair, now, closed, is_patient=True)
    return closed


def _pairs(standings: Sequence[Standing], now: datetime) -> list[_Pair]:
    """Bring the two directions between the same two brands together, where one of them may be due."""
    pairs: dict[str, list[Standing]] = {}
    for one in standings:
        account = one.account
        lock = mature.pair_lock(account.currency, account.payee_id, account.payer_id)
        pairs.setdefault(lock, []).append(one)
    return [
        _Pair([one.account.account_id for one in sides], lock, _named(sides[0]))
        for lock, sides in pairs.items()
        if any(due_queries.may_be_due(one, now) for one in sides)
    ]


def _named(standing: Standing) -> str:
    account = standing.account
    return f"{account.payee_slug} and {account.payer_slug}, {account.currency}"


async def _close_pair(pair: _Pair, now: datetime, closed: Closed, *, is_patient: bool) -> bool:
    """Close what is due of a pair, a period to a transaction; return False where somebody else is at it."""
    try:
        while True:
            async with connections.transaction() as connection:
                if not await _is_ours(connection, pair, is_patient=is_patient):
                    return False
                made = await _close_next(connection, pair, now)
            closed.statements.extend(made.statements)
            if not made.is_more_due:
                return True
    except leaving_out.REFUSALS as refusal:
        closed.left_out.append(leaving_out.left_out(pair.name, refusal))
        return True


async def _is_ours(connection: Connection, pair: _Pair, *, is_patient: bool) -> bool:
    # Two workers that close the same pair would both read the same unstated postings.
    if is_patient:
        await connections.lock_all(connection, pair.lock)
        return True
    free = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))"
    return bool(await connection.fetchval(free, pair.lock))


async def _close_next(connection: Connection, pair: _Pair, now: datetime) -> _Made:
    """Close the oldest open period of a pair that has ended, if there is one."""
    standings = await standing_queries.standings(connection, pair.account_ids)
    settlements = await queries.settlements_of(connection, [one.account.names for one in standings], at=now)
    found = list(zip(standings, settlements, strict=True))
    open_periods = [
        period
        for standing, settlement in found
        if (period := due_queries.open_period(standing, settlement, now)) is not None
    ]
    if not open_periods:
        return _Made([], is_more_due=False)
    period = min(open_periods)
    # One direction may be further than the other: what it has closed stays closed.
    closing = [(one, how) for one, how in found if one.last is None or one.last.ends_at < period.ends_at]
    await _must_be_drained(connection, [standing.account for standing, _ in closing], period)
    sides = [await settle.read(connection, standing, settlement, period) for standing, settlement in closing]
    await settle.recover(connection, sides, period, now)
    await settle.tax(connection, sides, period, now)
    await settle.net(connection, sides, period, now)
    sealed = [await seal.seal(connection, side, period, now) for side in sides]
    made = [statement_id for statement_id in sealed if statement_id is not None]
    await rendering.ask_for_carried(connection, made)
    await telling.tell_closed(connection, made)
    # The next one, of whichever side, cannot end before a month after the oldest period that is open now.
    return _Made(made, is_more_due=period.ends_at + _SHORTEST_MONTH <= now)


async def _must_be_drained(connection: Connection, accounts: Sequence[PairAccount], period: Period) -> None:
    """Refuse to close over facts that no commission reflects yet."""
    for account in accounts:
        waiting = await due_queries.waiting_orders(connection, account, period.ends_at)
        if waiting:
            raise ConflictError(
                Sentence(
                    "{waiting} orders of {label} are not accrued and matured yet; close again after that.",
                    waiting=waiting,
                    label=period.label,
                )
            )
