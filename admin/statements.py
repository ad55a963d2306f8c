"""Statements in the back office: find, read, prepare, approve, and ask for a close."""

from collections.abc import Sequence
from typing import Annotated, TypeAlias, get_args
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_403_FORBIDDEN,
    HTTP_409_CONFLICT,
    HTTP_422_UNPROCESSABLE_ENTITY,
)

from admin import queries, wording
from admin.queries import ReadStatement, StatementRow
from partner_network.gateways import clock
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, ForbiddenError
from partner_network.kernel.sentences import Sentence
from partner_network.statements.actions import ask, sign_off
from partner_network.statements.rules import Status

STATEMENTS = 50
LINES = 100
REASON_CHARACTERS_MAX = 500
Before: TypeAlias = FromQuery[str | None]
PageNumber: TypeAlias = Annotated[int, QueryParameter(name="page", ge=1, le=100_000)]


class SignOffForm(msgspec.Struct):
    """What was read, by its hash, and the approver's reason."""

    content_hash: str = ""
    reason: str = ""


@get("/admin/statements", guards=[guards.must_be_operator, guards.must_read_money], include_in_schema=False)
async def list_statements(
    status: FromQuery[str] = "",
    period: FromQuery[str] = "",
    before: Before = None,
    closing: FromQuery[str] = "",
) -> Template:
    """List statements, newest first, of one status or period or of all."""
    periods = await queries.stated_periods()
    statuses: Sequence[Status] = get_args(Status)
    wanted = next((one for one in statuses if one == status), None)
    rows = await queries.statement_rows(
        status=wanted,
        period=period if period in periods else None,
        before=addresses.cursor("stm", before),
        limit=STATEMENTS + 1,
    )
    return Template(
        "admin/statements.html",
        context={
            "words": wording,
            "rows": rows[:STATEMENTS],
            "older": _older(rows, status, period),
            "status": status,
            "statuses": [one for one in statuses if one != "part_paid"],
            "period": period,
            "periods": periods,
            "is_closing": closing == "asked",
        },
    )


@post(
    "/admin/closings",
    guards=[guards.must_be_operator, guards.must_prepare_statements],
    include_in_schema=False,
)
async def close_periods(member: NamedDependency[Member]) -> Redirect:
    """Ask the worker to close every period that has ended."""
    await ask.ask_to_close(member)
    return Redirect("/admin/statements?closing=asked", status_code=303)


@get(
    "/admin/statements/{statement:str}",
    guards=[guards.must_be_operator, guards.must_read_money],
    include_in_schema=False,
)
async def show_statement(
    statement: FromPath[str], member: NamedDependency[Member], page_number: PageNumber = 1
) -> Template:
    """Show one statement with its totals and lines, and what may be done with it."""
    read = await queries.read_statement(addresses.in_path("stm", statement))
    return _page(read, member, page=page_number)


@post(
    "/admin/statements/{statement:str}/preparation",
    guards=[guards.must_be_operator, guards.must_prepare_statements],
    include_in_schema=False,
)
async def prepare(
    statement: FromPath[str], data: URLEncodedBody[SignOffForm], member: NamedDependency[Member]
) -> Redirect | Template:
    """Sign the computed statement off as its preparer."""
    statement_id = addresses.in_path("stm", statement)
    try:
        await sign_off.prepare_statement(
            statement_id,
            content_hash=_hash_in(data.content_hash),
            preparer=member,
            now=await clock.now(),
        )
    except ConflictError as error:
        return await _refused(statement_id, member, data, error.sentence, HTTP_409_CONFLICT)
    return Redirect(f"/admin/statements/{statement}", status_code=303)


@post(
    "/admin/statements/{statement:str}/approval",
    guards=[guards.must_be_operator, guards.must_approve_statements],
    include_in_schema=False,
)
async def approve(
    statement: FromPath[str], data: URLEncodedBody[SignOffForm], member: NamedDependency[Member]
) -> Redirect | Template:
    """Approve exactly the content that was read, as another person than its preparer."""
    statement_id = addresses.in_path("stm", statement)
    reason = data.reason.strip()
    if not 0 < len(reason) <= REASON_CHARACTERS_MAX:
        told = Sentence("Say in up to {limit} characters why you approve it.", limit=REASON_CHARACTERS_MAX)
        return await _refused(
            statement_id, member, data, "", HTTP_422_UNPROCESSABLE_ENTITY, errors={"reason": told}
        )
    try:
        await sign_off.approve_statement(
            statement_id,
            content_hash=_hash_in(data.content_hash),
            approver=member,
            reason=reason,
            now=await clock.now(),
        )
    except ForbiddenError as error:
        return await _refused(statement_id, member, data, error.sentence, HTTP_403_FORBIDDEN)
    except ConflictError as error:
        return await _refused(statement_id, member, data, error.sentence, HTTP_409_CONFLICT)
    return Redirect(f"/admin/statements/{statement}", status_code=303)


def why_not_to_approve(read: ReadStatement, member: Member) -> Sentence | None:
    """Return why this person cannot approve a statement that waits for it; None when they can."""
    if not permissions.may(member, "approve statements"):
        return Sentence("It waits for somebody in the network’s finance to approve it.")
    if read.statement.preparer_id == member.id:
        return Sentence("You prepared this statement yourself; another person in finance must approve it.")
    return None


def _hash_in(text: str) -> bytes:
    # What is no hash is not what anybody read, so the action refuses it as changed content.
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _older(rows: Sequence[StatementRow], status: str, period: str) -> str:
    if len(rows) <= STATEMENTS:
        return ""
    last = ids.shown("stm", rows[STATEMENTS - 1].id)
    return f"/admin/statements?{urlencode({'status': status, 'period': period, 'before': last})}"


async def _refused(
    statement_id: UUID,
    member: Member,
    form: SignOffForm,
    refusal: str,
    status: int,
    *,
    errors: dict[str, str] | None = None,
) -> Template:
    read = await queries.read_statement(statement_id)
    return _page(read, member, form=form, refusal=refusal, errors=errors, status=status)


def _page(
    read: ReadStatement,
    member: Member,
    *,
    page: int = 1,
    form: SignOffForm | None = None,
    refusal: str = "",
    errors: dict[str, str] | None = None,
    status: int = HTTP_200_OK,
) -> Template:
    first = (page - 1) * LINES
    return Template(
        "admin/statement.html",
        context={
            "words": wording,
            "read": read,
            "statement": read.statement,
            "lines": read.lines[first : first + LINES],
            "first": first,
            "page": page,
            "has_more": len(read.lines) > first + LINES,
            "may_prepare": permissions.may(member, "prepare statements"),
            "why_not": why_not_to_approve(read, member),
            "form": form or SignOffForm(),
            "refusal": refusal,
            "errors": errors or {},
        },
        status_code=status,
    )
