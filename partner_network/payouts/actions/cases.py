"""Open cases about money that a person has to clear up, give them an owner, and close them for a reason."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from partner_network.commissions.rules import reasons
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, NotFoundError
from partner_network.notifications.actions import tell
from partner_network.payouts.rules import CaseKind, Found

# Whoever in finance owns the fewest open cases gets the next one; nobody, while there is nobody.
_OWNER = """SELECT m.member_id FROM memberships m
    WHERE m.brand_id IS NULL AND m.role = 'finance'
    ORDER BY (SELECT count(*) FROM cases c WHERE c.owner_id = m.member_id AND c.closed_at IS NULL),
        m.member_id LIMIT 1"""


async def open_case(
    connection: Connection, kind: CaseKind, subject: str, said: str, now: datetime
) -> UUID | None:
    """Open a case within the caller's transaction and tell finance; None where it is open already."""
    case_id = await connection.fetchval(
        f"""INSERT INTO cases (id, kind, subject, said, owner_id, opened_at)
            VALUES ($1, $2, $3, $4, ({_OWNER}), $5)
            ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING RETURNING id""",
        ids.new_id(now),
        kind,
        subject,
        said,
        now,
    )
    if case_id is not None:
        await tell.notify(connection, "case-opened", case_id, tell.OPERATOR, said={"reason": said}, at=now)
    return case_id


async def close_settled(
    connection: Connection, compared: Collection[CaseKind], found: Collection[Found], now: datetime
) -> None:
    """Close the cases of what was compared and whose difference is gone.

    What could not be compared this time is not among ``compared``: its cases stay as they are.
    """
    await connection.execute(
        """UPDATE cases c SET closed_at = $4, reason = 'The difference is gone.'
           WHERE closed_at IS NULL AND kind = ANY($1::text[]) AND NOT EXISTS (
               SELECT FROM unnest($2::text[], $3::text[]) AS f (kind, subject)
               WHERE f.kind = c.kind AND f.subject = c.subject)""",
        sorted(compared),
        [one.kind for one in found],
        [one.subject for one in found],
        now,
    )


async def close_booked(connection: Connection, subject: str, now: datetime) -> None:
    """Close the case of a movement that could be booked after all."""
    await connection.execute(
        """UPDATE cases SET closed_at = $2, reason = 'It is booked.'
           WHERE closed_at IS NULL AND kind = 'movement not booked' AND subject = $1""",
        subject,
        now,
    )


async def take_case(case_id: UUID, *, by: Member) -> None:
    """Make somebody of finance the owner of an open case.

    Errors: ForbiddenError; NotFoundError; ConflictError when it is closed.
    """
    permissions.must(by, "manage payouts")
    async with connections.transaction(eyes=by.eyes) as connection:
        before = await _must_be_open(connection, case_id)
        await connection.execute("UPDATE cases SET owner_id = $2 WHERE id = $1", case_id, by.id)
        await audit.record(
            connection, by, "change", "case", case_id, before={"owner": before}, after={"owner": by.id}
        )


async def close_case(case_id: UUID, *, reason: str, by: Member, now: datetime) -> None:
    """Close a case, saying how it was cleared up.

    Errors: ForbiddenError; NotFoundError; ConflictError when it is closed; InvalidError without a reason.
    """
    permissions.must(by, "manage payouts")
    said = reasons.must_be_said(reason)
    async with connections.transaction(eyes=by.eyes) as connection:
        await _must_be_open(connection, case_id)
        await connection.execute(
            "UPDATE cases SET closed_at = $2, closed_by = $3, reason = $4 WHERE id = $1",
            case_id,
            now,
            by.id,
            said,
        )
        await audit.record(connection, by, "end", "case", case_id, after={"reason": said})


async def _must_be_open(connection: Connection, case_id: UUID) -> UUID | None:
    row = await connection.fetchrow("SELECT owner_id, closed_at FROM cases WHERE id = $1 FOR UPDATE", case_id)
    if row is None:
        raise NotFoundError("There is no such case; open it from the list of cases.")
    if row["closed_at"] is not None:
        raise ConflictError("This case is closed already; look at the list again.")
    return row["owner_id"]
