"""A partner contests a clawback within its time, and a manager decides: declined, or given back."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from partner_network.commissions import bonus_queries
from partner_network.commissions.actions import adjustments, mature, telling
from partner_network.commissions.actions.accrue import stream_lock
from partner_network.commissions.rules import reasons
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import ConflictError, NotFoundError
from partner_network.kernel.sentences import Sentence

Outcome = Literal["upheld", "declined"]
_SAID = {"upheld": Sentence("upheld"), "declined": Sentence("declined")}


class _Clawback(msgspec.Struct, frozen=True):
    """A clawback as a contest or its decision finds it."""

    transfer_id: int
    amount_minor: int
    currency: str
    contest_until: datetime
    conversion_id: UUID | None
    kind: str
    component: str
    partnership_id: UUID
    payee_id: UUID
    advertiser_id: UUID
    is_contested: bool
    is_decided: bool


async def contest_clawback(clawback_id: int, *, reason: str, by: Member, now: datetime) -> None:
    """Contest a clawback; no close recovers it before somebody has decided.

    Errors: ForbiddenError; NotFoundError, also for another partner's; InvalidError without a reason;
        ConflictError when the time to contest is over, or it is contested already.
    Source: the contract's clause 5.5, under clause 12.
    """
    permissions.must(by, "contest clawbacks")
    said = reasons.must_be_said(reason, reasons.CONTEST_CHARACTERS_MAX)
    async with connections.transaction(eyes=by.eyes) as connection:
        one = await _locked(connection, clawback_id)
        if one.payee_id != by.brand_id:
            raise _nothing_here()
        if one.is_contested:
            raise ConflictError("This clawback is contested already; the network’s manager decides it.")
        if now >= one.contest_until:
            raise ConflictError(
                "The time to contest this clawback is over. Ask the network’s manager if you still disagree."
            )
        await connection.execute(
            "INSERT INTO clawback_contests (clawback_id, reason, contested_by, at) VALUES ($1, $2, $3, $4)",
            clawback_id,
            said,
            by.id,
            now,
        )
        brands = (one.advertiser_id, one.payee_id)
        after = {"reason": said, "minor": one.amount_minor, "currency": one.currency}
        await audit.record(connection, by, "object", "clawback", clawback_id, brands=brands, after=after)
        await telling.tell_contested(connection, clawback_id, said, now)


async def decide_contest(
    clawback_id: int, *, outcome: Outcome, reason: str, by: Member, now: datetime
) -> None:
    """Decide a contest: declined, it may be recovered; upheld, an adjustment gives all of it back for good.

    Errors: ForbiddenError; NotFoundError; InvalidError without a reason; ConflictError when it is not
        contested or is decided already.
    Source: MONEY section 5: contest upheld; the contract's clause 5.6.
    """
    permissions.must(by, "decide contests")
    said = reasons.must_be_said(reason, reasons.CONTEST_CHARACTERS_MAX)
    async with connections.transaction(eyes=by.eyes) as connection:
        one = await _locked(connection, clawback_id)
        if not one.is_contested:
            raise ConflictError("Nobody contests this clawback; there is nothing to decide.")
        if one.is_decided:
            raise ConflictError("This contest is decided already; look at the decision.")
        adjustment_id = await _give_back(connection, one, said, by, now) if outcome == "upheld" else None
        await connection.execute(
            """INSERT INTO contest_decisions (clawback_id, outcome, adjustment_id, reason, decided_by, at)
               VALUES ($1, $2, $3, $4, $5, $6)""",
            clawback_id,
            outcome,
            adjustment_id,
            said,
            by.id,
            now,
        )
        verb = "accept" if outcome == "upheld" else "decline"
        brands = (one.advertiser_id, one.payee_id)
        after = {"outcome": outcome, "reason": said, "minor": one.amount_minor, "currency": one.currency}
        await audit.record(connection, by, verb, "clawback", clawback_id, brands=brands, after=after)
        await telling.tell_decided(connection, clawback_id, _SAID[outcome], said, now)


async def _give_back(connection: Connection, one: _Clawback, reason: str, by: Member, now: datetime) -> UUID:
    is_bonus = one.kind == "bonus"
    return await adjustments.insert_adjustment(
        connection,
        conversion_id=one.conversion_id or await _earning_order(connection, one),
        partnership_id=one.partnership_id,
        component=None if is_bonus else one.component,
        bonus=one.component if is_bonus else None,
        minor=one.amount_minor,
        reason=reason[: reasons.DECISION_CHARACTERS_MAX],
        by=by,
        now=now,
    )


async def _earning_order(connection: Connection, one: _Clawback) -> UUID:
    """Return the order by which a bonus was first earned: it places an adjustment in the bonus's period."""
    found = await connection.fetchval(
        f"""SELECT {bonus_queries.earned_by("c")}
            FROM clawbacks k JOIN commissions c ON c.id = k.commission_id WHERE k.transfer_id = $1""",
        one.transfer_id,
    )
    if found is None:
        raise ConflictError(
            "No order of this bonus is there to give it back on. Adjust the commission on one of the orders "
            "of its period by the amount, then decline the contest with that reason."
        )
    return found


def _nothing_here() -> NotFoundError:
    return NotFoundError("There is no such clawback for you; open it from what is taken back.")


_CLAWBACK = """
    SELECT k.transfer_id, k.amount_minor, c.currency, k.contest_until, c.conversion_id, c.kind, c.component,
        c.partnership_id, coalesce(c.charity_id, c.partner_id) AS payee_id, c.advertiser_id,
        EXISTS (SELECT FROM clawback_contests x WHERE x.clawback_id = k.transfer_id) AS is_contested,
        EXISTS (SELECT FROM contest_decisions d WHERE d.clawback_id = k.transfer_id) AS is_decided
    FROM clawbacks k JOIN commissions c ON c.id = k.commission_id WHERE k.transfer_id = $1
"""


async def _locked(connection: Connection, clawback_id: int) -> _Clawback:
    row = await connection.fetchrow(_CLAWBACK, clawback_id)
    if row is None:
        raise _nothing_here()
    # A close that recovers it waits, or has done so already; two people cannot both decide.
    pair = mature.pair_lock(row["currency"], row["advertiser_id"], row["payee_id"])
    await connections.lock_all(connection, pair, stream_lock(row["partnership_id"]))
    row = await connection.fetchrow(_CLAWBACK, clawback_id)
    return _Clawback(**dict(row or {}))
