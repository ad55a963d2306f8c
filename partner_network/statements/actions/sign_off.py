"""Two people sign a statement off: one prepares, another approves, both exactly the content they read."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.audit import Verb
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import ConflictError, ForbiddenError, InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.statements import approval_queries, approving, carrying, queries, rules
from partner_network.statements.actions import telling
from partner_network.statements.queries import Statement
from partner_network.statements.rules import RenderStatement


async def prepare_statement(
    statement_id: UUID, *, content_hash: bytes, preparer: Member, now: datetime
) -> Statement:
    """Sign off what the close computed.

    Errors: NotFoundError; ForbiddenError for whoever is not in the operator's finance or gave no second
        factor; ConflictError when the content is not what was read, or it is prepared already.
    """
    permissions.must(preparer, "prepare statements")
    async with connections.transaction(eyes="operator") as connection:
        statement = await _read_as(connection, statement_id, content_hash)
        if statement.carried_reason is not None:
            raise ConflictError(
                Sentence(
                    "Statement {number} is carried, since {reason}; its amount opens the next one and "
                    "nothing needs signing.",
                    number=statement.number,
                    reason=carrying.why_carried(
                        closing_minor=statement.closing_minor,
                        minimum_minor=statement.minimum_minor,
                        currency=statement.currency,
                    ),
                )
            )
        if statement.preparer_id is not None:
            raise ConflictError(
                Sentence(
                    "Statement {number} is prepared already; it waits for approval.", number=statement.number
                )
            )
        await connection.execute(
            """INSERT INTO statement_preparations
                   (statement_id, content_hash, closing_minor, currency, preparer_id, prepared_at)
               VALUES ($1, $2, $3, $4, $5, $6)""",
            statement.id,
            statement.content_hash,
            statement.closing_minor,
            statement.currency,
            preparer.id,
            now,
        )
        await _record(connection, preparer, "prepare", statement)
        await telling.tell_prepared(connection, statement, preparer)
        await telling.tell_issued(connection, statement)
        return await queries.statement_of(connection, statement_id)


async def approve_statement(
    statement_id: UUID, *, content_hash: bytes, approver: Member, reason: str, now: datetime
) -> Statement:
    """Approve exactly the content that was read, so that it may be funded and paid.

    Above the limit of its currency the first approval leaves it issued, and another person gives the second.

    Errors: NotFoundError; ForbiddenError for the person who prepared it or gave its first approval, and for
        whoever is not in the operator's finance or gave no second factor; InvalidError without a reason;
        ConflictError when the content is not what was read, nobody prepared it yet, an objection to it is
        not answered, or it is approved already.
    """
    permissions.must(approver, "approve statements")
    said = _why(reason)
    async with connections.transaction(eyes="operator") as connection:
        statement = await _read_as(connection, statement_id, content_hash)
        if statement.preparer_id is None:
            raise ConflictError(
                Sentence(
                    "Nobody has prepared statement {number} yet; prepare it first.", number=statement.number
                )
            )
        if statement.preparer_id == approver.id:
            raise ForbiddenError(
                Sentence(
                    "You prepared statement {number} yourself; another person must approve it.",
                    number=statement.number,
                )
            )
        if statement.approver_id is not None:
            raise ConflictError(
                Sentence(
                    "Statement {number} is approved already; it waits for funding.", number=statement.number
                )
            )
        await _must_be_undisputed(connection, statement)
        is_second = await _is_second(connection, statement, approver, now)
        if is_second is not None and not is_second:
            await _insert(connection, "first_approvals", statement, approver=approver, reason=said, now=now)
            await _record(connection, approver, "approve", statement, reason=said)
            await telling.tell_half_approved(connection, statement, approver)
            return statement
        await _insert(connection, "statement_approvals", statement, approver=approver, reason=said, now=now)
        await _record(connection, approver, "approve", statement, reason=said)
        await telling.tell_approved(connection, statement)
        await jobs.enqueue(connection, rules.RENDER, RenderStatement(statement.id))
        await jobs.enqueue(connection, rules.PAY)
        return await queries.statement_of(connection, statement_id)


async def _must_be_undisputed(connection: Connection, statement: Statement) -> None:
    """Refuse to approve what the payer objects to and nobody has answered."""
    if await approval_queries.is_objected_to(connection, [statement.id]):
        raise ConflictError(
            Sentence(
                "{payer} objects to a line of statement {number}, or of one before it, and nobody has "
                "answered; answer on the page of that statement, then approve this one.",
                payer=statement.payer_name,
                number=statement.number,
            )
        )


async def _is_second(
    connection: Connection, statement: Statement, approver: Member, now: datetime
) -> bool | None:
    """Tell whether this is the second of two approvals, None where one is enough.

    Errors: ForbiddenError for the person who gave the first.
    """
    if not await approval_queries.needs_two(connection, statement, now):
        return None
    first = (await approval_queries.first_approvals(connection, [statement.id])).get(statement.id)
    if first is not None and first.approver_id == approver.id:
        raise ForbiddenError(
            Sentence(
                "You gave statement {number} its first approval; above the limit another person "
                "must give the second.",
                number=statement.number,
            )
        )
    return first is not None


async def _insert(
    connection: Connection,
    table: Literal["first_approvals", "statement_approvals"],
    statement: Statement,
    *,
    approver: Member,
    reason: str,
    now: datetime,
) -> None:
    await connection.execute(
        f"""INSERT INTO {table} (statement_id, content_hash, closing_minor, currency,
               preparer_id, approver_id, reason, approved_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        statement.id,
        statement.content_hash,
        statement.closing_minor,
        statement.currency,
        statement.preparer_id,
        approver.id,
        reason,
        now,
    )


def _why(reason: str) -> str:
    if fields := approving.missing_reason(reason):
        raise InvalidError(approving.WHY_ASKED, fields=fields)
    return reason.strip()


async def _record(
    connection: Connection, by: Member, verb: Verb, statement: Statement, *, reason: str | None = None
) -> None:
    after: dict[str, object] = {"number": statement.number, "content_hash": statement.content_hash}
    if reason is not None:
        after["reason"] = reason
    brands = (statement.payer_id, statement.payee_id)
    await audit.record(connection, by, verb, "statement", statement.id, brands=brands, after=after)


async def _read_as(connection: Connection, statement_id: UUID, content_hash: bytes) -> Statement:
    # Two people who press the button at once: the second waits here and then sees what the first did.
    await connections.lock_all(connection, f"statement:{statement_id}")
    statement = await queries.statement_of(connection, statement_id)
    if statement.content_hash != content_hash:
        raise ConflictError(
            Sentence(
                "Statement {number} is not what you read; open it again and compare before you sign.",
                number=statement.number,
            )
        )
    return statement
