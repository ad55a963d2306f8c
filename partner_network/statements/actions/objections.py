"""A payer objects to a line of a statement, and the operator's finance answers: declined, or taken back."""

from datetime import datetime
from uuid import UUID

from partner_network.commissions.actions import adjustments, mature
from partner_network.commissions.actions.accrue import stream_lock
from partner_network.commissions.rules import reasons
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, InvalidError, NotFoundError
from partner_network.kernel.money import Money
from partner_network.kernel.sentences import Sentence
from partner_network.statements import approval_queries, beside, queries
from partner_network.statements.actions import telling
from partner_network.statements.approval_queries import Line
from partner_network.statements.approving import Objection, Outcome
from partner_network.statements.queries import Statement


async def object_to_line(
    statement_id: UUID, transfer_id: int, *, reason: str, by: Member, now: datetime
) -> UUID:
    """Object to one line; while nobody has answered, the statement is neither approved nor funded.

    Errors: ForbiddenError; NotFoundError; InvalidError without a reason; ConflictError for a brand that does
        not pay the statement, a line that earned nothing, one objected to already, before the statement is
        issued, or once it is approved and the contract's days are over.
    Source: contracts/cross-promotion, clause 8.6.
    """
    permissions.must(by, "object to statements")
    said = reasons.must_be_said(reason)
    async with connections.transaction(eyes=by.eyes) as connection:
        await connections.lock_all(connection, f"statement:{statement_id}")
        statement = await queries.statement_for(connection, statement_id, by.brand_id)
        if statement.payer_id != by.brand_id:
            raise ConflictError(
                Sentence(
                    "Only {payer}, who pays this statement, objects to its lines.",
                    payer=statement.payer_name,
                )
            )
        await _must_be_in_time(connection, statement, now)
        line = await approval_queries.line_of(connection, statement_id, transfer_id)
        _must_be_objectionable(line)
        objections = await approval_queries.objections_of(connection, statement_id)
        if any(one.transfer_id == transfer_id for one in objections):
            raise ConflictError("You objected to this line already; its answer stands on this page.")
        objection_id = ids.new_id(now)
        await connection.execute(
            """INSERT INTO statement_objections (id, statement_id, transfer_id, reason, objected_by, at)
               VALUES ($1, $2, $3, $4, $5, $6)""",
            objection_id,
            statement_id,
            transfer_id,
            said,
            by.id,
            now,
        )
        after = {"number": statement.number, "transfer": transfer_id, "reason": said}
        brands = (statement.payer_id, statement.payee_id)
        await audit.record(connection, by, "object", "statement", statement_id, brands=brands, after=after)
        await telling.tell_objected(connection, statement, objection_id, said)
        return objection_id


async def answer_objection(
    statement_id: UUID,
    transfer_id: int,
    *,
    outcome: Outcome,
    minor: int,
    reason: str,
    by: Member,
    now: datetime,
) -> None:
    """Answer an objection: declined, or upheld by an adjustment that takes ``minor`` back for good.

    An issued statement stays as it is; what is upheld is taken back under the clauses on clawback.
    Units: ``minor`` in the statement's currency, above zero and no more than the line; not read if declined.
    Errors: ForbiddenError; NotFoundError; InvalidError without a reason or with another amount;
        ConflictError when it is answered already, or upheld on a bonus, which has no order to adjust.
    Source: contracts/cross-promotion, clauses 8.6, 8.7 and 12.5.
    """
    permissions.must(by, "answer objections")
    said = reasons.must_be_said(reason)
    async with connections.transaction(eyes="operator") as connection:
        # Whoever approves the statement waits; two people cannot both answer.
        await connections.lock_all(connection, f"statement:{statement_id}")
        statement = await queries.statement_of(connection, statement_id)
        one = await _found(connection, statement_id, transfer_id)
        if one.outcome is not None:
            raise ConflictError("This objection is answered already; the answer stands on its statement.")
        adjustment_id = None
        if outcome == "upheld":
            adjustment_id = await _take_back(connection, statement, one, minor, reason=said, by=by, now=now)
        await connection.execute(
            """INSERT INTO objection_answers (objection_id, outcome, adjustment_id, reason, answered_by, at)
               VALUES ($1, $2, $3, $4, $5, $6)""",
            one.id,
            outcome,
            adjustment_id,
            said,
            by.id,
            now,
        )
        verb = "accept" if outcome == "upheld" else "decline"
        taken = minor if outcome == "upheld" else 0
        after = {"number": statement.number, "outcome": outcome, "minor": taken, "reason": said}
        brands = (statement.payer_id, statement.payee_id)
        await audit.record(connection, by, verb, "objection", one.id, brands=brands, after=after)
        await telling.tell_answered(connection, statement, one.id, outcome, said)


async def _take_back(
    connection: Connection,
    statement: Statement,
    one: Objection,
    minor: int,
    *,
    reason: str,
    by: Member,
    now: datetime,
) -> UUID:
    line = await approval_queries.line_of(connection, one.statement_id, one.transfer_id)
    if line is None or line.conversion_id is None or line.partnership_id is None:
        raise ConflictError(
            "A bonus has no order of its own. Adjust the commission on one of its orders by the amount, then "
            "decline the objection with that reason."
        )
    if not 0 < minor <= one.line_minor:
        told = Sentence(
            "Take back an amount above zero and up to {most}.",
            most=Money(one.line_minor, statement.currency),
        )
        raise InvalidError(told, fields={"amount": told})
    pair = mature.pair_lock(statement.currency, statement.payer_id, statement.payee_id)
    await connections.lock_all(connection, pair, stream_lock(line.partnership_id))
    return await adjustments.insert_adjustment(
        connection,
        conversion_id=line.conversion_id,
        partnership_id=line.partnership_id,
        component=line.component,
        minor=-minor,
        reason=reason,
        by=by,
        now=now,
    )


async def _must_be_in_time(connection: Connection, statement: Statement, now: datetime) -> None:
    right = await beside.right_of(connection, statement, now)
    if right is None:
        raise NotFoundError("You have signed no agreement with this brand; sign one first.")
    if right.why_not is not None:
        raise ConflictError(right.why_not)


def _must_be_objectionable(line: Line | None) -> None:
    if line is None:
        raise NotFoundError("This statement has no such line; open it again and choose one of its lines.")
    if line.commission_id is None or line.amount_minor <= 0:
        raise ConflictError(
            "Only a line by which the partner earned can be objected to; choose the line of an order."
        )


async def _found(connection: Connection, statement_id: UUID, transfer_id: int) -> Objection:
    for one in await approval_queries.objections_of(connection, statement_id):
        if one.transfer_id == transfer_id:
            return one
    raise NotFoundError("There is no such objection; open it from its statement.")
