"""The end of a partnership: the notices of its parties, and when and under which terms it ends."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from partner_network.agreements import ending, queries
from partner_network.agreements.ending import Notice
from partner_network.agreements.queries import HeldTerms
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Asking
from partner_network.kernel import periods
from partner_network.programs import queries as partnerships
from partner_network.programs.queries import Partnership


class End(msgspec.Struct, frozen=True):
    """An instant at which a partnership ends, or would, and what it means in days of its agreement's zone."""

    at: datetime
    run_off_until: datetime
    zone: str

    @property
    def last_day(self) -> date:
        """Return the last day on which the partnership is still there."""
        return periods.last_day(self.at, periods.zone_named(self.zone))

    @property
    def last_day_of_run_off(self) -> date:
        """Return the last day on which an order can still earn for touches from before the end."""
        return periods.last_day(self.run_off_until, periods.zone_named(self.zone))


class Ending(msgspec.Struct, frozen=True):
    """A partnership, who gave notice of its end, and when that is."""

    partnership: Partnership
    state: Literal["open", "running", "ending", "ended"]
    notices: Sequence[Notice]
    notice_days: int
    end: End | None
    """Its end, where notice stands or it has ended."""
    by_notice: End | None
    """The end that notice given at this instant would have."""
    at_once: End | None
    """The end that notice for good cause given at this instant would have."""

    def standing_of(self, party_id: UUID) -> Notice | None:
        """Return the notice of a party that stands and can still be withdrawn."""
        return ending.standing_of(self.notices, party_id) if self.state == "ending" else None


async def ending_of(asking: Asking, partnership_id: UUID) -> Ending:
    """Return how a partnership of the asking brand ends, on either side. Errors: NotFoundError."""
    async with connections.transaction(eyes=asking.eyes) as connection:
        partnership = await partnerships.partnership_within(connection, asking, partnership_id)
        return await ending_within(connection, partnership)


async def ending_within(connection: Connection, partnership: Partnership) -> Ending:
    """Return how a partnership ends within the caller's transaction."""
    now = await clock.now(connection)
    notices = await notices_of(connection, partnership.id)
    held = terms_at(await queries.terms_versions_of(connection, partnership.id), now)
    status = partnership.status_at(now)
    if held is None or status not in {"active", "paused", "ended"}:
        return Ending(partnership, "open", notices, 0, None, None, None)
    settlement = held.terms.settlement
    end = None if partnership.ended_at is None else _end(partnership.ended_at, held)
    ordinary = ending.notice_ends_at(settlement, now, for_good_cause=False)
    return Ending(
        partnership,
        "ended" if status == "ended" else "running" if end is None else "ending",
        notices,
        settlement.notice_days,
        end,
        _end(ordinary, held),
        _end(now, held),
    )


async def notices_of(connection: Connection, partnership_id: UUID) -> list[Notice]:
    """Return the notices that either party gave of a partnership, the newest first."""
    rows = await connection.fetch(
        """SELECT n.id, n.given_for, b.name AS brand, n.by_operator, n.agreement_id, n.clause, n.given_at,
                  n.for_good_cause, n.reason, n.ends_at, n.withdrawn_at
           FROM partnership_notices n JOIN brands b ON b.id = n.given_for
           WHERE n.partnership_id = $1 ORDER BY n.given_at DESC, n.id DESC""",
        partnership_id,
    )
    return [msgspec.convert(dict(row), Notice) for row in rows]


def terms_at(held: Sequence[HeldTerms], now: datetime) -> HeldTerms | None:
    """Return the signed terms in force at an instant: the first ones where none has begun yet."""
    begun = [one for one in held if one.starts_at is None or one.starts_at <= now]
    return begun[-1] if begun else next(iter(held), None)


async def due(connection: Connection, now: datetime) -> list[UUID]:
    """Return the partnerships whose notice has taken effect and whose end nobody wrote down yet."""
    rows = await connection.fetch(
        """SELECT id FROM partnerships WHERE status IN ('active', 'paused') AND ended_at <= $1 ORDER BY id""",
        now,
    )
    return [row["id"] for row in rows]


def _end(at: datetime, held: HeldTerms) -> End:
    return End(at, ending.runs_off_until(at, held.terms.windows), held.terms.settlement.time_zone)
