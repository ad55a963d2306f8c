"""The only reader of a clock; in a sandbox all processes share one simulated time, kept in PostgreSQL."""

from datetime import UTC, datetime, timedelta

from partner_network.database import connections
from partner_network.database.connections import Connection

_is_simulated = False
LOOK_EVERY = timedelta(minutes=1)


def use_simulated_time(*, sandbox: bool) -> None:
    """Follow the shared simulated clock from now on; called once when a process starts."""
    global _is_simulated  # noqa: PLW0603 - what this process's clock is, decided at its start
    _is_simulated = sandbox


def wall_now() -> datetime:
    """Return the wall's time, which sessions, second factors and webhook signatures always use."""
    return datetime.now(UTC)


async def now(connection: Connection | None = None) -> datetime:
    """Return the business time: the wall's, or in a sandbox the simulated one."""
    if not _is_simulated:
        return wall_now()
    source = connections.pool() if connection is None else connection
    row = await source.fetchrow("SELECT simulated_at, wall_at, is_running FROM simulated_clock")
    if row is None:
        return wall_now()
    elapsed = wall_now() - row["wall_at"] if row["is_running"] else timedelta()
    return row["simulated_at"] + elapsed


def wait_until(instant: datetime, *, since: datetime) -> timedelta:
    """Return how long to wait, by the wall, before looking whether the business time has come to an instant.

    A sandbox's time may be moved ahead at any moment, so there it is looked at again each minute.
    """
    left = max(timedelta(), instant - since)
    return min(left, LOOK_EVERY) if _is_simulated else left


async def stands_still(connection: Connection) -> bool:
    """Say whether a sandbox's time is moved by hand, as while months are replayed in a minute."""
    if not _is_simulated:
        return False
    return await connection.fetchval("SELECT NOT is_running FROM simulated_clock") or False


async def set_simulated(connection: Connection, at: datetime, *, running: bool) -> None:
    """Move the shared simulated clock; it never goes back, since facts already carry its time."""
    if not _is_simulated:
        raise RuntimeError("only a sandbox has a simulated clock")
    moved = await connection.fetchval(
        """INSERT INTO simulated_clock (simulated_at, wall_at, is_running) VALUES ($1, $2, $3)
           ON CONFLICT (one) DO UPDATE SET simulated_at = $1, wall_at = $2, is_running = $3
           WHERE simulated_clock.simulated_at <= $1 RETURNING true""",
        at,
        wall_now(),
        running,
    )
    if not moved:
        raise ValueError(f"the simulated clock is past {at.isoformat()} already and never goes back")
