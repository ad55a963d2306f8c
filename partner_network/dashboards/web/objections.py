"""A payer objects to a line of a statement, on a page of its own."""

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_409_CONFLICT, HTTP_422_UNPROCESSABLE_ENTITY

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.kernel.errors import ConflictError, InvalidError, NotFoundError, PartnerNetworkError
from partner_network.statements import beside, queries
from partner_network.statements.actions import objections


class ObjectionForm(msgspec.Struct):
    """Why the payer thinks that a line is wrong."""

    reason: str = ""


@get("/statements/{statement:str}/lines/{line:int}/objection", guards=[guards.must_object_to_statements])
async def show_objection(
    statement: FromPath[str], line: FromPath[int], member: NamedDependency[Member]
) -> Template:
    """Show the form to object to one line, or why it cannot be objected to."""
    return await _page(statement, line, member, ObjectionForm())


@post("/statements/{statement:str}/lines/{line:int}/objection", guards=[guards.must_object_to_statements])
async def object_to_line(
    statement: FromPath[str],
    line: FromPath[int],
    data: URLEncodedBody[ObjectionForm],
    member: NamedDependency[Member],
) -> Redirect | Template:
    """Object to one line."""
    try:
        await objections.object_to_line(
            addresses.in_path("stm", statement), line, reason=data.reason, by=member, now=await clock.now()
        )
    except (InvalidError, ConflictError) as error:
        return await _page(statement, line, member, data, error)
    return Redirect(f"/statements/{statement}#objections", status_code=303)


async def _page(
    statement: str, line: int, member: Member, form: ObjectionForm, refused: PartnerNetworkError | None = None
) -> Template:
    brand_id, now = guards.brand_of(member), await clock.now()
    wanted = addresses.in_path("stm", statement)
    async with connections.transaction(eyes=brand_id) as connection:
        found = await queries.statement_for(connection, wanted, brand_id)
        right = await beside.right_of(connection, found, now)
        of = await queries.line_of(connection, wanted, line)
    if of is None:
        raise NotFoundError("This statement has no such line; open it again and choose one of its lines.")
    errors = dict(refused.sentence_of) if isinstance(refused, InvalidError) else {}
    status = HTTP_200_OK
    if refused is not None:
        status = HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_409_CONFLICT
    return Template(
        "portal/objection.html",
        context={
            "statement": found,
            "line": of,
            "right": right,
            "may_object": found.payer_id == brand_id and right is not None and right.why_not is None,
            "form": form,
            "errors": errors,
            "refusal": "" if refused is None or errors else refused.sentence,
        },
        status_code=status,
    )
