"""What the operator's admins find on their home: how the machine runs, and who is not well protected."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from admin.queries.standing import LISTED
from partner_network.database import connections
from partner_network.database.connections import Connection

UNPROTECTED_MAX = 10


class Counts(msgspec.Struct, frozen=True):
    """How much waits for whom."""

    to_prepare: int
    to_approve: int
    held: int
    failed_jobs: int
    unsigned: int
    in_review: int


class Health(msgspec.Struct, frozen=True):
    """What the database alone tells of the other processes, by the clock on the wall."""

    queued: int
    oldest_due_at: datetime | None
    """Since when the oldest job that is due waits to be taken."""
    letters_held: int
    sealed_at: datetime | None
    """When the audit trail was last sealed."""
    database: str


class Unprotected(msgspec.Struct, frozen=True):
    """Somebody of the operator whose account a password alone opens."""

    name: str
    email: str
    roles: tuple[str, ...]


class Overview(msgspec.Struct, frozen=True):
    """Everything on the home of admins but the audit trail."""

    counts: Counts
    health: Health
    unprotected: Sequence[Unprotected]


async def counts() -> Counts:
    """Count what waits for the operator's people."""
    async with connections.transaction(eyes="operator") as connection:
        return await _counts(connection)


async def overview() -> Overview:
    """Return how the network runs."""
    async with connections.transaction(eyes="operator") as connection:
        waiting, health = await _counts(connection), await _health(connection)
        # Only the doorkeeper knows who has a second factor; nothing but that is asked with these eyes.
        await connections.look(connection, "doorkeeper")
        return Overview(waiting, health, await _unprotected(connection))


async def _counts(connection: Connection) -> Counts:
    row = await connection.fetchrow(
        f"""WITH {LISTED} SELECT count(*) FILTER (WHERE status = 'draft') AS to_prepare,
                count(*) FILTER (WHERE status = 'issued') AS to_approve,
                (SELECT count(*) FROM payouts WHERE held_reason IS NOT NULL) AS held,
                (SELECT count(*) FROM pgqueuer WHERE status = 'failed') AS failed_jobs,
                (SELECT count(*) FROM agreements a WHERE NOT EXISTS (
                     SELECT FROM terms t WHERE t.agreement_id = a.id)
                 AND NOT EXISTS (SELECT FROM agreements l
                                 WHERE l.partnership_id = a.partnership_id AND l.id > a.id)) AS unsigned,
                (SELECT count(*) FROM partnerships h WHERE h.status = 'in_review' AND NOT EXISTS (
                     SELECT FROM agreements a WHERE a.partnership_id = h.id)) AS in_review
            FROM listed"""
    )
    return msgspec.convert(dict(row or {}), Counts)


async def _health(connection: Connection) -> Health:
    row = await connection.fetchrow(
        """SELECT count(*) FILTER (WHERE status = 'queued') AS queued,
               min(execute_after) FILTER (WHERE status = 'queued' AND execute_after < now()) AS oldest_due_at,
               (SELECT count(*) FROM letters WHERE held_at IS NOT NULL AND sent_at IS NULL) AS letters_held,
               (SELECT sealed_at FROM audit_seals ORDER BY no DESC LIMIT 1) AS sealed_at,
               current_setting('server_version') AS database
           FROM pgqueuer"""
    )
    return msgspec.convert(dict(row or {}), Health)


async def _unprotected(connection: Connection) -> Sequence[Unprotected]:
    rows = await connection.fetch(
        """SELECT m.name, m.email, array_agg(r.role ORDER BY r.role) AS roles
           FROM memberships r JOIN members m ON m.id = r.member_id
           WHERE r.brand_id IS NULL AND NOT EXISTS (
               SELECT FROM second_factors f WHERE f.member_id = m.id AND f.confirmed_at IS NOT NULL
                   AND f.removed_at IS NULL)
           GROUP BY m.id, m.name, m.email ORDER BY m.name, m.id LIMIT $1""",
        UNPROTECTED_MAX,
    )
    return [msgspec.convert(dict(row), Unprotected) for row in rows]
