"""Each night the whole ledger is examined, and the operator is told when something in it is wrong."""

from datetime import date, datetime, time

import structlog

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.ledger import queries, self_check, trial_balance
from partner_network.ledger.moments import AsOf
from partner_network.ledger.self_check import Look
from partner_network.notifications.actions import tell

NIGHT_BEGINS_HOUR = 2
"""From which hour on, in UTC by the wall's clock, a night's look is taken."""
SAID_MAX = 50
_log = structlog.get_logger()


async def check_due(now: datetime, wall_now: datetime) -> bool:
    """Examine the ledger if nobody has this night, and tell whether it was done now.

    ``now`` is the business time, by which entries are recorded; nights pass by the wall's clock. Safe with
    several workers: of two the second waits for the first one's row, and finds the night taken.
    """
    if wall_now.hour < NIGHT_BEGINS_HOUR or not await _is_ours(now, wall_now):
        return False
    # Two hours old at least where business time is the wall's: nothing of the day before is still under way.
    async with connections.transaction(isolation="repeatable_read") as connection:
        looks = [look async for look in self_check.examine(connection)]
        changed = await _changed_since(connection, wall_now.date())
        until = datetime.combine(now.date(), time(), now.tzinfo)
        digest = trial_balance.digest(await queries.held(connection, AsOf(until)))
    await _keep(wall_now.date(), looks, changed, digest)
    return True


async def _is_ours(now: datetime, wall_now: datetime) -> bool:
    async with connections.transaction() as connection:
        added = await connection.fetchval(
            """INSERT INTO ledger_checks (night, began_at, recorded_until) VALUES ($1, $2, $3)
               ON CONFLICT DO NOTHING RETURNING true""",
            wall_now.date(),
            wall_now,
            datetime.combine(now.date(), time(), now.tzinfo),
        )
    return added is not None


async def _changed_since(connection: Connection, night: date) -> list[str]:
    """Say whether the last night's trial balance is another today: what was recorded never changes."""
    last = await connection.fetchrow(
        """SELECT night, recorded_until, digest FROM ledger_checks
           WHERE night < $1 AND ended_at IS NOT NULL ORDER BY night DESC LIMIT 1""",
        night,
    )
    if last is None:
        return []
    again = trial_balance.digest(await queries.held(connection, AsOf(last["recorded_until"])))
    if again == last["digest"]:
        return []
    until, before = last["recorded_until"].isoformat(), last["night"]
    said = f"What was recorded before {until} comes to another trial balance than in the night of {before}."
    return [said]


async def _keep(night: date, looks: list[Look], changed: list[str], digest: bytes) -> None:
    wrong = [sentence for look in looks for sentence in look.wrong] + changed
    counts = {look.name: look.count for look in looks}
    async with connections.transaction() as connection:
        await connection.execute(
            """UPDATE ledger_checks SET ended_at = $2, digest = $3, accounts = $4, entries = $5,
                   transfers = $6, differing = $7, differences = $8
               WHERE night = $1""",
            night,
            clock.wall_now(),
            digest,
            counts["balances"],
            counts["entries"],
            counts["legs"],
            len(wrong),
            wrong[:SAID_MAX],
        )
        if wrong:
            said = {"count": len(wrong), "night": night, "first": wrong[0]}
            await tell.notify(connection, "ledger-differs", night.isoformat(), tell.OPERATOR, said=said)
    _log.info("ledger examined", entries=counts["entries"], differing=len(wrong))
