"""Which statements wait for an approval, by somebody else, and which limits hold."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from admin.queries.standing import LISTED
from partner_network.database import connections
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.sentences import Sentence
from partner_network.statements import approval_queries, approving
from partner_network.statements.approval_queries import Limit

AT_ONCE_MAX = 100


class Waiting(msgspec.Struct, frozen=True):
    """A statement that waits for an approval; minor units."""

    id: UUID
    number: str
    payee_name: str
    payer_name: str
    payee_slug: str
    payer_slug: str
    currency: str
    period: str
    closing_minor: int
    content_hash: bytes
    preparer_id: UUID
    preparer_name: str | None
    is_objected_to: bool
    needs_two: bool = False
    first_id: UUID | None = None

    def why_not(self, member: Member) -> Sentence | None:
        """Return why a person has to set it aside; None where they can approve it."""
        if self.preparer_id == member.id:
            return Sentence("You prepared it; another person approves it.")
        if self.is_objected_to:
            return Sentence("An objection to it, or to one before it, waits for an answer.")
        if self.needs_two and self.first_id == member.id:
            return Sentence("You gave its first approval; another person gives the second.")
        return None


class Desk(msgspec.Struct, frozen=True):
    """What waits, oldest cut-off first, and of how many."""

    waiting: Sequence[Waiting]
    total: int


async def desk(now: datetime) -> Desk:
    """Return the prepared statements that nobody, or only one of two people, has approved."""
    async with connections.transaction(eyes="operator") as connection:
        rows = await connection.fetch(
            f"""WITH {LISTED}
                SELECT w.id, w.number, payee_name, payer_name, payee_slug, payer_slug, w.currency, w.period,
                    w.closing_minor, s.content_hash, w.preparer_id, n.name AS preparer_name,
                    count(*) OVER () AS total,
                    {approval_queries.OPEN_OBJECTION} AS is_objected_to
                FROM listed w JOIN statements s ON s.id = w.id
                LEFT JOIN member_names n ON n.id = w.preparer_id
                WHERE status = 'issued' ORDER BY w.ends_at, w.number LIMIT $1""",
            AT_ONCE_MAX,
        )
        first = await approval_queries.first_approvals(connection, [row["id"] for row in rows])
        limits = await approval_queries.limits(connection, now)
    found: list[Waiting] = []
    for row in rows:
        values = dict(row)
        values.pop("total")
        limit = limits.get(row["currency"])
        given = first.get(row["id"])
        found.append(
            Waiting(
                **values,
                needs_two=approving.needs_two(row["closing_minor"], limit and limit.above_minor),
                first_id=given and given.approver_id,
            )
        )
    return Desk(found, rows[0]["total"] if rows else 0)


async def limits(now: datetime) -> tuple[Mapping[str, Limit], Mapping[UUID, str], Sequence[str]]:
    """Return the limits that hold, who set them, and the currencies that statements are in."""
    async with connections.transaction(eyes="operator") as connection:
        held = await approval_queries.limits(connection, now)
        names = await connection.fetch(
            "SELECT id, name FROM member_names WHERE id = ANY($1::uuid[])",
            [one.set_by for one in held.values()],
        )
        used = await connection.fetch("SELECT DISTINCT currency FROM ledger_accounts ORDER BY 1")
    currencies = [row["currency"] for row in used if not row["currency"].startswith("X-")]
    return held, {row["id"]: row["name"] for row in names}, currencies
