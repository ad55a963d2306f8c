"""Prove each program's last closed period once a night, and tell the operator when something differs."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

import asyncpg
import structlog
from msgspec import Struct

from partner_network.agreements import terms_reading
from partner_network.agreements.terms import Settlement
from partner_network.database import connections
from partner_network.database.addresses import Address
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.kernel import periods
from partner_network.notifications.actions import tell
from partner_network.receipts.replay import running
from partner_network.receipts.replay.running import Replayed

NIGHT_BEGINS_HOUR = 2
"""From which hour on, in UTC by the wall's clock, a night's replays are done."""
_INSTANT = datetime.resolution
_log = structlog.get_logger()


class Due(Struct, frozen=True):
    """A program, and the span of UTC instants in which its agreements' last closed periods lie."""

    program_id: UUID
    slug: str
    starts_at: datetime
    ends_at: datetime


def last_closed(settlements: Iterable[Settlement], now: datetime) -> tuple[datetime, datetime] | None:
    """Return the narrowest span around the last closed period of every agreement, each in its own zone."""
    ended: list[periods.Period] = []
    for settlement in settlements:
        zone = periods.zone_named(settlement.time_zone)
        open_one = periods.period_of(now, settlement.period, zone)
        ended.append(periods.period_of(open_one.starts_at - _INSTANT, settlement.period, zone))
    if not ended:
        return None
    return min(one.starts_at for one in ended), max(one.ends_at for one in ended)


async def replay_due(address: Address, now: datetime, wall_now: datetime) -> int:
    """Prove what nobody has proved this night, in one process beside this one, and return how many programs.

    ``now`` is the business time, by which periods close; nights pass by the wall's clock.
    """
    if wall_now.hour < NIGHT_BEGINS_HOUR:
        return 0
    done = 0
    for due in await _due(now, wall_now.date()):
        if not await _is_ours(due, wall_now):
            continue
        found = await running.replay(address, due.program_id, due.starts_at, due.ends_at, processes=1)
        await _keep(due, wall_now.date(), found)
        done += 1
    return done


async def _due(now: datetime, night: date) -> list[Due]:
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT g.id, g.slug, array_agg(DISTINCT a.terms_toml) AS terms
               FROM programs g JOIN partnerships p ON p.program_id = g.id
               JOIN terms t ON t.partnership_id = p.id AND upper_inf(t.recorded)
               JOIN agreements a ON a.id = t.agreement_id
               WHERE NOT EXISTS (SELECT FROM replays r WHERE r.program_id = g.id AND r.night = $1)
               GROUP BY g.id ORDER BY g.id""",
            night,
        )
    spans = [(row, last_closed(_settlements(row), now)) for row in rows]
    return [Due(row["id"], row["slug"], *span) for row, span in spans if span is not None]


def _settlements(row: asyncpg.Record) -> list[Settlement]:
    return [terms_reading.read_terms(text).settlement for text in row["terms"]]


async def _is_ours(due: Due, wall_now: datetime) -> bool:
    # Of two workers the second waits for the first one's row, and then finds it there.
    async with connections.transaction() as connection:
        added = await connection.fetchval(
            """INSERT INTO replays (program_id, night, starts_at, ends_at, began_at)
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING true""",
            due.program_id,
            wall_now.date(),
            due.starts_at,
            due.ends_at,
            wall_now,
        )
    return added is not None


async def _keep(due: Due, night: date, found: Replayed) -> None:
    async with connections.transaction() as connection:
        await connection.execute(
            """UPDATE replays SET ended_at = $3, orders = $4, decisions = $5, waiting = $6,
                   without_receipt = $7, differing = $8, differences = $9, digest = $10
               WHERE program_id = $1 AND night = $2""",
            due.program_id,
            night,
            clock.wall_now(),
            found.orders,
            found.count,
            found.waiting,
            found.without_receipt,
            found.differing,
            list(found.differences),
            found.digest,
        )
        if found.differing:
            await _tell(connection, due, night, found)
    _log.info("replayed", program=due.slug, decisions=found.count, differing=found.differing)


async def _tell(connection: Connection, due: Due, night: date, found: Replayed) -> None:
    await tell.notify(
        connection,
        "replay-differs",
        f"{due.program_id} {night}",
        tell.OPERATOR,
        said={
            "count": found.differing,
            "program": due.slug,
            "starts": due.starts_at,
            "ends": due.ends_at,
            "first": found.differences[0],
        },
    )
