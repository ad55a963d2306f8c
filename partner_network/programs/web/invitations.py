"""Taking an invitation up, on its page or as JSON."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_403_FORBIDDEN, HTTP_422_UNPROCESSABLE_ENTITY

from partner_network.gateways import clock
from partner_network.identity import queries as people
from partner_network.identity.actions import sessions
from partner_network.identity.actions.sessions import PendingSignIn
from partner_network.identity.queries import Invitation, Session
from partner_network.identity.rules import credentials
from partner_network.identity.web import languages, requests, sign_in
from partner_network.identity.web.limits import Entrance
from partner_network.identity.web.requests import SessionCookie
from partner_network.kernel import ids
from partner_network.kernel.errors import ForbiddenError, InvalidError, NotFoundError
from partner_network.programs import actions, queries
from partner_network.programs.queries import Offer


class Acceptance(msgspec.Struct, forbid_unknown_fields=True):
    """Who accepts; a person who has an account gives its password, and the name is left as it is."""

    token: str
    password: str
    name: str = ""


class AcceptanceForm(msgspec.Struct):
    """What the invitation's page sends."""

    name: str = ""
    password: str = ""


class AcceptedBody(msgspec.Struct):
    """Who joined what; sign in next."""

    member: str
    email: str
    brand: str | None
    partnership: str | None


@post("/api/v1/invitations/acceptance")
async def accept_invitation(
    data: JSONBody[Acceptance],
    request: Request[Any, Any, Any],
    entrance: NamedDependency[SkipValidation[Entrance]],
) -> AcceptedBody:
    """Join with the invitation's token."""
    async with entrance.attempt("invitation", data.token, request):
        accepted = await actions.accept_invitation(data.token, name=data.name, password=data.password)
    return AcceptedBody(
        ids.shown("mbr", accepted.member_id),
        accepted.email,
        None if accepted.brand_id is None else ids.shown("bnd", accepted.brand_id),
        None if accepted.partnership_id is None else ids.shown("prt", accepted.partnership_id),
    )


@get("/invitations/{token:str}")
async def show_invitation(
    token: FromPath[str],
    visitor: NamedDependency[SkipValidation[Session | None]],
    request: Request[Any, Any, Any],
) -> Template:
    """Show what an invitation offers, and ask for what is needed to accept it."""
    invitation = await _open_invitation(token)
    return _page(invitation, await _offer(invitation, request), visitor, AcceptanceForm())


@post("/invitations/{token:str}")
async def accept_by_form(
    token: FromPath[str],
    data: URLEncodedBody[AcceptanceForm],
    *,
    entrance: NamedDependency[SkipValidation[Entrance]],
    visitor: NamedDependency[SkipValidation[Session | None]],
    request: Request[Any, Any, Any],
    cookie: NamedDependency[SkipValidation[SessionCookie]],
) -> Response[Any]:
    """Join, and go on signed in."""
    invitation = await _open_invitation(token)
    offer = await _offer(invitation, request)
    if mistakes := _mistakes(data, invitation):
        return _page(invitation, offer, visitor, data, errors=mistakes, status=HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        async with entrance.attempt("invitation", token, request):
            await actions.accept_invitation(token, name=data.name, password=data.password)
    except ForbiddenError as error:
        return _page(
            invitation, offer, visitor, data, errors={"password": error.sentence}, status=HTTP_403_FORBIDDEN
        )
    former = request.cookies.get(cookie.name)
    signed_in = await sessions.sign_in(
        invitation.email, data.password, replaces=former, device=requests.device(request)
    )
    known = entrance.remembered(invitation.email, request)
    if isinstance(signed_in, PendingSignIn):
        answer = sign_in.awaited(signed_in, "/", cookie)
        answer.set_cookie(known)
        return answer
    return Redirect("/", status_code=303, cookies=[cookie.holding(signed_in.token), known])


def _mistakes(form: AcceptanceForm, invitation: Invitation) -> dict[str, str]:
    """Collect what is wrong with each field, where the action stops at the first."""
    mistakes: dict[str, str] = {}
    if invitation.is_known:  # the account's own password answers for itself, and its name stays
        return mistakes
    try:
        credentials.must_be_name(form.name)
    except InvalidError as error:
        mistakes["name"] = error.sentence
    try:
        credentials.must_be_password(form.password, email=invitation.email)
    except InvalidError as error:
        mistakes["password"] = error.sentence
    return mistakes


async def _open_invitation(token: str) -> Invitation:
    invitation = await people.invitation_of(token, await clock.now())
    if invitation is None:
        raise NotFoundError("This invitation is used up or has expired; ask for a new one.")
    return invitation


async def _offer(invitation: Invitation, request: Request[Any, Any, Any]) -> Offer:
    """Read between whom the invitation is, and go on in the language of the company that invites."""
    offer = await queries.offer_of(invitation.brand_id, invitation.partnership_id)
    if offer.language is not None:
        languages.write_for_customers(request.scope, offer.language)
    return offer


def _page(
    invitation: Invitation,
    offer: Offer,
    visitor: Session | None,
    form: AcceptanceForm,
    *,
    errors: Mapping[str, str] | None = None,
    status: int = HTTP_200_OK,
) -> Template:
    return Template(
        "programs/invitation.html",
        context={
            "invitation": invitation,
            "offer": offer,
            "form": form,
            "errors": errors or {},
            "csrf": visitor.csrf_token if visitor else None,
        },
        status_code=status,
        # The address is the secret: no cache keeps it, no other site is told it.
        headers={"cache-control": "no-store", "referrer-policy": "no-referrer"},
    )
