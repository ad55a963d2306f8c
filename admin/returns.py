"""Unused prepaid money that goes back to an advertiser: one person asks, another decides."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

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
from partner_network.identity.web import addresses, guards
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, ForbiddenError, InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.payouts import return_queries
from partner_network.payouts.actions import returns
from partner_network.receipts.trials import numbers
from partner_network.receipts.trials.numbers import NotTypedError

STATUS: Mapping[str, tuple[str, Sentence]] = MappingProxyType(
    {
        "asked": ("pending", Sentence("waits for another person")),
        "declined": ("ended", Sentence("declined")),
        "approved": ("pending", Sentence("on its way")),
        "returned": ("paid", Sentence("given back")),
        "part_returned": ("failed", Sentence("given back in part")),
        "came_back": ("failed", Sentence("not taken by the bank, prepaid again")),
        "failed": ("failed", Sentence("not given back")),
    }
)
"""The badge of each status, and its words."""


class AskForm(msgspec.Struct):
    """Whom to give back how much, and why; `whose` is an advertiser's id and a currency."""

    whose: str = ""
    amount: str = ""
    reason: str = ""


class DecisionForm(msgspec.Struct):
    """What another person decides, and why."""

    decision: str = ""
    reason: str = ""


@get("/admin/returns", guards=[guards.must_be_operator, guards.must_read_payouts], include_in_schema=False)
async def list_returns(member: NamedDependency[Member]) -> Template:
    """List whose prepaid accounts hold money, and what was asked to be given back."""
    return await _page(member, AskForm())


@post("/admin/returns", guards=[guards.must_be_operator, guards.must_manage_payouts], include_in_schema=False)
async def ask_return(data: URLEncodedBody[AskForm], member: NamedDependency[Member]) -> Redirect | Template:
    """Ask for a return."""
    shown, _, currency = data.whose.partition(":")
    try:
        advertiser_id = ids.parse("bnd", shown)
        digits = numbers.exponent(currency)
        minor = numbers.scaled(data.amount.strip(), digits) if data.amount.strip() else 0
        await returns.ask_return(
            advertiser_id, currency, minor, reason=data.reason, by=member, now=await clock.now()
        )
    except NotTypedError as error:
        return await _page(member, data, errors={"amount": error.why})
    except InvalidError as error:
        return await _page(member, data, errors=error.sentence_of or {"whose": error.sentence})
    except ConflictError as error:
        return await _page(member, data, errors={"amount": error.sentence})
    return Redirect("/admin/returns", status_code=303)


@post(
    "/admin/returns/{ask:str}",
    guards=[guards.must_be_operator, guards.must_manage_payouts],
    include_in_schema=False,
)
async def decide_return(
    ask: FromPath[str], data: URLEncodedBody[DecisionForm], member: NamedDependency[Member]
) -> Redirect | Template:
    """Approve or decline what another person asked for."""
    ask_id = addresses.plain_uuid(ask)
    try:
        await returns.decide_return(
            ask_id,
            "approved" if data.decision == "approved" else "declined",
            reason=data.reason,
            by=member,
            now=await clock.now(),
        )
    except (InvalidError, ConflictError, ForbiddenError) as error:
        return await _page(member, AskForm(), about=ask_id, problem=error.sentence)
    return Redirect("/admin/returns", status_code=303)


async def _page(
    member: Member,
    form: AskForm,
    *,
    errors: Mapping[str, str] | None = None,
    about: UUID | None = None,
    problem: str = "",
) -> Template:
    async with connections.transaction(eyes="operator") as connection:
        unused = await return_queries.unused(connection)
        rows = await return_queries.returns(connection)
    return Template(
        "admin/returns.html",
        context={
            "unused": unused,
            "rows": rows,
            "status_of": STATUS,
            "form": form,
            "errors": errors or {},
            "mine": member.id,
            "may_manage": permissions.may(member, "manage payouts"),
            "about": about,
            "problem": problem,
        },
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors or problem else HTTP_200_OK,
    )
