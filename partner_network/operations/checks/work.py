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


_REPLAYS = """SELECT g.slug, r.night, r.ended_at, r.differing, r.differences[1] AS first
    FROM programs g CROSS JOIN LATERAL (
        SELECT * FROM replays WHERE program_id = g.id ORDER BY night DESC LIMIT 1) r ORDER BY g.slug"""
_FIND_OUT = "Run `partner-network replay` on it, and find out before anything is paid."


async def replays(settings: Settings) -> Sequence[Finding]:
    """Look what the last nightly replay of each program found."""
    async with databases.connected(settings, "worker") as connection:
        rows = await connection.fetch(_REPLAYS)
    differing = [
        finding.failed(
            "replays",
            f"{row['differing']} decisions of {row['slug']} differ from their receipts: {row['first']}",
            _FIND_OUT,
        )
        for row in rows
        if row["differing"]
    ]
    if differing:
        return differing
    broken_off = [row["slug"] for row in rows if row["ended_at"] is None]
    if broken_off:
        sentence = f"The last one of {', '.join(broken_off)} was broken off, or still runs."
        return [finding.warning("replays", sentence, "Wait a night; then look at the worker's log.")]
    if not rows:
        return [finding.ok("replays", "None yet; the worker begins at night.")]
    last = max(row["night"] for row in rows)
    of = "1 program" if len(rows) == 1 else f"{len(rows)} programs"
    return [finding.ok("replays", f"Of {of}, all alike; the last one on {last}.")]


async def ledger(settings: Settings) -> Sequence[Finding]:
    """Look what the last nightly look at the ledger found."""
    async with databases.connected(settings, "worker") as connection:
        row = await connection.fetchrow(
            """SELECT night, ended_at, entries, differing, differences
               FROM ledger_checks ORDER BY night DESC LIMIT 1"""
        )
    if row is None:
        return [finding.ok("ledger", "Not examined yet; the worker begins at night.")]
    if row["ended_at"] is None:
        sentence = f"The look of {row['night']} was broken off, or still runs."
        return [finding.warning("ledger", sentence, "Run `partner-network verify ledger`.")]
    if row["differing"]:
        sentence = f"{row['differing']} things differ: {row['differences'][0]}"
        return [finding.failed("ledger", sentence, "Find out who changed it before anything is paid.")]
    return [finding.ok("ledger", f"{row['entries']:,} entries hold together; examined on {row['night']}.")]


_STOPPED = """SELECT g.number, s.clause, s.sentence, s.since::date AS since, count(*) OVER () AS stopped
    FROM stopped_streams s LEFT JOIN agreements g ON g.id = s.agreement_id ORDER BY s.since LIMIT 1"""
_MEND = "Mend the facts or amend the agreement; the worker tries again by itself."


async def streams(settings: Settings) -> Sequence[Finding]:
    """Look whether there are partnerships whose commissions cannot be computed."""
    async with databases.connected(settings, "worker") as connection:
        row = await connection.fetchrow(_STOPPED)
    if row is None:
        return [finding.ok("streams", "No partnership is stopped.")]
    sentence = f"Agreement {row['number']}, {row['clause']}, stopped since {row['since']}: {row['sentence']}"
    if row["stopped"] > 1:
        sentence += f" {row['stopped'] - 1} more cannot be computed either."
    return [finding.failed("streams", sentence, _MEND)]


_RATES = """SELECT (SELECT max(day) FROM exchange_rates) AS newest,
        (SELECT count(*) FROM order_rates WHERE recorded_at > now() - interval '30 days') AS converted,
        (SELECT s.sentence FROM stopped_streams s WHERE s.clause = 'settlement.currency' LIMIT 1) AS missing,
        (now() AT TIME ZONE 'UTC')::date AS today"""
RATES_AGE = timedelta(days=5)  # the longest holidays of the ECB, and a day to load what came after them
_LOAD = "Run `partner-network rates load FILE.csv` with the ECB's newest file."


async def rates(settings: Settings) -> Sequence[Finding]:
    """Look whether rates are there for the orders in other currencies that come."""
    async with databases.connected(settings, "worker") as connection:
        row = await connection.fetchrow(_RATES)
    if row is None or (row["newest"] is None and row["missing"] is None):
        return [finding.ok("exchange rates", "None, and no order has needed one.")]
    if row["missing"] is not None:
        return [finding.failed("exchange rates", row["missing"], _LOAD)]
    if row["converted"] and row["today"] - row["newest"] > RATES_AGE:
        sentence = f"The newest one is of {row['newest']}, and orders in other currencies come."
        return [finding.warning("exchange rates", sentence, _LOAD)]
    return [finding.ok("exchange rates", f"The newest one is of {row['newest']}.")]
