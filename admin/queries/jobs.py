"""Jobs that the worker gave up, held for a person to look at."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from partner_network.database import connections
from partner_network.identity.web.listings import Listing

ORDER: Mapping[str, str] = {"job": "entrypoint", "failed": "failed_at"}


class FailedJob(msgspec.Struct, frozen=True):
    """A job that the worker gave up, with its last line of trouble."""

    id: int
    entrypoint: str
    failed_at: datetime
    attempts: int
    error: str | None


_FOUND = """
    SELECT q.id, q.entrypoint, q.updated AS failed_at, q.attempts,
        concat_ws(': ', l.traceback ->> 'exception_type', l.traceback ->> 'exception_message') AS error
    FROM pgqueuer q LEFT JOIN LATERAL (
        SELECT traceback FROM pgqueuer_log
        WHERE job_id = q.id AND traceback IS NOT NULL ORDER BY id DESC LIMIT 1) l ON true
    WHERE q.status = 'failed' AND ($1 = '%%' OR q.entrypoint ILIKE $1
        OR l.traceback ->> 'exception_message' ILIKE $1)"""


async def failed_jobs(listing: Listing) -> tuple[Listing, Sequence[FailedJob]]:
    """Return one page of the jobs that failed."""
    async with connections.transaction(eyes="operator") as connection:
        total = await connection.fetchval(f"SELECT count(*) FROM ({_FOUND}) found", listing.like)
        counted = listing.counted(total)
        rows = await connection.fetch(
            f"""SELECT * FROM ({_FOUND}) found ORDER BY {counted.order_by(ORDER, tie="id")}
                OFFSET $2 LIMIT $3""",
            listing.like,
            counted.offset,
            counted.limit,
        )
    return counted, [FailedJob(**row) for row in rows]
