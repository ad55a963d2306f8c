"""Jobs join the queue in the transaction of the fact that causes them, so a rollback leaves none."""

from datetime import timedelta
from typing import cast

import asyncpg
import msgspec
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries
from pgqueuer.types import JobId

from partner_network.database.connections import Connection
from partner_network.kernel.errors import ConflictError


async def enqueue(
    connection: Connection,
    entrypoint: str,
    payload: msgspec.Struct | bytes = b"",
    *,
    after: timedelta | None = None,
) -> None:
    """Ask the worker for ``<slice>.<verb>``, now or after some wall time; a struct travels as JSON."""
    body = msgspec.json.encode(payload) if isinstance(payload, msgspec.Struct) else payload
    await _queue(connection).enqueue(entrypoint, body, execute_after=after)


async def retry(connection: Connection, job_id: int) -> None:
    """Put a failed job back into the queue. Errors: ConflictError when it is not held as failed any more."""
    # The row's lock: of two people who press the button, the second finds it queued already. As a numeric:
    # an address may name a number that no job can have.
    status = await connection.fetchval(
        "SELECT status FROM pgqueuer WHERE id = $1::numeric FOR UPDATE", job_id
    )
    if status != "failed":
        raise ConflictError("This job is not held as failed any more; look at the list again.")
    await _queue(connection).requeue_jobs([JobId(job_id)])


def _queue(connection: Connection) -> Queries:
    # A pooled connection is a proxy that behaves as one; the library names the class behind it.
    return Queries(AsyncpgDriver(cast("asyncpg.Connection[asyncpg.Record]", connection)))
