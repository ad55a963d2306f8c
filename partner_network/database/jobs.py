"""Jobs join the queue in the transaction of the fact that causes them, so a rollback leaves none."""

from typing import cast

import asyncpg
import msgspec
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

from partner_network.database.connections import Connection


async def enqueue(connection: Connection, entrypoint: str, payload: msgspec.Struct | bytes = b"") -> None:
    """Ask the worker for ``<slice>.<verb>``; a struct travels as JSON."""
    body = msgspec.json.encode(payload) if isinstance(payload, msgspec.Struct) else payload
    # A pooled connection is a proxy that behaves as one; the library names the class behind it.
    driver = AsyncpgDriver(cast("asyncpg.Connection[asyncpg.Record]", connection))
    await Queries(driver).enqueue(entrypoint, body)
