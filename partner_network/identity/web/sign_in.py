"""Signing in and out, by form for people and as JSON for programs."""

from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException
from litestar.params import JSONBody, QueryParameter, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_201_CREATED,
    HTTP_403_FORBIDDEN,
    HTTP_422_UNPROCESSABLE_ENTITY,
    HTTP_429_TOO_MANY_REQUESTS,
)

from partner_network.gateways import clock
from partner_network.identity import queries
from partner_network.identity.actions import sessions
from partner_network.identity.actions.factors import giving
from partner_network.identity.actions.sessions import PendingSignIn, SignedIn
from partner_network.identity.queries import Place, Session
from partner_network.identity.rules import credentials
from partner_network.identity.rules.factors import SecondFactorRequiredError
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards, mistakes, requests
from partner_network.identity.web.limits import LIMITED_AT_DOOR, Entrance
from partner_network.identity.web.requests import SessionCookie
from partner_network.kernel import ids
from partner_network.kernel.errors import ForbiddenError, TooOftenError
from partner_network.kernel.sentences import Sentence
from partner_network.settings import Settings

NextPath: TypeAlias = Annotated[str, QueryParameter(name="next", max_length=2_000)]


class Credentials(msgspec.Struct, forbid_unknown_fields=True):
    """What a program signs in with; the code is the present one of the second factor, or a recovery code."""

    email: str
    password: str
    code: str | None = None


class SignInForm(msgspec.Struct):
    """What the sign-in page sends; nothing is required, so that the page itself can say what is missing."""

    email: str = ""
    password: str = ""
    next: str = ""


class BrandChoice(msgspec.Struct):
    """For whom to go on: a brand, or the operator when it is left empty."""

    brand: str = ""
    next: str = ""


class SessionChange(msgspec.Struct, forbid_unknown_fields=True):
    """For whom a program goes on: a brand, or null for the operator."""

    brand: str | None


class MemberBody(msgspec.Struct):
    """The signed-in person."""

    id: str
    name: str
    email: str
    brand: str | None
    roles: list[str]


class PlaceBody(msgspec.Struct):
    """Where the person may act; no brand is the operator."""

    brand: str | None
    name: str


class SessionBody(msgspec.Struct):
    """A session: who it is, and the token to send as `X-CSRF-Token` with every change."""

    member: MemberBody
    csrf_token: str
    places: list[PlaceBody]


@get("/sign-in")
async def show_sign_in(next_path: NextPath = "/") -> Template:
    """Show the sign-in form."""
    return form_page(SignInForm(next=credentials.local_path(next_path)))


@post("/sign-in", opt={LIMITED_AT_DOOR: True})
async def sign_in_by_form(
    data: URLEncodedBody[SignInForm],
    request: Request[Any, Any, Any],
    cookie: NamedDependency[SkipValidation[SessionCookie]],
    entrance: NamedDependency[SkipValidation[Entrance]],
) -> Response[Any]:
    """Sign in and go where the person was going."""
    if missing := mistakes.missing({"email": data.email, "password": data.password}):
        return form_page(data, errors=missing, status=HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        async with entrance.attempt("sign-in", data.email, request):
            signed_in = await sessions.sign_in(
                data.email,
                data.password,
                replaces=request.cookies.get(cookie.name),
                device=requests.device(request),
                is_known_device=entrance.knows(data.email, request),
            )
    except ForbiddenError as error:
        return form_page(data, errors={"": error.sentence}, status=HTTP_403_FORBIDDEN)
    except TooOftenError as error:
        page = form_page(data, errors={"": error.sentence}, status=HTTP_429_TOO_MANY_REQUESTS)
        page.set_header("retry-after", str(error.retry_after_s))
        return page
    if isinstance(signed_in, PendingSignIn):
        answer = awaited(signed_in, data.next, cookie)
    else:
        answer = entered(signed_in, data.next, cookie)
    answer.set_cookie(entrance.remembered(data.email, request))
    return answer


@get("/brand-choice", guards=[guards.must_be_signed_in])
async def show_brand_choice(session: NamedDependency[Session], next_path: NextPath = "/") -> Template:
    """Ask for whom a person with several brands goes on."""
    return Template(
        "identity/brand_choice.html",
        context={
            "session": session,
            "places": [
                (_place(place).brand, place.name) for place in await queries.places_of_member(session.member)
            ],
            "next": credentials.local_path(next_path),
        },
    )


@post("/brand-choice", guards=[guards.must_be_signed_in])
async def choose_brand(
    data: URLEncodedBody[BrandChoice],
    member: NamedDependency[Member],
    request: Request[Any, Any, Any],
    cookie: NamedDependency[SkipValidation[SessionCookie]],
) -> Redirect:
    """Go on for the chosen brand."""
    fresh = await _switch(member, data.brand or None, request, cookie)
    return Redirect(credentials.local_path(data.next), status_code=303, cookies=[cookie.holding(fresh.token)])


@post("/sign-out", guards=[guards.must_be_signed_in])
async def sign_out_by_form(
    request: Request[Any, Any, Any], cookie: NamedDependency[SkipValidation[SessionCookie]]
) -> Redirect:
    """End the session and show the sign-in."""
    await sessions.sign_out(request.cookies[cookie.name])
    return Redirect("/sign-in", status_code=303, cookies=[cookie.cleared()])


@post("/api/v1/sessions", opt={LIMITED_AT_DOOR: True})
async def create_session(
    data: JSONBody[Credentials],
    request: Request[Any, Any, Any],
    cookie: NamedDependency[SkipValidation[SessionCookie]],
    settings: NamedDependency[SkipValidation[Settings]],
    entrance: NamedDependency[SkipValidation[Entrance]],
) -> Response[SessionBody]:
    """Sign in; the session's token comes as a cookie, its CSRF token in the body.

    Who has a second factor sends its code too; without it the answer is 401 `second-factor-required`.
    """
    async with entrance.attempt("sign-in", data.email, request):
        signed_in = await sessions.sign_in(
            data.email,
            data.password,
            replaces=request.cookies.get(cookie.name),
            device=requests.device(request),
            is_known_device=entrance.knows(data.email, request),
        )
    if isinstance(signed_in, PendingSignIn):
        if data.code is None:
            raise SecondFactorRequiredError(
                "This account has a second factor; send its present code, or a recovery code, as `code`."
            )
        proof = giving.by_code(data.code, settings.keyring)
        async with entrance.attempt("second factor", str(signed_in.member_id), request):
            signed_in = await giving.finish_sign_in(signed_in.token, proof, device=requests.device(request))
    answer = await told(signed_in, cookie)
    answer.set_cookie(entrance.remembered(data.email, request))
    return answer


@get("/api/v1/sessions/current", guards=[guards.must_be_signed_in])
async def read_session(session: NamedDependency[Session]) -> SessionBody:
    """Say who is signed in, and for which brand."""
    return _session(session, await queries.places_of_member(session.member))


@put("/api/v1/sessions/current", guards=[guards.must_be_signed_in])
async def switch_session(
    data: JSONBody[SessionChange],
    member: NamedDependency[Member],
    request: Request[Any, Any, Any],
    cookie: NamedDependency[SkipValidation[SessionCookie]],
) -> Response[SessionBody]:
    """Go on for another brand, under a new token."""
    fresh = await _switch(member, data.brand, request, cookie)
    return await told(fresh, cookie, status=HTTP_200_OK)


@delete("/api/v1/sessions/current", guards=[guards.must_be_signed_in])
async def delete_session(
    request: Request[Any, Any, Any], cookie: NamedDependency[SkipValidation[SessionCookie]]
) -> Response[None]:
    """Sign out."""
    await sessions.sign_out(request.cookies[cookie.name])
    return Response(None, status_code=204, cookies=[cookie.cleared()])


def entered(signed_in: SignedIn, wanted: str, cookie: SessionCookie) -> Redirect:
    """Lead a person who just signed in to where they were going; who has several brands chooses one first."""
    target = credentials.local_path(wanted)
    if len(signed_in.places) > 1:
        target = f"/brand-choice?{urlencode({'next': target})}"
    cookies = [cookie.holding(signed_in.token), cookie.done_waiting()]
    return Redirect(target, status_code=303, cookies=cookies)


def awaited(pending: PendingSignIn, wanted: str, cookie: SessionCookie) -> Redirect:
    """Lead a person whose password was right to where the second factor is given."""
    target = f"/second-factor?{urlencode({'next': credentials.local_path(wanted)})}"
    return Redirect(target, status_code=303, cookies=[cookie.waiting(pending.token), cookie.cleared()])


async def _switch(
    member: Member, brand: str | None, request: Request[Any, Any, Any], cookie: SessionCookie
) -> SignedIn:
    brand_id = None if brand is None else addresses.in_body("bnd", brand, field="brand")
    token = request.cookies[cookie.name]
    return await sessions.switch_brand(member, brand_id, replaces=token, device=requests.device(request))


async def told(
    signed_in: SignedIn, cookie: SessionCookie, *, status: int = HTTP_201_CREATED
) -> Response[SessionBody]:
    """Answer a program with its fresh session."""
    body = await body_of(signed_in)
    return Response(body, status_code=status, cookies=[cookie.holding(signed_in.token)])


async def body_of(signed_in: SignedIn) -> SessionBody:
    """Return a fresh session as programs see it."""
    session = await queries.session_of(signed_in.token, clock.wall_now())
    if session is None:
        raise NotAuthorizedException(Sentence("The session just ended again; sign in once more."))
    return _session(session, signed_in.places)


def _session(session: Session, places: Sequence[Place]) -> SessionBody:
    member = session.member
    brand = None if member.brand_id is None else ids.shown("bnd", member.brand_id)
    shown = MemberBody(ids.shown("mbr", member.id), member.name, member.email, brand, sorted(member.roles))
    return SessionBody(shown, session.csrf_token, [_place(place) for place in places])


def _place(place: Place) -> PlaceBody:
    return PlaceBody(None if place.brand_id is None else ids.shown("bnd", place.brand_id), str(place.name))


def form_page(
    form: SignInForm, *, errors: dict[str, str] | None = None, status: int = HTTP_200_OK
) -> Template:
    """Show the sign-in form, with what was wrong."""
    return Template(
        "identity/sign_in.html", context={"form": form, "errors": errors or {}}, status_code=status
    )
