"""Read what stands beside a statement: objections, how many approve it, what was set off and set apart."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from partner_network.agreements import contracts
from partner_network.agreements.contracts import Contract
from partner_network.database.connections import Connection
from partner_network.kernel.errors import NotFoundError
from partner_network.kernel.sentences import Sentence
from partner_network.statements import apart_queries, approval_queries, approving
from partner_network.statements.apart_queries import Apart, Netting, Where
from partner_network.statements.approving import FirstApproval, Objection
from partner_network.statements.queries import Statement

Subject = Literal["held", "dispute", "netted"]


class Right(msgspec.Struct, frozen=True):
    """The payer's right to object to lines of a statement, by which clause of the contract."""

    until: datetime | None
    """When the contract's days to object are over; None before the statement is issued, or if carried."""
    why_not: Sentence | None
    clause: str


class Beside(msgspec.Struct, frozen=True):
    """What a statement's page shows besides its lines; money in minor units."""

    objections: Sequence[Objection]
    right: Right | None
    """None to whoever may not read the terms: a charity is no party to them."""
    needs_two: bool
    """Whether it is above the limit; limits are the operator's own, so a brand always reads False."""
    first: FirstApproval | None
    netting: Netting | None
    apart: Sequence[Apart]
    why_last: Sentence | None
    """Why it is paid though it is below the minimum."""
    clause: Mapping[Subject, str]
    """Nothing to whoever may not read the contract."""

    @property
    def is_objected_to(self) -> bool:
        """Tell whether an objection has no answer."""
        return bool(approving.open_ones(self.objections))

    def objection_to(self, transfer_id: int) -> Objection | None:
        """Return the objection to one line, None where there is none."""
        return next((one for one in self.objections if one.transfer_id == transfer_id), None)

    def set_apart(self, where: Where) -> list[Apart]:
        """Return what lay in one account at the cut-off."""
        return apart_queries.of_kind(self.apart, where)


async def beside(connection: Connection, statement: Statement, now: datetime) -> Beside:
    """Return what stands beside one statement, for whom the walls let see it."""
    contract = await approval_queries.contract_of(connection, statement)
    first = await approval_queries.first_approvals(connection, [statement.id])
    return Beside(
        objections=await approval_queries.objections_of(connection, statement.id),
        right=await _right(connection, statement, contract, now),
        needs_two=await approval_queries.needs_two(connection, statement, now),
        first=first.get(statement.id),
        netting=await apart_queries.netting_of(connection, statement),
        apart=await apart_queries.apart_of(connection, apart_queries.at_cut_off(statement)),
        why_last=await approval_queries.why_last(connection, statement),
        clause={}
        if contract is None
        else {one: contracts.clause_of(contract, one) for one in ("held", "dispute", "netted")},
    )


async def right_of(connection: Connection, statement: Statement, now: datetime) -> Right | None:
    """Return the payer's right to object to lines; None to whoever may not read the terms."""
    contract = await approval_queries.contract_of(connection, statement)
    return await _right(connection, statement, contract, now)


async def _right(
    connection: Connection, statement: Statement, contract: Contract | None, now: datetime
) -> Right | None:
    if contract is None:
        return None
    try:
        rule = await approval_queries.rule_of(connection, statement, contract)
    except NotFoundError:
        return None  # a charity may not read the terms, by whose time zone the days are counted
    issued_at = statement.prepared_at
    return Right(
        None if issued_at is None else approving.objects_until(issued_at, rule),
        approving.why_no_objection(
            issued_at=issued_at, approved_at=statement.approved_at, rule=rule, now=now
        ),
        rule.clause,
    )
