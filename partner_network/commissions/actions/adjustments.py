"""Record that one order pays a partner more or less than facts and terms say, for good."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.attribution import actions as attribution
from partner_network.commissions.actions import telling
from partner_network.commissions.actions.accrue import stream_lock
from partner_network.commissions.rules import reasons
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import InvalidError, NotFoundError
from partner_network.kernel.sentences import Sentence

ADJUSTMENT_MINOR_MAX = 10**15


class NewAdjustment(msgspec.Struct, frozen=True, kw_only=True):
    """By how much an order shall pay a partner more (or less, below zero), in the agreement's minor units."""

    commission_id: int
    minor: int
    reason: str


class _Adjusted(msgspec.Struct, frozen=True):
    """The commission that an adjustment is about."""

    conversion_id: UUID | None
    partnership_id: UUID
    advertiser_id: UUID
    payee_id: UUID
    component: str
    currency: str


async def adjust_commission(new: NewAdjustment, *, by: Member, now: datetime) -> UUID:
    """Record an adjustment of one commission; the worker books it, and no recompute undoes it.

    Errors: ForbiddenError; NotFoundError; InvalidError for no amount, too large a one, no reason, or a bonus,
        which has no order of its own.
    Source: MONEY section 4, "What is booked".
    """
    permissions.must(by, "adjust commissions")
    _must_be_sound(new)
    async with connections.transaction(eyes=by.eyes) as connection:
        adjusted = await _adjusted(connection, new.commission_id)
        if adjusted.conversion_id is None:
            raise InvalidError(
                "A bonus has no order of its own; adjust the commission on one of its orders instead.",
                fields={"minor": Sentence("not for a bonus")},
            )
        await connections.lock_all(connection, stream_lock(adjusted.partnership_id))
        adjustment_id = await insert_adjustment(
            connection,
            conversion_id=adjusted.conversion_id,
            partnership_id=adjusted.partnership_id,
            component=adjusted.component,
            minor=new.minor,
            reason=new.reason.strip(),
            by=by,
            now=now,
        )
        await telling.tell_adjusted(connection, adjustment_id)
        await audit.record(
            connection,
            by,
            "create",
            "adjustment",
            adjustment_id,
            brands=(adjusted.advertiser_id, adjusted.payee_id),
            after={
                "commission": new.commission_id,
                "component": adjusted.component,
                "minor": new.minor,
                "currency": adjusted.currency,
                "reason": new.reason.strip(),
            },
        )
        return adjustment_id


def _must_be_sound(new: NewAdjustment) -> None:
    fields: dict[str, str] = {}
    if not 0 < abs(new.minor) <= ADJUSTMENT_MINOR_MAX:
        fields["minor"] = Sentence("an amount above or below zero")
    fields |= reasons.missing(new.reason)
    if fields:
        raise InvalidError("An adjustment needs an amount and a reason.", fields=fields)


async def _adjusted(connection: Connection, commission_id: int) -> _Adjusted:
    row = await connection.fetchrow(
        """SELECT conversion_id, partnership_id, advertiser_id,
               coalesce(charity_id, partner_id) AS payee_id, component, currency
           FROM commissions WHERE id = $1""",
        commission_id,
    )
    if row is None:
        raise NotFoundError("There is no such commission; open it from its order.")
    return _Adjusted(**row)


async def insert_adjustment(
    connection: Connection,
    *,
    conversion_id: UUID,
    partnership_id: UUID,
    component: str | None,
    minor: int,
    reason: str,
    by: Member,
    now: datetime,
    bonus: str | None = None,
) -> UUID:
    """Write an adjustment within the caller's transaction, and put its order on the work list.

    With ``bonus`` it is of that bonus, in the period of the order, in place of a component.
    """
    adjustment_id = ids.new_id(now)
    await connection.execute(
        """INSERT INTO adjustments
               (id, conversion_id, partnership_id, at, recorded_at, minor, reason, decided_by, component,
                bonus)
           VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9)""",
        adjustment_id,
        conversion_id,
        partnership_id,
        now,
        minor,
        reason,
        by.id,
        component,
        bonus,
    )
    await attribution.ask_for_accrual(connection, [(partnership_id, conversion_id)])
    return adjustment_id
