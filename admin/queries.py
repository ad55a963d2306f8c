"""What only the back office asks: what waits for somebody, lists across all brands, jobs that failed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.agreements import queries as agreements
from partner_network.agreements.queries import HeldTerms
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.kernel.errors import NotFoundError
from partner_network.payouts import queries as payouts
from partner_network.payouts.queries import Need, Payout
from partner_network.statements import queries as statements
from partner_network.statements.queries import Statement, StatementLine
from partner_network.statements.rules import Status


class Waiting(msgspec.Struct, frozen=True):
    """How much waits for whom."""

    to_prepare: int
    to_approve: int
    held: int
    failed_jobs: int
    unsigned: int
    in_review: int


class Fundable(msgspec.Struct, frozen=True):
    """An advertiser that has to pay in before its partners are paid."""

    advertiser_id: UUID
    name: str
    need: Need


class StatementRow(msgspec.Struct, frozen=True):
    """A statement in a list; money in minor units."""

    id: UUID
    number: str
    payee_name: str
    payer_name: str
    currency: str
    period: str
    closing_minor: int
    status: Status


class ReadStatement(msgspec.Struct, frozen=True):
    """A statement with its lines, who signed it off, and its documents and payout."""

    statement: Statement
    lines: Sequence[StatementLine]
    name_of: Mapping[UUID, str]
    reason: str | None
    documents: frozenset[str]
    payout_id: UUID | None


class Attempt(msgspec.Struct, frozen=True):
    """One try to send a payout; minor units."""

    n: int
    status: str
    amount_minor: int
    destination: str
    stripe_transfer_id: str | None
    answer: str | None
    started_at: datetime
    finished_at: datetime | None


class SentPayout(msgspec.Struct, frozen=True):
    """A payout with all its attempts and what is known of the payee at Stripe."""

    payout: Payout
    attempts: Sequence[Attempt]
    transfers_status: str | None


class BrandRow(msgspec.Struct, frozen=True):
    """A brand in a list, with what it does here and whether Stripe can pay it."""

    id: UUID
    name: str
    legal_name: str
    country: str
    tax_rate_ppm: int
    programs: int
    partnerships: int
    transfers_status: str | None
    has_payment_method: bool


class FailedJob(msgspec.Struct, frozen=True):
    """A job that the worker gave up, held for a person to look at."""

    id: int
    entrypoint: str
    failed_at: datetime
    attempts: int
    error: str | None


_STATEMENT_ROWS = """
    WITH listed AS (
        SELECT s.id, s.number, payee.name AS payee_name, payer.name AS payer_name, s.currency, s.period,
            s.closing_minor, CASE
                WHEN t.status IN ('accepted', 'settled') THEN 'paid'
                WHEN s.carried_reason IS NOT NULL THEN 'carried'
                WHEN a.approver_id IS NOT NULL THEN 'approved'
                WHEN p.preparer_id IS NULL THEN 'draft' ELSE 'issued' END AS status
        FROM statements s
        JOIN brands payee ON payee.id = s.payee_id
        JOIN brands payer ON payer.id = s.payer_id
        LEFT JOIN statement_preparations p ON p.statement_id = s.id
        LEFT JOIN statement_approvals a ON a.statement_id = s.id
        LEFT JOIN payouts o ON o.statement_id = s.id
        LEFT JOIN payout_attempts t ON t.payout_id = o.id AND t.status <> 'failed')
"""


async def waiting() -> Waiting:
    """Count what waits for the operator's people."""
    async with connections.transaction(eyes="operator") as connection:
        row = await connection.fetchrow(
            _STATEMENT_ROWS
            + """SELECT count(*) FILTER (WHERE status = 'draft') AS to_prepare,
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
    return msgspec.convert(dict(row or {}), Waiting)


async def advertisers_to_fund() -> list[Fundable]:
    """Return the advertisers whose prepaid money does not cover what is approved, by name."""
    async with connections.transaction(eyes="operator") as connection:
        rows = await connection.fetch(
            """SELECT DISTINCT s.payer_id, s.currency, b.name FROM statements s
               JOIN statement_approvals a ON a.statement_id = s.id JOIN brands b ON b.id = s.payer_id
               WHERE NOT EXISTS (SELECT FROM payouts o WHERE o.statement_id = s.id)
               ORDER BY b.name, s.currency"""
        )
        found = [
            Fundable(
                row["payer_id"],
                row["name"],
                await payouts.need_of(connection, row["payer_id"], row["currency"]),
            )
            for row in rows
        ]
    return [one for one in found if one.need.missing_minor]


async def statement_rows(
    *, status: Status | None, period: str | None, before: UUID | None, limit: int
) -> list[StatementRow]:
    """Return statements of a status and a period, newest first; None is every one."""
    async with connections.transaction(eyes="operator") as connection:
        rows = await connection.fetch(
            _STATEMENT_ROWS
            + """SELECT * FROM listed WHERE ($1::text IS NULL OR status = $1)
                 AND ($2::text IS NULL OR period = $2) AND ($3::uuid IS NULL OR id < $3)
                 ORDER BY id DESC LIMIT $4""",
            status,
            period,
            before,
            limit,
        )
    return [msgspec.convert(dict(row), StatementRow) for row in rows]


async def stated_periods() -> list[str]:
    """Return the periods that have statements, newest first."""
    async with connections.transaction(eyes="operator") as connection:
        rows = await connection.fetch(
            "SELECT period FROM statements GROUP BY period ORDER BY max(ends_at) DESC, period"
        )
    return [row["period"] for row in rows]


async def read_statement(statement_id: UUID) -> ReadStatement:
    """Return one statement as it is read before it is signed off. Errors: NotFoundError."""
    async with connections.transaction(eyes="operator") as connection:
        statement = await statements.statement_of(connection, statement_id)
        people = [one for one in (statement.preparer_id, statement.approver_id) if one is not None]
        names = await connection.fetch("SELECT id, name FROM member_names WHERE id = ANY($1::uuid[])", people)
        kinds = await connection.fetch(
            "SELECT kind FROM statement_documents WHERE statement_id = $1", statement_id
        )
        return ReadStatement(
            statement,
            await statements.lines_of(connection, statement_id),
            {row["id"]: row["name"] for row in names},
            await connection.fetchval(
                "SELECT reason FROM statement_approvals WHERE statement_id = $1", statement_id
            ),
            frozenset(row["kind"] for row in kinds),
            await connection.fetchval("SELECT id FROM payouts WHERE statement_id = $1", statement_id),
        )


async def payout_rows(*, only_held: bool, before: UUID | None, limit: int) -> list[Payout]:
    """Return payouts, newest first."""
    async with connections.transaction(eyes="operator") as connection:
        if not only_held:
            return await payouts.payouts(connection, before=before, limit=limit)
        rows = await connection.fetch(
            """SELECT id FROM payouts WHERE held_reason IS NOT NULL AND ($1::uuid IS NULL OR id < $1)
               ORDER BY id DESC LIMIT $2""",
            before,
            limit,
        )
        return [await _payout(connection, row["id"]) for row in rows]


async def read_payout(payout_id: UUID) -> SentPayout:
    """Return one payout with its attempts, the first one first. Errors: NotFoundError."""
    async with connections.transaction(eyes="operator") as connection:
        payout = await _payout(connection, payout_id)
        attempts = await connection.fetch(
            """SELECT n, status, amount_minor, destination, stripe_transfer_id, answer, started_at,
                   finished_at
               FROM payout_attempts WHERE payout_id = $1 ORDER BY n""",
            payout_id,
        )
        status = await connection.fetchval(
            "SELECT transfers_status FROM stripe_accounts WHERE brand_id = $1", payout.payee_id
        )
    return SentPayout(payout, [Attempt(**row) for row in attempts], status)


async def _payout(connection: Connection, payout_id: UUID) -> Payout:
    # The list is read newest first from just above the wanted one: one query to keep in step, not two.
    found = await payouts.payouts(connection, before=UUID(int=payout_id.int + 1), limit=1)
    if not found or found[0].id != payout_id:
        raise NotFoundError("There is no such payout; open it from the list of payouts.")
    return found[0]


async def terms_of(partnership_id: UUID) -> Sequence[HeldTerms]:
    """Return the signed terms of a partnership by time."""
    async with connections.transaction(eyes="operator") as connection:
        return await agreements.terms_versions_of(connection, partnership_id)


async def brand_rows() -> list[BrandRow]:
    """Return all brands by name."""
    async with connections.transaction(eyes="operator") as connection:
        rows = await connection.fetch(
            """SELECT b.id, b.name, b.legal_name, b.country, b.tax_rate_ppm,
                   (SELECT count(*) FROM programs g WHERE g.brand_id = b.id) AS programs,
                   (SELECT count(*) FROM partnerships p WHERE p.partner_id = b.id) AS partnerships,
                   s.transfers_status, s.payment_method_id IS NOT NULL AS has_payment_method
               FROM brands b LEFT JOIN stripe_accounts s ON s.brand_id = b.id ORDER BY b.name, b.id"""
        )
    return [BrandRow(**row) for row in rows]


async def failed_jobs() -> list[FailedJob]:
    """Return the jobs that the worker holds as failed, newest first, each with its last line of trouble."""
    async with connections.transaction(eyes="operator") as connection:
        rows = await connection.fetch(
            """SELECT q.id, q.entrypoint, q.updated AS failed_at, q.attempts,
                   concat_ws(': ', l.traceback ->> 'exception_type',
                             l.traceback ->> 'exception_message') AS error
               FROM pgqueuer q LEFT JOIN LATERAL (
                   SELECT traceback FROM pgqueuer_log
                   WHERE job_id = q.id AND traceback IS NOT NULL ORDER BY id DESC LIMIT 1) l ON true
               WHERE q.status = 'failed' ORDER BY q.id DESC LIMIT 200"""
        )
    return [FailedJob(**row) for row in rows]
