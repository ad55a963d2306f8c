"""What stands beside approvals: objections with their answers, first approvals, and limits."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from partner_network.database.connections import Connection


class Objection(Struct, frozen=True, gc=False):
    """A payer's objection to one line, and its answer once there is one."""

    id: UUID
    statement_id: UUID
    transfer_id: int
    objected_by: UUID
    at: datetime
    outcome: str | None
    adjustment_id: UUID | None
    answered_by: UUID | None
    answered_at: datetime | None


class FirstApproval(Struct, frozen=True, gc=False):
    """The first of two approvals."""

    statement_id: UUID
    content_hash: bytes
    closing_minor: int
    currency: str
    preparer_id: UUID
    approver_id: UUID
    approved_at: datetime


class Limit(Struct, frozen=True, gc=False):
    """Above which amount two people approve, since when; None: no amount."""

    currency: str
    at: datetime
    above_minor: int | None
    set_by: UUID


class WriteOff(Struct, frozen=True, gc=False):
    """Who proposed that the network bears what nothing recovers of a clawback, and who decided it."""

    id: UUID
    clawback_id: int
    limit_minor: int
    proposed_by: UUID
    proposed_at: datetime
    status: str
    decided_by: UUID | None
    decided_at: datetime | None


class SignOffs(Struct, frozen=True):
    """All of them, in the order they were made."""

    objections: list[Objection]
    first_approvals: list[FirstApproval]
    limits: list[Limit]

    def limit_minor(self, currency: str, at: datetime) -> int | None:
        """Return the limit that held at an instant, None where none did."""
        held = [one.above_minor for one in self.limits if one.currency == currency and one.at <= at]
        return held[-1] if held else None


async def read(connection: Connection) -> SignOffs:
    """Read them within the caller's transaction."""
    objections = await connection.fetch(
        """SELECT o.id, o.statement_id, o.transfer_id, o.objected_by, o.at, a.outcome, a.adjustment_id,
               a.answered_by, a.at AS answered_at
           FROM statement_objections o LEFT JOIN objection_answers a ON a.objection_id = o.id ORDER BY o.id"""
    )
    first = await connection.fetch(
        """SELECT statement_id, content_hash, closing_minor, currency, preparer_id, approver_id, approved_at
           FROM first_approvals ORDER BY approved_at, statement_id"""
    )
    limits = await connection.fetch(
        "SELECT currency, at, above_minor, set_by FROM approval_limits ORDER BY at, currency"
    )
    return SignOffs(
        [msgspec.convert(dict(row), Objection) for row in objections],
        [msgspec.convert(dict(row), FirstApproval) for row in first],
        [msgspec.convert(dict(row), Limit) for row in limits],
    )
