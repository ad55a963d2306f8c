"""Read how much work waits in the database, for those who watch over an installation."""

from collections.abc import Mapping
from types import MappingProxyType

from partner_network.database import connections

DESCRIBED: Mapping[str, str] = MappingProxyType(
    {
        "partner_network_jobs": "Jobs in the queue by state; failed ones are held for a person",
        "partner_network_oldest_job_seconds": "How long the job that waits longest has been due",
        "partner_network_waiting_facts": "Facts that wait to be decided or accrued",
        "partner_network_payouts_held": "Payouts that wait for a person, and attempts with unknown outcome",
    }
)
_JOBS = "SELECT status::text AS kind, count(*) AS value FROM pgqueuer GROUP BY status"
_OLDEST = """SELECT 'all' AS kind,
                 coalesce(extract(epoch FROM now() - min(execute_after)), 0)::float8 AS value
             FROM pgqueuer WHERE status = 'queued' AND execute_after <= now()"""
_WAITING = """SELECT 'undecided' AS kind, count(*) AS value FROM undecided_conversions
              UNION ALL SELECT 'unaccrued', count(*) FROM unaccrued_conversions"""
_HELD = """SELECT 'held' AS kind, count(*) AS value FROM payouts WHERE held_reason IS NOT NULL
           UNION ALL SELECT 'unknown', count(*) FROM payout_attempts WHERE status = 'unknown'"""
_QUERY_OF = dict(zip(DESCRIBED, (_JOBS, _OLDEST, _WAITING, _HELD), strict=True))


async def read_workload() -> Mapping[str, Mapping[tuple[str, ...], float]]:
    """Return each figure by its name and kind."""
    async with connections.transaction(eyes="operator") as connection:
        return {
            name: {(row["kind"],): row["value"] for row in await connection.fetch(query)}
            for name, query in _QUERY_OF.items()
        }
