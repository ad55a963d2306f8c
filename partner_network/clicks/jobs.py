"""What is done about clicks by the calendar."""

from datetime import date, datetime

import asyncpg
import structlog

from partner_network.clicks.actions import salts
from partner_network.database.connections import Connection

MONTHS_AHEAD = 2

_log = structlog.get_logger()


async def prepare_partitions(connection: Connection, at: datetime) -> None:
    """Make the partitions of this month and the next two, so that no click has to go to the default one."""
    for ahead in range(MONTHS_AHEAD + 1):
        years, month = divmod(at.month - 1 + ahead, 12)
        first = date(at.year + years, month + 1, 1)
        try:
            async with connection.transaction():
                await connection.execute("SELECT ensure_click_partition($1)", first)
        except asyncpg.CheckViolationError:
            # Clicks of that month came before its partition. They are right where they are, in the default
            # one, and so are those still to come.
            _log.warning("click_partition_too_late", month=first.isoformat())


async def destroy_old_salts(connection: Connection, at: datetime) -> None:
    """Destroy the visitor salts of days that are over; run hourly, none lives longer than 25 hours."""
    await salts.destroy_salts_before(connection, at.date())
