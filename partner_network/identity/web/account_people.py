"""The page of one's colleagues: who may do what here, whom one waits for, and whom one parts with."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK
from litestar.types import ControllerRouterHandler

from partner_network.brands import queries as brand_queries
from partner_network.identity import account_queries, queries
from partner_network.identity.actions import brands, invitations, members, people
from partner_network.identity.rules import credentials, permissions
from partner_network.identity.rules.permissions import BrandRole, Member, OperatorRole
from partner_network.identity.web import addresses, guards, mistakes, problems
from partner_network.kernel.errors import ForbiddenError, InvalidError, PartnerNetworkError
from partner_network.kernel.sentences import Sentence
from partner_network.settings import Settings

PAGE = "/account/people"
Done = Literal["invited", "sent", "withdrawn", "roles", "removed", "language"]
SAID: Mapping[str, str] = {
    "invited": Sentence("A letter with a link is on its way."),
    "sent": Sentence("A letter with a new link is on its way; the old link opens nothing any more."),
    "withdrawn": Sentence("The invitation is withdrawn; its link opens nothing any more."),
    "roles": Sentence("The roles are changed. Whoever they are of signs in again to use them."),
    "language": Sentence("Your customers are spoken to in this language from now on."),
    "removed": Sentence("This person can do nothing here any more; what they signed stays signed."),
}


class InviteForm(msgspec.Struct):
    """Whom to invite; nothing is required, so that the page itself can say what is missing."""

    email: str = ""
    role: str = ""


class CustomerLanguageForm(msgspec.Struct):
    """The language that was chosen."""

    customer_language: str = ""


@get(PAGE, guards=[guards.must_read_members], include_in_schema=False)
async def show_people(member: NamedDependency[Member], done: FromQuery[str] = "") -> Template:
    """Show the people of one's side and, to whoever may invite, the open invitations."""
    return await _page(member, InviteForm(), said=SAID.get(done, ""))


@post(f"{PAGE}/invitations", guards=[guards.must_invite_members], include_in_schema=False)
async def invite(
    data: URLEncodedBody[InviteForm],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Response[Any]:
    """Invite a colleague to one's own side."""
    if wrong := _mistakes(data, member):
        return await _page(member, data, errors=wrong, status=422)
    try:
        invitee = people.Invitee(data.email, settings)
        await people.invite_member(member, invitee, role=data.role, brand_id=member.brand_id)
    except PartnerNetworkError as refusal:
        return await _refused(member, refusal, data)
    return _back("invited")


@post(
    f"{PAGE}/invitations/{{invitation:str}}/withdrawal",
    guards=[guards.must_invite_members],
    include_in_schema=False,
)
async def withdraw(invitation: FromPath[str], member: NamedDependency[Member]) -> Response[Any]:
    """End an open invitation."""
    await invitations.withdraw_invitation(member, addresses.plain_uuid(invitation))
    return _back("withdrawn")


@post(
    f"{PAGE}/invitations/{{invitation:str}}/letter",
    guards=[guards.must_invite_members],
    include_in_schema=False,
)
async def send_again(
    invitation: FromPath[str],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Response[Any]:
    """Send an open invitation once more."""
    await invitations.send_again(member, addresses.plain_uuid(invitation), settings)
    return _back("sent")


@post(f"{PAGE}/customer-language", guards=[guards.must_manage_members], include_in_schema=False)
async def choose_customer_language(
    data: URLEncodedBody[CustomerLanguageForm], member: NamedDependency[Member]
) -> Response[Any]:
    """Choose in which language the brand's customers are spoken to."""
    if member.brand_id is None:
        raise ForbiddenError("Only a brand has customers; act for a brand to choose their language.")
    await brands.choose_customer_language(member, member.brand_id, data.customer_language)
    return _back("language")


@post(f"{PAGE}/{{person:str}}/roles", guards=[guards.must_manage_members], include_in_schema=False)
async def change_roles(
    person: FromPath[str], member: NamedDependency[Member], request: Request[Any, Any, Any]
) -> Response[Any]:
    """Give a colleague exactly the roles that are ticked."""
    ticked: list[object] = (await request.form()).getall("role", [])
    try:
        person_id = addresses.in_path("mbr", person)
        await members.set_roles(member, person_id, [str(role) for role in ticked])
    except PartnerNetworkError as refusal:
        return await _refused(member, refusal)
    return _back("roles")


@post(f"{PAGE}/{{person:str}}/removal", guards=[guards.must_manage_members], include_in_schema=False)
async def remove(person: FromPath[str], member: NamedDependency[Member]) -> Response[Any]:
    """Part with a colleague."""
    try:
        await members.remove_person(member, addresses.in_path("mbr", person))
    except PartnerNetworkError as refusal:
        return await _refused(member, refusal)
    return _back("removed")


ROUTES: Sequence[ControllerRouterHandler] = (
    show_people,
    invite,
    withdraw,
    send_again,
    choose_customer_language,
    change_roles,
    remove,
)


def _back(done: Done) -> Redirect:
    return Redirect(f"{PAGE}?done={done}", status_code=303)


def _mistakes(form: InviteForm, member: Member) -> dict[str, str]:
    """Collect what is wrong with each field, where the action stops at the first."""
    wrong = mistakes.missing({"email": form.email})
    try:
        credentials.email_of(form.email)
    except InvalidError as error:
        wrong.setdefault("email", error.sentence)
    try:
        permissions.must_be_role(form.role, of_operator=member.is_operator)
    except InvalidError as error:
        wrong["role"] = error.sentence if form.role else mistakes.CHOOSE
    return wrong


async def _refused(member: Member, refusal: PartnerNetworkError, form: InviteForm | None = None) -> Template:
    """Show the page again with the reason, and with what was typed."""
    fields = {name: refusal.sentence for name in refusal.sentence_of if name in {"email", "role"}}
    errors = fields or {"": refusal.sentence}
    return await _page(member, form or InviteForm(), errors=errors, status=problems.status_of(refusal))


async def _customer_language(member: Member) -> str:
    if member.brand_id is None:
        return ""
    return (await brand_queries.brand_of(member.brand_id, eyes=member.eyes)).customer_language


async def _page(
    member: Member,
    form: InviteForm,
    *,
    said: str = "",
    errors: Mapping[str, str] | None = None,
    status: int = HTTP_200_OK,
) -> Template:
    may_invite = permissions.may(member, "invite members")
    return Template(
        "identity/people.html",
        context={
            "people": await queries.colleagues_of(member),
            "customer_language": await _customer_language(member),
            "invitations": await account_queries.open_invitations_of(member) if may_invite else [],
            # to the network itself only an admin invites
            "may_invite_here": may_invite and (not member.is_operator or "admin" in member.roles),
            "side_roles": get_args(OperatorRole if member.is_operator else BrandRole),
            "form": form,
            "said": said,
            "errors": errors or {},
        },
        status_code=status,
    )
