"""Statements across all brands: a list that is searched, sorted and paged, and one as it is signed off."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from admin.queries import lines
from admin.queries.standing import LISTED
from partner_network.database import connections
from partner_network.identity.web.listings import Listing
from partner_network.kernel.sentences import Sentence
from partner_network.statements import (
    approval_queries,
    beside,
    document_kinds,
    due_queries,
    invoice_queries,
    invoices,
    party_queries,
)
from partner_network.statements import queries as statements
from partner_network.statements.beside import Beside
from partner_network.statements.due_queries import Unclosed
from partner_network.statements.invoices import Obstacle
from partner_network.statements.party_queries import Named
from partner_network.statements.queries import Statement, StatementLine
from partner_network.statements.rules import Status

ORDER: Mapping[str, str] = {
    "number": "number",
    "period": "ends_at",
    "payee": "payee_name",
    "payer": "payer_name",
    "closing": "closing_minor",
    "status": "status",
}


class StatementRow(msgspec.Struct, frozen=True):
    """A statement in a list; money in minor units."""

    id: UUID
    number: str
    payee_name: str
    payer_name: str
    payee_slug: str
    payer_slug: str
    currency: str
    period: str
    closing_minor: int
    status: Status


class Sum(msgspec.Struct, frozen=True):
    """How many rows there are in one currency, and their sum in minor units."""

    currency: str
    count: int
    minor: int


class ReadStatement(msgspec.Struct, frozen=True):
    """A statement with some of its lines, who signed it off, and its documents and payout."""

    statement: Statement
    listing: Listing
    lines: Sequence[StatementLine]
    lines_minor: int
    """The sum of all lines found, on whatever page they stand."""
    name_of: Mapping[UUID, str]
    reason: str | None
    documents: frozenset[str]
    payout: "PayoutOf | None"
    beside: Beside
    now: datetime
    is_objected_to: bool
    """Whether an objection to it, or to one whose closing it opens with, has no answer."""
    obstacles: Sequence[Obstacle] = ()
    """Why it has no invoice yet."""

    @property
    def document_names(self) -> Mapping[str, Sentence]:
        """What the buttons to its documents say."""
        return document_kinds.NAMES


class PayoutOf(msgspec.Struct, frozen=True):
    """The payout of a statement: when its money was there, and when it was sent."""

    id: UUID
    reserved_at: datetime
    held_reason: str | None
    sent_at: datetime | None


_FOUND = """($1 = '' OR status = $1) AND ($2 = '' OR period = $2)
    AND (number ILIKE $3 OR payee_name ILIKE $3 OR payer_name ILIKE $3)
    AND ($4 = '' OR payer_slug = $4) AND ($5 = '' OR payee_slug = $5)"""


async def statement_rows(listing: Listing) -> tuple[Listing, Sequence[StatementRow], Sequence[Sum]]:
    """Return one page of the statements found, and the sums of all of them.

    A carried statement opens the next one: it is summed only where it is what was asked for.
    """
    chosen = (listing.chosen("payer"), listing.chosen("payee"))
    found = listing.chosen("status"), listing.chosen("period"), listing.like, *chosen
    async with connections.transaction(eyes="operator") as connection:
        sums = await connection.fetch(
            f"""WITH {LISTED} SELECT currency, count(*),
                    coalesce(sum(closing_minor) FILTER (WHERE status <> 'carried' OR $1 = 'carried'), 0)
                        ::bigint AS minor FROM listed
                WHERE {_FOUND} GROUP BY 1 ORDER BY 1""",
            *found,
        )
        counted = listing.counted(sum(row["count"] for row in sums))
        rows = await connection.fetch(
            f"""WITH {LISTED} SELECT id, number, payee_name, payer_name, payee_slug, payer_slug, currency,
                    period, closing_minor, status FROM listed WHERE {_FOUND}
                ORDER BY {counted.order_by(ORDER, tie="id")} OFFSET $6 LIMIT $7""",
            *found,
            counted.offset,
            counted.limit,
        )
    return (
        counted,
        [msgspec.convert(dict(row), StatementRow) for row in rows],
        [msgspec.convert(dict(row), Sum) for row in sums],
    )


class Stated(msgspec.Struct, frozen=True):
    """By what statements can be chosen: periods, newest first, who pays and who is paid; and what is open."""

    periods: Sequence[str]
    payers: Sequence[Named]
    payees: Sequence[Named]
    unclosed: Sequence[Unclosed]
    """Whose periods have ended and are not closed."""


async def stated_and_unclosed(now: datetime) -> Stated:
    """Return by what statements can be chosen, and which are still to come."""
    async with connections.transaction(eyes="operator") as connection:
        found = await party_queries.choices(connection)
        unclosed = await due_queries.unclosed(connection, now)
        return Stated(found.periods, found.payers, found.payees, unclosed)


async def read_statement(statement_id: UUID, listing: Listing, now: datetime) -> ReadStatement:
    """Return one statement as it is read before it is signed off. Errors: NotFoundError."""
    async with connections.transaction(eyes="operator") as connection:
        statement = await statements.statement_of(connection, statement_id)
        stands = await beside.beside(connection, statement, now)
        people = _people(statement, stands)
        names = await connection.fetch("SELECT id, name FROM member_names WHERE id = ANY($1::uuid[])", people)
        row = await connection.fetchrow(
            """SELECT (SELECT reason FROM statement_approvals WHERE statement_id = $1) AS reason,
                   ARRAY (SELECT kind FROM statement_documents WHERE statement_id = $1) AS documents""",
            statement_id,
        )
        payout = await connection.fetchrow(
            """SELECT o.id, o.reserved_at, o.held_reason, t.finished_at AS sent_at
               FROM payouts o LEFT JOIN LATERAL (
                   SELECT finished_at FROM payout_attempts y WHERE y.payout_id = o.id
                       AND y.status IN ('accepted', 'settled') ORDER BY y.n DESC LIMIT 1) t ON true
               WHERE o.statement_id = $1""",
            statement_id,
        )
        known = dict(row or {})
        counted, found, lines_minor = await lines.lines_of(connection, statement_id, listing)
        standing = await invoice_queries.standing_of(connection, statement, now)
        basis = invoices.basis_of_totals(statement.currency, statement.totals)
        return ReadStatement(
            statement,
            counted,
            found,
            lines_minor,
            {row["id"]: row["name"] for row in names},
            known["reason"],
            frozenset(known["documents"]),
            None if payout is None else PayoutOf(**payout),
            stands,
            now,
            bool(await approval_queries.is_objected_to(connection, [statement_id])),
            obstacles=invoices.obstacles(basis, standing),
        )


def _people(statement: Statement, stands: Beside) -> list[UUID]:
    """Return everybody who signed, objected or answered."""
    everyone = [statement.preparer_id, statement.approver_id]
    everyone += [person for one in stands.objections for person in (one.objected_by, one.answered_by)]
    everyone += [stands.first.approver_id] if stands.first else []
    return [one for one in everyone if one is not None]


async def statement_with_hash(content_hash: bytes) -> Statement | None:
    """Return the statement whose content somebody read, if it is one of ours."""
    async with connections.transaction(eyes="operator") as connection:
        statement_id = await connection.fetchval(
            "SELECT id FROM statements WHERE content_hash = $1 LIMIT 1", content_hash
        )
        return None if statement_id is None else await statements.statement_of(connection, statement_id)
