"""Read objections to statements, first approvals, and the amounts from which two people approve."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.agreements import contracts
from partner_network.agreements.contracts import Contract
from partner_network.database.connections import Connection
from partner_network.kernel.sentences import Sentence
from partner_network.statements import approving, carrying, queries
from partner_network.statements.approving import FirstApproval, Objection, Rule
from partner_network.statements.queries import Statement

_OBJECTIONS = """
    SELECT o.id, o.statement_id, o.transfer_id, l.amount_minor AS line_minor, v.order_id, o.reason,
        o.objected_by, o.at, a.outcome, -j.minor AS adjusted_minor, a.reason AS answer, a.answered_by,
        a.at AS answered_at
    FROM statement_objections o
    JOIN statement_lines l ON l.statement_id = o.statement_id AND l.transfer_id = o.transfer_id
    JOIN ledger_transfers t ON t.id = o.transfer_id
    LEFT JOIN commissions c ON c.id = t.commission_id
    LEFT JOIN conversions v ON v.id = c.conversion_id
    LEFT JOIN objection_answers a ON a.objection_id = o.id
    LEFT JOIN adjustments j ON j.id = a.adjustment_id
"""
OPEN_OBJECTION = """EXISTS (SELECT FROM statements e JOIN statement_objections x ON x.statement_id = e.id
    WHERE e.account_id = s.account_id AND e.seq <= s.seq
        AND NOT EXISTS (SELECT FROM objection_answers y WHERE y.objection_id = x.id))"""
"""Whether an objection to the statement `s`, or to one whose closing it opens with, has no answer."""


class Line(msgspec.Struct, frozen=True):
    """A line that may be objected to, with whose commission it is; minor units."""

    amount_minor: int
    commission_id: int | None
    conversion_id: UUID | None
    partnership_id: UUID | None
    component: str | None


class Limit(msgspec.Struct, frozen=True):
    """From which amount on two people approve a statement in a currency; None: from none."""

    currency: str
    above_minor: int | None
    reason: str
    set_by: UUID
    at: datetime


async def objections_of(connection: Connection, statement_id: UUID) -> list[Objection]:
    """Return the objections to a statement, the oldest first."""
    rows = await connection.fetch(_OBJECTIONS + "WHERE o.statement_id = $1 ORDER BY o.id", statement_id)
    return [Objection(**row) for row in rows]


async def is_objected_to(connection: Connection, statement_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Return which statements wait for the answer to an objection, to them or to one before them."""
    rows = await connection.fetch(
        f"SELECT s.id FROM statements s WHERE s.id = ANY($1::uuid[]) AND {OPEN_OBJECTION}",
        list(statement_ids),
    )
    return frozenset(row["id"] for row in rows)


async def first_approvals(
    connection: Connection, statement_ids: Sequence[UUID]
) -> Mapping[UUID, FirstApproval]:
    """Return by statement the first of its two approvals; those without one are left out."""
    rows = await connection.fetch(
        """SELECT statement_id, approver_id, reason, approved_at FROM first_approvals
           WHERE statement_id = ANY($1::uuid[])""",
        list(statement_ids),
    )
    return {
        row["statement_id"]: FirstApproval(row["approver_id"], row["reason"], row["approved_at"])
        for row in rows
    }


async def limits(connection: Connection, at: datetime) -> Mapping[str, Limit]:
    """Return by currency the limit that holds at an instant."""
    rows = await connection.fetch(
        """SELECT DISTINCT ON (currency) currency, above_minor, reason, set_by, at FROM approval_limits
           WHERE at <= $1 ORDER BY currency, at DESC""",
        at,
    )
    return {row["currency"]: Limit(**row) for row in rows}


async def needs_two(connection: Connection, statement: Statement, at: datetime) -> bool:
    """Tell whether a statement is above what one person may approve at an instant."""
    limit = (await limits(connection, at)).get(statement.currency)
    return approving.needs_two(statement.closing_minor, None if limit is None else limit.above_minor)


async def line_of(connection: Connection, statement_id: UUID, transfer_id: int) -> Line | None:
    """Return one line of a statement, None where it has no such line."""
    row = await connection.fetchrow(
        """SELECT l.amount_minor, c.id AS commission_id, c.conversion_id, c.partnership_id, c.component
           FROM statement_lines l JOIN ledger_transfers t ON t.id = l.transfer_id
           LEFT JOIN commissions c ON c.id = t.commission_id
           WHERE l.statement_id = $1 AND l.transfer_id = $2""",
        statement_id,
        transfer_id,
    )
    return None if row is None else Line(**row)


async def why_last(connection: Connection, statement: Statement) -> Sentence | None:
    """Return why a statement below the minimum is paid, None where it is not, or is carried."""
    if not statement.ignores_minimum:
        return None
    contract = await contract_of(connection, statement)
    return carrying.why_paid(
        minimum_minor=statement.minimum_minor,
        currency=statement.currency,
        clause=None if contract is None else contracts.clause_of(contract, "carried"),
    )


async def contract_of(connection: Connection, statement: Statement) -> Contract | None:
    """Return the contract of a statement: that of one of its lines, else the newest it is paid under.

    A charity signs nothing, and may know by which published text it is given to.
    None where whoever asks may read none.
    """
    return (await contracts_of(connection, [statement]))[statement.id]


async def contracts_of(
    connection: Connection, statements: Sequence[Statement]
) -> Mapping[UUID, Contract | None]:
    """Return `contract_of` many statements, by their ids."""
    rows = await connection.fetch(
        """SELECT w.id, signed.contract_name, signed.contract_version
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS w (id, payer_id, payee_id)
           LEFT JOIN LATERAL (
               SELECT a.contract_name, a.contract_version FROM (
                   SELECT a.id, a.contract_name, a.contract_version
                   FROM partnerships p JOIN agreements a ON a.partnership_id = p.id
                   WHERE p.advertiser_id = w.payer_id AND p.partner_id = w.payee_id
                       AND EXISTS (SELECT FROM terms t WHERE t.agreement_id = a.id)
                   UNION ALL
                   SELECT x.agreement_id, x.contract_name, x.contract_version FROM contracts_of_gifts x
                   WHERE x.advertiser_id = w.payer_id AND x.charity_id = w.payee_id) a
               ORDER BY a.id IN (SELECT c.agreement_id FROM statement_lines l
                           JOIN ledger_transfers f ON f.id = l.transfer_id
                           JOIN commissions c ON c.id = f.commission_id WHERE l.statement_id = w.id) DESC,
                   a.id DESC LIMIT 1) signed ON true""",
        [one.id for one in statements],
        [one.payer_id for one in statements],
        [one.payee_id for one in statements],
    )
    return {
        row["id"]: None
        if row["contract_name"] is None
        else contracts.published(row["contract_name"], row["contract_version"])
        for row in rows
    }


async def rule_of(connection: Connection, statement: Statement, contract: Contract) -> Rule:
    """Return what the contract of a statement says about objections to it.

    Errors: NotFoundError when the two never signed terms in that currency.
    """
    settlement = await queries.settlement_of(
        connection,
        payer_id=statement.payer_id,
        payee_id=statement.payee_id,
        currency=statement.currency,
        at=statement.closed_at,
    )
    figure = contracts.figure_of(contract, "objection_days")
    return Rule(figure.value, figure.clause, settlement.time_zone)
