"""Statements in the back office: find, read, prepare, approve, and ask for a close."""

from collections.abc import Mapping, Sequence
from typing import get_args
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_403_FORBIDDEN,
    HTTP_409_CONFLICT,
    HTTP_422_UNPROCESSABLE_ENTITY,
)

from admin import files, next_steps, reading, wording
from admin.queries import lines
from admin.queries import statements as queries
from admin.queries.statements import ReadStatement
from partner_network.gateways import clock
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.listings import Listing
from partner_network.identity.web.requests import AnyRequest
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, ForbiddenError
from partner_network.kernel.sentences import Sentence
from partner_network.payouts import rules as payout_rules
from partner_network.statements import approving
from partner_network.statements.actions import ask, sign_off
from partner_network.statements.rules import LineKind, Status

LINES = 100
STATUSES: Sequence[Status] = [one for one in get_args(Status) if one != "part_paid"]


class SignOffForm(msgspec.Struct):
    """What was read, by its hash, and the approver's reason."""

    content_hash: str = ""
    reason: str = ""


class AnswerForm(msgspec.Struct):
    """How an objection is answered: the amount is taken back where it is upheld."""

    outcome: str = ""
    amount: str = ""
    reason: str = ""


@get("/admin/statements", guards=[guards.must_be_operator, guards.must_read_money], include_in_schema=False)
async def list_statements(request: AnyRequest, closing: FromQuery[str] = "") -> Template | Response[bytes]:
    """List statements, newest first, of one status or period or of all."""
    stated = await queries.stated_and_unclosed(await clock.now())
    asked = Listing.read(
        request.query_params,
        queries.ORDER,
        "-period",
        filters={
            "status": STATUSES,
            "period": stated.periods,
            "payer": [one.slug for one in stated.payers],
            "payee": [one.slug for one in stated.payees],
        },
    )
    listing, rows, sums = await queries.statement_rows(asked)
    if listing.wants_csv:
        return files.statements(rows)
    return Template(
        "admin/statements.html",
        context={
            "words": wording,
            "listing": listing,
            "rows": rows,
            "sums": sums,
            "statuses": STATUSES,
            "stated": stated,
            "is_closing": closing == "asked",
            "unclosed": stated.unclosed,
        },
    )


@post(
    "/admin/closings",
    guards=[guards.must_be_operator, guards.must_prepare_statements],
    include_in_schema=False,
)
async def close_periods(member: NamedDependency[Member]) -> Redirect:
    """Ask the worker to close every period that has ended."""
    await ask.ask_to_close(member, now=await clock.now())
    return Redirect("/admin/statements?closing=asked", status_code=303)


@get(
    "/admin/statements/{statement:str}",
    guards=[guards.must_be_operator, guards.must_read_money],
    include_in_schema=False,
)
async def show_statement(
    statement: FromPath[str], request: AnyRequest, member: NamedDependency[Member]
) -> Template | Response[bytes]:
    """Show one statement with its totals and lines, and what may be done with it."""
    wanted = addresses.in_path("stm", statement)
    read = await queries.read_statement(wanted, _lines_asked(request), await clock.now())
    if read.listing.wants_csv:
        return files.lines(read)
    return page(read, member)


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
        return await refused(statement_id, member, data, error.sentence, HTTP_409_CONFLICT)
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
    if errors := approving.missing_reason(data.reason):
        return await refused(statement_id, member, data, "", HTTP_422_UNPROCESSABLE_ENTITY, errors=errors)
    try:
        await sign_off.approve_statement(
            statement_id,
            content_hash=_hash_in(data.content_hash),
            approver=member,
            reason=data.reason,
            now=await clock.now(),
        )
    except ForbiddenError as error:
        return await refused(statement_id, member, data, error.sentence, HTTP_403_FORBIDDEN)
    except ConflictError as error:
        return await refused(statement_id, member, data, error.sentence, HTTP_409_CONFLICT)
    return Redirect(f"/admin/statements/{statement}", status_code=303)


def why_not_to_approve(read: ReadStatement, member: Member) -> Sentence | None:
    """Return why this person cannot approve a statement that waits for it; None when they can."""
    if not permissions.may(member, "approve statements"):
        return Sentence("It waits for somebody in the network’s finance to approve it.")
    if read.statement.preparer_id == member.id:
        return Sentence("You prepared this statement yourself; another person in finance must approve it.")
    if read.is_objected_to:
        return Sentence("It waits for the answer to an objection, to it or to a statement before it.")
    first = read.beside.first
    if read.beside.needs_two and first is not None and first.approver_id == member.id:
        return Sentence("You gave its first approval; above the limit another person gives the second.")
    return None


def _hash_in(text: str) -> bytes:
    # What is no hash is not what anybody read, so the action refuses it as changed content.
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _lines_asked(request: AnyRequest | None = None) -> Listing:
    said = {} if request is None else request.query_params
    return Listing.read(said, lines.ORDER, "date", filters={"kind": get_args(LineKind)}, size=LINES)


async def refused(
    statement_id: UUID,
    member: Member,
    form: SignOffForm | AnswerForm,
    refusal: str,
    status: int,
    *,
    errors: Mapping[str, str] | None = None,
    about: str = "",
) -> Template:
    """Show the statement again with what was typed and why it was refused."""
    read = await queries.read_statement(statement_id, _lines_asked(), await clock.now())
    compared = None
    if status == HTTP_409_CONFLICT and isinstance(form, SignOffForm):
        compared = await _compared(read, form.content_hash)
    return page(
        read,
        member,
        form=form,
        refusal=refusal,
        errors=errors,
        compared=compared,
        about=about,
        status=status,
    )


async def _compared(read: ReadStatement, hash_read: str) -> tuple[str, str] | None:
    """Return what the person read beside what the statement says, where the two differ."""
    if hash_read == read.statement.content_hash.hex():
        return None
    other = await queries.statement_with_hash(_hash_in(hash_read))
    if other is None:
        return hash_read, read.statement.content_hash.hex()
    return reading.summary(other), reading.summary(read.statement)


def page(
    read: ReadStatement,
    member: Member,
    *,
    form: SignOffForm | AnswerForm | None = None,
    refusal: str = "",
    errors: Mapping[str, str] | None = None,
    compared: tuple[str, str] | None = None,
    about: str = "",
    status: int = HTTP_200_OK,
) -> Template:
    """Show a statement; ``about`` names the form that ``errors`` are of."""
    return Template(
        "admin/statement.html",
        context={
            "words": wording,
            "read": read,
            "statement": read.statement,
            "listing": read.listing,
            "why_held": payout_rules.why_held,
            "events": reading.events(read),
            "steps": reading.steps(read),
            "next": _next(read),
            "kinds": [one for one in wording.LINE if one in read.statement.totals],
            "may_prepare": permissions.may(member, "prepare statements"),
            "why_not": why_not_to_approve(read, member),
            "form": form or SignOffForm(),
            "refusal": refusal,
            "errors": errors or {},
            "compared": compared,
            "about": about,
            "beside": read.beside,
            "statements_at": "/admin/statements",
            "name_of": read.name_of,
            "answer_form": "admin/objection_answer.html",
            "now": read.now,
        },
        status_code=status,
    )


def _next(read: ReadStatement) -> next_steps.NextStep | None:
    statement, payout = read.statement, read.payout
    href = f"/admin/statements/{ids.shown('stm', statement.id)}"
    sent = None
    if payout is not None:
        at = f"/admin/payouts/{ids.shown('pay', payout.id)}"
        sent = next_steps.of_payout(
            "reversed" if statement.status == "part_paid" else "reserved", payout.held_reason, at
        )
    return next_steps.of_statement(statement.status, href=href, payer=statement.payer_name, payout=sent)
