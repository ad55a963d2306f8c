"""Cases about money: what was found, who owns it, and how it was cleared up."""

from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from admin import files
from admin.queries import cases as queries
from partner_network.gateways import clock
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.listings import Listing
from partner_network.identity.web.requests import AnyRequest
from partner_network.kernel.errors import InvalidError
from partner_network.payouts import rules
from partner_network.payouts.actions import cases


class ClosingForm(msgspec.Struct):
    """How a case was cleared up."""

    reason: str = ""


@get("/admin/cases", guards=[guards.must_be_operator, guards.must_read_payouts], include_in_schema=False)
async def list_cases(request: AnyRequest, member: NamedDependency[Member]) -> Template | Response[bytes]:
    """List the cases, newest first, beside what the month's end still needs."""
    return await _page(request, member)


@post(
    "/admin/cases/{case:str}/owner",
    guards=[guards.must_be_operator, guards.must_manage_payouts],
    include_in_schema=False,
)
async def take_case(case: FromPath[str], member: NamedDependency[Member]) -> Redirect:
    """Make whoever asks the owner of a case."""
    await cases.take_case(addresses.in_path("cse", case), by=member)
    return Redirect("/admin/cases", status_code=303)


@post(
    "/admin/cases/{case:str}/closing",
    guards=[guards.must_be_operator, guards.must_manage_payouts],
    include_in_schema=False,
)
async def close_case(
    case: FromPath[str],
    data: URLEncodedBody[ClosingForm],
    member: NamedDependency[Member],
    request: AnyRequest,
) -> Redirect | Template | Response[bytes]:
    """Close a case, by a reason."""
    wanted = addresses.in_path("cse", case)
    try:
        await cases.close_case(wanted, reason=data.reason, by=member, now=await clock.now())
    except InvalidError as error:
        return await _page(request, member, about=wanted, problem=error.sentence)
    return Redirect("/admin/cases", status_code=303)


async def _page(
    request: AnyRequest, member: Member, *, about: UUID | None = None, problem: str = ""
) -> Template | Response[bytes]:
    asked = Listing.read(request.query_params, queries.ORDER, "-opened", filters={"show": queries.STATES})
    listing, rows = await queries.cases(asked)
    if listing.wants_csv:
        return files.cases(rows)
    return Template(
        "admin/cases.html",
        context={
            "listing": listing,
            "rows": rows,
            "month": await queries.month_end(),
            "kinds": rules.CASES,
            "mine": member.id,
            "may_manage": permissions.may(member, "manage payouts"),
            "about": about,
            "problem": problem,
        },
        status_code=422 if problem else 200,
    )
