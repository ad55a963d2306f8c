"""Whether jobs are taken and none waits for a person."""

from collections.abc import Sequence
from datetime import timedelta

from partner_network.operations.checks import databases, finding
from partner_network.operations.checks.finding import Finding
from partner_network.settings import Settings

WAITS_TOO_LONG = timedelta(minutes=10)
# Everybody may see who is connected, though not what strangers do there.
_WORKERS = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'partner-network%'
        AND application_name <> 'partner-network doctor'
        AND (usename = 'partner_network_worker' OR application_name LIKE '%partner_network_worker')"""
_QUEUE = """SELECT count(*) FILTER (WHERE status = 'failed') AS held,
        max(now() - execute_after) FILTER (WHERE status = 'queued' AND execute_after < now()) AS waits
    FROM pgqueuer"""


async def held_jobs(settings: Settings) -> Sequence[Finding]:
    """Count the jobs that failed and are held."""
    async with databases.connected(settings, "worker") as connection:
        row = await connection.fetchrow(_QUEUE)
    held = 0 if row is None else row["held"]
    if held:
        sentence = f"{held} {'job is' if held == 1 else 'jobs are'} held because it failed."
        return [finding.warning("held jobs", sentence, "Look at them in the back office and retry.")]
    return [finding.ok("held jobs", "None.")]


async def worker(settings: Settings) -> Sequence[Finding]:
    """Look whether a worker is there, and keeps up."""
    async with databases.connected(settings, "worker") as connection:
        workers = await connection.fetchval(_WORKERS)
        row = await connection.fetchrow(_QUEUE)
    waits = None if row is None else row["waits"]
    if waits is not None and waits > WAITS_TOO_LONG:
        sentence = f"A job has waited for {int(waits.total_seconds()) // 60} minutes."
        return [finding.failed("worker", sentence, "Start `partner-network worker`, or more of them.")]
    if not workers:
        return [finding.warning("worker", "None is connected.", "Start `partner-network worker`.")]
    return [finding.ok("worker", "Connected, and no job waits long.")]
