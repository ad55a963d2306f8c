"""Finance answers an objection to a line: declined, or taken back in part or whole."""

from typing import cast

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_409_CONFLICT, HTTP_422_UNPROCESSABLE_ENTITY

from admin import statements
from admin.statements import AnswerForm
from partner_network.commissions.rules import reasons
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.kernel.errors import ConflictError, InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.receipts.trials import numbers
from partner_network.receipts.trials.numbers import NotTypedError
from partner_network.statements import queries
from partner_network.statements.actions import objections
from partner_network.statements.approving import OUTCOMES, Outcome


@post(
    "/admin/statements/{statement:str}/objections/{line:int}/answer",
    guards=[guards.must_be_operator, guards.must_answer_objections],
    include_in_schema=False,
)
async def answer(
    statement: FromPath[str],
    line: FromPath[int],
    data: URLEncodedBody[AnswerForm],
    member: NamedDependency[Member],
) -> Redirect | Template:
    """Answer the objection to one line."""
    statement_id = addresses.in_path("stm", statement)
    about = f"objection-{line}"
    try:
        async with connections.transaction(eyes="operator") as connection:
            currency = (await queries.statement_of(connection, statement_id)).currency
        await objections.answer_objection(
            statement_id,
            line,
            outcome=cast("Outcome", data.outcome),
            minor=_typed_minor(data, currency),
            reason=data.reason,
            by=member,
            now=await clock.now(),
        )
    except InvalidError as error:
        errors = {f"{about}-{name}": why for name, why in error.sentence_of.items()}
        status = HTTP_422_UNPROCESSABLE_ENTITY
        return await statements.refused(statement_id, member, data, "", status, errors=errors, about=about)
    except ConflictError as error:
        return await statements.refused(
            statement_id, member, data, error.sentence, HTTP_409_CONFLICT, about=about
        )
    return Redirect(f"/admin/statements/{statement}#objections", status_code=303)


def _typed_minor(form: AnswerForm, currency: str) -> int:
    """Read what is taken back, in minor units; nothing where the objection is declined."""
    fields: dict[str, str] = {}
    minor = 0
    if form.outcome not in OUTCOMES:
        fields["outcome"] = Sentence("Choose one.")
    if form.outcome == "upheld":
        try:
            minor = numbers.scaled(form.amount.strip(), numbers.exponent(currency))
        except NotTypedError as error:
            fields["amount"] = error.why
    fields |= reasons.missing(form.reason)
    if fields:
        raise InvalidError("An answer is missing.", fields=fields)
    return minor
