"""Write-offs over the API: what the network bears of clawbacks at the end of a partnership."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_201_CREATED
from litestar.types import ControllerRouterHandler

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import guards
from partner_network.statements import write_off_queries
from partner_network.statements.actions import write_off
from partner_network.statements.write_off_queries import WriteOff


class WriteOffBody(msgspec.Struct, frozen=True):
    """One proposal and what came of it; money in minor units of ``currency``.

    ``state`` is proposed, withdrawn, declined, approved, borne; or nothing_left: approved, and gone since.
    """

    clawback: int
    advertiser: str
    partner: str
    currency: str
    limit_minor: int
    due_minor: int
    borne_minor: int
    state: str
    reason: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decided_reason: str | None


class WriteOffsBody(msgspec.Struct, frozen=True):
    """What was proposed, what waits for a decision first."""

    items: list[WriteOffBody]


class Proposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the network should bear it."""

    reason: str


class NewDecision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is decided, and why; who proposed it can withdraw it alone."""

    decision: Literal["approved", "declined", "withdrawn"]
    reason: str


@get("/api/v1/write-offs", guards=[guards.must_be_operator, guards.must_read_payouts])
async def list_write_offs() -> WriteOffsBody:
    """List what was proposed that the network bears, for the operator."""
    async with connections.transaction(eyes="operator") as connection:
        rows = await write_off_queries.write_offs(connection)
    return WriteOffsBody([_body(one) for one in rows])


@post(
    "/api/v1/clawbacks/{clawback_id:int}/write-off",
    guards=[guards.must_be_operator, guards.must_manage_payouts],
    status_code=HTTP_201_CREATED,
)
async def propose(
    clawback_id: FromPath[int], data: JSONBody[Proposal], member: NamedDependency[Member]
) -> WriteOffBody:
    """Propose that the network bears what no statement recovers of a clawback; another person decides."""
    await write_off.propose_write_off(clawback_id, reason=data.reason, by=member, now=await clock.now())
    return await _newest(clawback_id)


@post(
    "/api/v1/clawbacks/{clawback_id:int}/write-off/decision",
    guards=[guards.must_be_operator, guards.must_manage_payouts],
    status_code=HTTP_201_CREATED,
)
async def decide(
    clawback_id: FromPath[int], data: JSONBody[NewDecision], member: NamedDependency[Member]
) -> WriteOffBody:
    """Approve or decline what another person proposed, or withdraw one's own; 409 when nothing waits."""
    await write_off.decide_write_off(
        clawback_id, data.decision, reason=data.reason, by=member, now=await clock.now()
    )
    return await _newest(clawback_id)


async def _newest(clawback_id: int) -> WriteOffBody:
    async with connections.transaction(eyes="operator") as connection:
        newest, *_ = await write_off_queries.write_offs(connection, clawback_id)
    return _body(newest)


def _body(one: WriteOff) -> WriteOffBody:
    return WriteOffBody(
        one.clawback_id,
        one.advertiser,
        one.partner,
        one.currency,
        one.limit_minor,
        one.due_minor,
        one.borne_minor,
        one.state,
        one.reason,
        one.proposer,
        one.proposed_at,
        one.decider,
        one.decided_at,
        one.decided_reason,
    )


ROUTES: Sequence[ControllerRouterHandler] = (list_write_offs, propose, decide)
