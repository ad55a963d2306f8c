"""Hold commissions back and let them go, one of them or all of a partnership's, each by a person's reason."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from partner_network.commissions import hold_queries
from partner_network.commissions.actions import mature, telling
from partner_network.commissions.actions.accrue import stream_lock
from partner_network.commissions.hold_queries import Placed
from partner_network.commissions.rules import reasons
from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.audit import Verb
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import ConflictError, NotFoundError

MOVE = "commissions.move"
"""The job that moves the money of what was held or let go."""


async def hold_commission(commission_id: int, *, reason: str, by: Member, now: datetime) -> None:
    """Hold one commission back: what is pending, and what is payable and stands on no statement yet.

    Errors: ForbiddenError; NotFoundError; InvalidError without a reason; ConflictError when it is held
        already, or when all of it stands on a statement.
    Source: MONEY section 5: hold.
    """
    reason = _must_say_why(by, reason)
    async with connections.transaction(eyes=by.eyes) as connection:
        one = await _locked(connection, commission_id)
        if one.is_held:
            raise ConflictError("This commission is held already; release it, or leave it held.")
        if not one.is_holdable:
            raise ConflictError(
                "This commission stands on a statement already and can no longer be held. "
                "Take it back by an adjustment with your reason; the next statements recover it."
            )
        await _hold(connection, [one], reason, by, now)
        after = {"reason": reason, "minor": one.target_minor, "currency": one.currency}
        brands = (one.advertiser_id, one.payee_id)
        await audit.record(connection, by, "hold", "commission", commission_id, brands=brands, after=after)
        await telling.tell_held(connection, [one], reason, now)


async def release_commission(commission_id: int, *, reason: str, by: Member, now: datetime) -> None:
    """Let a held commission go: it is payable when its day has come, else it matures on its day.

    Errors: ForbiddenError; NotFoundError; InvalidError without a reason; ConflictError when it is not held.
    Source: MONEY section 5: release.
    """
    reason = _must_say_why(by, reason)
    async with connections.transaction(eyes=by.eyes) as connection:
        one = await _locked(connection, commission_id)
        if not one.is_held:
            raise ConflictError("This commission is not held; there is nothing to release.")
        await _release(connection, [one], reason, by, now)
        brands = (one.advertiser_id, one.payee_id)
        after = {"reason": reason, "minor": one.held_minor, "currency": one.currency}
        await audit.record(connection, by, "release", "commission", commission_id, brands=brands, after=after)
        await telling.tell_released(connection, [one], reason, now)


async def hold_partnership(partnership_id: UUID, *, reason: str, by: Member, now: datetime) -> int:
    """Hold back all of a partnership's commissions that can be, by one reason; return how many.

    Errors: ForbiddenError; InvalidError without a reason; ConflictError when there is none to hold.
    """
    reason = _must_say_why(by, reason)
    async with connections.transaction(eyes=by.eyes) as connection:
        found = await _locked_of(connection, partnership_id)
        wanted = [one for one in found if one.is_holdable and one.pending_minor + one.movable_minor > 0]
        if not wanted:
            raise ConflictError(
                "This partnership has nothing to hold: what it earned is held or stands on statements."
            )
        await _hold(connection, wanted, reason, by, now)
        await _record_all(connection, by, "hold", wanted, reason)
        await telling.tell_held(connection, wanted, reason, now)
        return len(wanted)


async def release_partnership(partnership_id: UUID, *, reason: str, by: Member, now: datetime) -> int:
    """Let all of a partnership's held commissions go, by one reason; return how many.

    Errors: ForbiddenError; InvalidError without a reason; ConflictError when none is held.
    """
    reason = _must_say_why(by, reason)
    async with connections.transaction(eyes=by.eyes) as connection:
        wanted = [one for one in await _locked_of(connection, partnership_id) if one.is_held]
        if not wanted:
            raise ConflictError("No commission of this partnership is held; there is nothing to release.")
        await _release(connection, wanted, reason, by, now)
        await _record_all(connection, by, "release", wanted, reason)
        await telling.tell_released(connection, wanted, reason, now)
        return len(wanted)


def _must_say_why(by: Member, reason: str) -> str:
    permissions.must(by, "hold commissions")
    return reasons.must_be_said(reason)


async def _locked(connection: Connection, commission_id: int) -> Placed:
    there = (await hold_queries.placed(connection, [commission_id])).get(commission_id)
    if there is None:
        raise NotFoundError("There is no such commission; open it from its order.")
    await _lock(connection, there)
    # Read again: whoever held the locks may have moved, matured or stated it.
    return (await hold_queries.placed(connection, [commission_id]))[commission_id]


async def _locked_of(connection: Connection, partnership_id: UUID) -> list[Placed]:
    found = await hold_queries.placed_of(connection, partnership_id)
    for one in found[:1]:
        await _lock(connection, one)
    return await hold_queries.placed_of(connection, partnership_id) if found else []


async def _lock(connection: Connection, one: Placed) -> None:
    """Wait for whoever accrues, matures or closes, and keep them out until the decision stands."""
    pair = mature.pair_lock(one.currency, one.advertiser_id, one.payee_id)
    await connections.lock_all(connection, pair, stream_lock(one.partnership_id))


async def _hold(
    connection: Connection, wanted: Sequence[Placed], reason: str, by: Member, now: datetime
) -> None:
    await connection.execute(
        """WITH held AS (
               INSERT INTO commission_holds (commission_id, n, previous_n, reason, decided_by, at)
               SELECT i, n + 1, nullif(n, 0), $3, $4, $5 FROM unnest($1::bigint[], $2::int[]) AS x (i, n)
               RETURNING commission_id, n)
           INSERT INTO unmoved_commissions (commission_id, n, move)
           SELECT commission_id, n, 'hold' FROM held""",
        [one.id for one in wanted],
        [one.n for one in wanted],
        reason,
        by.id,
        now,
    )
    await jobs.enqueue(connection, MOVE)


async def _release(
    connection: Connection, wanted: Sequence[Placed], reason: str, by: Member, now: datetime
) -> None:
    await connection.execute(
        """WITH released AS (
               INSERT INTO commission_releases (commission_id, n, reason, decided_by, at)
               SELECT i, n, $3, $4, $5 FROM unnest($1::bigint[], $2::int[]) AS x (i, n)
               RETURNING commission_id, n)
           INSERT INTO unmoved_commissions (commission_id, n, move)
           SELECT commission_id, n, 'release' FROM released""",
        [one.id for one in wanted],
        [one.n for one in wanted],
        reason,
        by.id,
        now,
    )
    await jobs.enqueue(connection, MOVE)


async def _record_all(
    connection: Connection,
    by: Member,
    verb: Verb,
    wanted: Sequence[Placed],
    reason: str,
) -> None:
    first = wanted[0]
    brands = (first.advertiser_id, first.payee_id)
    after = {"reason": reason, "commissions": len(wanted)}
    await audit.record(connection, by, verb, "partnership", first.partnership_id, brands=brands, after=after)
