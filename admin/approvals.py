"""Approve several statements by one reason, and set from which amount on two people approve."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from admin.queries import approvals as queries
from partner_network.gateways import clock
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.requests import AnyRequest
from partner_network.kernel.errors import InvalidError, NotFoundError, PartnerNetworkError
from partner_network.kernel.sentences import Sentence
from partner_network.receipts.trials import numbers
from partner_network.receipts.trials.numbers import NotTypedError
from partner_network.statements import approving
from partner_network.statements.actions import limits, sign_off
from partner_network.statements.queries import Statement


class Result(msgspec.Struct, frozen=True):
    """What became of one statement that was ticked: what it says now, or why it was set aside."""

    id: UUID
    statement: Statement | None
    why_not: str | None


class LimitForm(msgspec.Struct):
    """From which amount on two people approve; no amount lifts the limit."""

    currency: str = ""
    amount: str = ""
    reason: str = ""


@get("/admin/approvals", guards=[guards.must_be_operator, guards.must_read_money], include_in_schema=False)
async def show_approvals(member: NamedDependency[Member]) -> Template:
    """List what waits for an approval, what the person has to set aside apart from the rest."""
    return await _page(member)


@post(
    "/admin/approvals",
    guards=[guards.must_be_operator, guards.must_approve_statements],
    status_code=HTTP_200_OK,
    include_in_schema=False,
)
async def approve_several(request: AnyRequest, member: NamedDependency[Member]) -> Template:
    """Approve the statements that are ticked, each for itself: one that is refused is set aside with why."""
    form = await request.form()
    reason = str(form.get("reason", ""))
    ticked = [str(one) for one in form.getall("statement", [])][: queries.AT_ONCE_MAX]
    errors: dict[str, str] = {}
    if not ticked:
        errors["statement"] = Sentence("Tick at least one statement.")
    errors |= approving.missing_reason(reason)
    if errors:
        return await _page(member, errors=errors, reason=reason, ticked=ticked)
    results = [await _approve(one, reason, member) for one in ticked]
    return await _page(member, results=results)


async def _approve(ticked: str, reason: str, member: Member) -> Result:
    shown, _, hashed = ticked.partition(":")
    statement_id = addresses.in_path("stm", shown)
    try:
        content_hash = bytes.fromhex(hashed)
    except ValueError:
        content_hash = b""  # nobody read it, so the action refuses it as changed content
    try:
        statement = await sign_off.approve_statement(
            statement_id,
            content_hash=content_hash,
            approver=member,
            reason=reason,
            now=await clock.now(),
        )
    except NotFoundError:
        raise
    except PartnerNetworkError as error:
        return Result(statement_id, None, error.sentence)
    return Result(statement_id, statement, None)


async def _page(
    member: Member,
    *,
    errors: Mapping[str, str] | None = None,
    reason: str = "",
    ticked: Sequence[str] = (),
    results: Sequence[Result] = (),
) -> Template:
    desk = await queries.desk(await clock.now())
    may = permissions.may(member, "approve statements")
    return Template(
        "admin/approvals.html",
        context={
            "mine": [one for one in desk.waiting if may and one.why_not(member) is None],
            "aside": [(one, one.why_not(member)) for one in desk.waiting if not may or one.why_not(member)],
            "total": desk.total,
            "may_approve": may,
            "errors": errors or {},
            "reason": reason,
            "ticked": ticked,
            "results": results,
        },
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
    )


@get(
    "/admin/approval-limits",
    guards=[guards.must_be_operator, guards.must_read_money],
    include_in_schema=False,
)
async def show_limits() -> Template:
    """List the amounts above which two people approve."""
    return await _limits(LimitForm(), {})


@post(
    "/admin/approval-limits",
    guards=[guards.must_be_operator, guards.must_set_approval_limits],
    include_in_schema=False,
)
async def set_limit(data: URLEncodedBody[LimitForm], member: NamedDependency[Member]) -> Redirect | Template:
    """Set the limit of one currency, or lift it."""
    try:
        above_minor = _typed_minor(data)
    except NotTypedError as error:
        return await _limits(data, {"amount": error.why})
    try:
        await limits.set_limit(
            data.currency, above_minor, reason=data.reason, by=member, now=await clock.now()
        )
    except InvalidError as error:
        return await _limits(data, error.sentence_of)
    return Redirect("/admin/approval-limits", status_code=303)


def _typed_minor(form: LimitForm) -> int | None:
    if not form.amount.strip():
        return None
    try:
        digits = numbers.exponent(form.currency)
    except InvalidError:
        return None  # the action says what is wrong with the currency
    return numbers.scaled(form.amount.strip(), digits)


async def _limits(form: LimitForm, errors: Mapping[str, str]) -> Template:
    held, names, currencies = await queries.limits(await clock.now())
    return Template(
        "admin/approval_limits.html",
        context={"limits": held, "name_of": names, "currencies": currencies, "form": form, "errors": errors},
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
    )
