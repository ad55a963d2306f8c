"""Clawbacks at the end of a partnership: one person proposes that the network bears one, another decides."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import guards
from partner_network.kernel.errors import ConflictError, ForbiddenError, InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.statements import write_off_queries
from partner_network.statements.actions import write_off
from partner_network.statements.actions.write_off import Decision

STATE: Mapping[str, tuple[str, Sentence]] = MappingProxyType(
    {
        "proposed": ("pending", Sentence("waits for another person")),
        "withdrawn": ("ended", Sentence("withdrawn")),
        "declined": ("ended", Sentence("declined")),
        "approved": ("pending", Sentence("booked when the partnership has ended")),
        "nothing_left": ("ended", Sentence("nothing was left of it")),
        "borne": ("paid", Sentence("borne by the network")),
    }
)
"""The badge of each state, and its words."""
_DECISIONS: Mapping[str, Decision] = MappingProxyType({"approved": "approved", "withdrawn": "withdrawn"})


class ProposalForm(msgspec.Struct):
    """Why the network should bear it."""

    reason: str = ""


class DecisionForm(msgspec.Struct):
    """What somebody decides, and why."""

    decision: str = ""
    reason: str = ""


@get("/admin/write-offs", guards=[guards.must_be_operator, guards.must_read_payouts], include_in_schema=False)
async def list_write_offs(member: NamedDependency[Member]) -> Template:
    """List what is due of clawbacks, and what was proposed and decided about it."""
    return await _page(member)


@post(
    "/admin/write-offs/{clawback_id:int}/proposal",
    guards=[guards.must_be_operator, guards.must_manage_payouts],
    include_in_schema=False,
)
async def propose_write_off(
    clawback_id: FromPath[int], data: URLEncodedBody[ProposalForm], member: NamedDependency[Member]
) -> Redirect | Template:
    """Propose that the network bears what is left of a clawback."""
    try:
        await write_off.propose_write_off(clawback_id, reason=data.reason, by=member, now=await clock.now())
    except (InvalidError, ConflictError) as error:
        return await _page(member, about=clawback_id, problem=error.sentence, reason=data.reason)
    return Redirect("/admin/write-offs", status_code=303)


@post(
    "/admin/write-offs/{clawback_id:int}/decision",
    guards=[guards.must_be_operator, guards.must_manage_payouts],
    include_in_schema=False,
)
async def decide_write_off(
    clawback_id: FromPath[int], data: URLEncodedBody[DecisionForm], member: NamedDependency[Member]
) -> Redirect | Template:
    """Approve or decline what another person proposed, or withdraw one's own proposal."""
    decision = _DECISIONS.get(data.decision, "declined")
    try:
        await write_off.decide_write_off(
            clawback_id, decision, reason=data.reason, by=member, now=await clock.now()
        )
    except (InvalidError, ConflictError, ForbiddenError) as error:
        return await _page(member, about=clawback_id, problem=error.sentence, reason=data.reason)
    return Redirect("/admin/write-offs", status_code=303)


async def _page(member: Member, *, about: int | None = None, problem: str = "", reason: str = "") -> Template:
    async with connections.transaction(eyes="operator") as connection:
        rows = await write_off_queries.write_offs(connection)
        due = await write_off_queries.due(connection)
    return Template(
        "admin/write_offs.html",
        context={
            "rows": rows,
            "due": due,
            "state_of": STATE,
            "mine": member.id,
            "may_manage": permissions.may(member, "manage payouts"),
            "about": about,
            "problem": problem,
            "reason": reason,
        },
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if problem else HTTP_200_OK,
    )
