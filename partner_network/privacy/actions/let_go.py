"""Let go what has grown old, a bounded number of rows at a time."""

from datetime import UTC, datetime
from uuid import UUID

import structlog

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.privacy.rules import periods
from partner_network.privacy.rules.periods import Period

_ORIGINS = "clicks lose their origin"
_NOWHERE = UUID(int=0)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_log = structlog.get_logger()


async def let_go(now: datetime, wall_now: datetime) -> None:
    """Do each day's letting go once, whoever of the workers comes first; ``now`` is the business time.

    What is too much for one go is continued when this is called again.
    """
    for period in periods.PERIODS:
        before = (now if period.time == "business" else wall_now) - period.after
        if await _is_due(period.task, wall_now):
            await _let_rows_go(period, before)
    if await _is_due(_ORIGINS, wall_now):
        await _forget_origins(periods.months_before(now, periods.CLICK_ORIGINS_AFTER_MONTHS))


async def _is_due(task: str, wall_now: datetime) -> bool:
    # The row's lock decides: of two workers the second waits, and then finds that it was done just now.
    async with connections.transaction() as connection:
        taken = await connection.fetchval(
            """INSERT INTO retentions AS r (task, ran_at) VALUES ($1, $2)
               ON CONFLICT (task) DO UPDATE SET ran_at = $2 WHERE r.ran_at <= $3 RETURNING true""",
            task,
            wall_now,
            wall_now - periods.EVERY,
        )
    return taken is not None


async def _let_rows_go(period: Period, before: datetime) -> None:
    gone = 0
    for _ in range(periods.BATCHES_MAX):
        async with connections.transaction() as connection:
            done = await connection.execute(_statement(period), before, periods.BATCH_ROWS)
        count = int(done.rpartition(" ")[2])
        gone += count
        if count < periods.BATCH_ROWS:
            break
    else:
        await _is_not_done(period.task)
    if gone:
        _log.info("let go", task=period.task, rows=gone)


def _statement(period: Period) -> str:
    batch = f"SELECT {period.key} FROM {period.table} WHERE {period.is_old} LIMIT $2"
    if period.emptied is None:
        return f"DELETE FROM {period.table} WHERE {period.key} IN ({batch})"
    return f"UPDATE {period.table} SET {period.emptied} = '' WHERE {period.key} IN ({batch})"


async def _forget_origins(older_than: datetime) -> None:
    for _ in range(periods.BATCHES_MAX):
        async with connections.transaction() as connection:
            if not await _forget_next(connection, older_than):
                return
    await _is_not_done(_ORIGINS)


async def _forget_next(connection: Connection, older_than: datetime) -> bool:
    """Forget the origin of one batch of clicks beyond the last, and say whether there was any."""
    beyond = await connection.fetchval(
        "SELECT coalesce(place, $2) FROM retentions WHERE task = $1 FOR UPDATE", _ORIGINS, _NOWHERE
    )
    reached = await connection.fetchval(
        "SELECT forget_click_origins($1, $2, $3)", beyond, older_than, periods.BATCH_ROWS
    )
    if reached is not None:
        await connection.execute("UPDATE retentions SET place = $2 WHERE task = $1", _ORIGINS, reached)
    return reached is not None


async def _is_not_done(task: str) -> None:
    async with connections.transaction() as connection:
        await connection.execute("UPDATE retentions SET ran_at = $2 WHERE task = $1", task, _LONG_AGO)
