"""COPY the rows that were booked into plain tables of the same columns: as fast as rows can get in at all."""

import tempfile
import time
from pathlib import Path

import asyncpg

BOOKED = ("commissions", "commission_revisions", "ledger_entries", "ledger_transfers")


async def copied_s(owner_url: str) -> float:
    """Return how long COPY takes for all booked rows, one transaction and no index, check or trigger."""
    owner: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(owner_url)
    seconds = 0.0
    with tempfile.TemporaryDirectory(prefix="pn-bench-") as folder:
        for table in BOOKED:
            file, twin = Path(folder) / table, f"{table}_again"
            # Made by itself: into a table of its own transaction COPY would write no log.
            await owner.execute(f"CREATE TABLE {twin} (LIKE {table})")
            await owner.copy_from_query(f"SELECT * FROM {table}", output=file, format="binary")
            started = time.perf_counter()
            await owner.copy_to_table(twin, source=file, format="binary")
            seconds += time.perf_counter() - started
            file.unlink()
            await owner.execute(f"DROP TABLE {twin}")
    await owner.close()
    return seconds
