"""Give the second factor: after the password, or where a page wants more than the password."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_201_CREATED,
    HTTP_403_FORBIDDEN,
    HTTP_422_UNPROCESSABLE_ENTITY,
)

from partner_network.gateways import clock
from partner_network.identity import factor_queries
from partner_network.identity.actions.factors import giving
from partner_network.identity.queries import Session
from partner_network.identity.rules import credentials
from partner_network.identity.rules.factors import SignInOverError, WrongCodeError
from partner_network.identity.web import guards, requests, sign_in
from partner_network.identity.web.requests import SessionCookie
from partner_network.identity.web.sign_in import NextPath, SessionBody, SignInForm
from partner_network.settings import Settings


class CodeForm(msgspec.Struct):
    """What the page sends: the code, and where to go on."""

    code: str = ""
    next: str = ""


class GivenFactor(msgspec.Struct, forbid_unknown_fields=True):
    """The present code of an authenticator, or a recovery code."""

    code: str


@get("/second-factor")
async def show_second_factor(
    visitor: NamedDependency[SkipValidation[Session | None]],
    request: Request[Any, Any, Any],
    cookie: NamedDependency[SkipValidation[SessionCookie]],
    next_path: NextPath = "/",
) -> Template | Redirect:
    """Ask for the second factor; who has none yet sets one up first, who gave one goes on."""
    target = credentials.local_path(next_path)
    if kinds := await _kinds_awaited(request, cookie):
        return _page(CodeForm(next=target), kinds)
    if visitor is None:
        return _redirect("/sign-in", target)
    if visitor.member.has_given_factor:
        return Redirect(target, status_code=303)
    held = await factor_queries.factors_of(visitor.member)
    if not held.factors:
        return _redirect("/account/security", target)
    return _page(CodeForm(next=target), frozenset(factor.kind for factor in held.factors))


@post("/second-factor")
async def give_by_form(
    data: URLEncodedBody[CodeForm],
    visitor: NamedDependency[SkipValidation[Session | None]],
    request: Request[Any, Any, Any],
    cookie: NamedDependency[SkipValidation[SessionCookie]],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Response[Any]:
    """Take the code and go on under a new token."""
    kinds = await _kinds_awaited(request, cookie)
    if not kinds and visitor is None:
        return _redirect("/sign-in", credentials.local_path(data.next))
    if not data.code.strip():
        return _page(data, kinds, "Type the code that your app shows.", HTTP_422_UNPROCESSABLE_ENTITY)
    proof, device = giving.by_code(data.code, settings.keyring), requests.device(request)
    try:
        if kinds:
            token = request.cookies[cookie.waiting_name]
            return sign_in.entered(
                await giving.finish_sign_in(token, proof, device=device), data.next, cookie
            )
        fresh = await giving.strengthen(request.cookies[cookie.name], proof, device=device)
    except WrongCodeError as error:
        return _page(data, kinds, error.detail, HTTP_403_FORBIDDEN)
    except SignInOverError as error:
        again = SignInForm(next=credentials.local_path(data.next))
        return sign_in.form_page(again, errors={"": error.detail}, status=HTTP_403_FORBIDDEN)
    return Redirect(credentials.local_path(data.next), status_code=303, cookies=[cookie.holding(fresh.token)])


@post("/api/v1/sessions/current/second-factor", guards=[guards.must_be_signed_in])
async def give_as_program(
    data: JSONBody[GivenFactor],
    request: Request[Any, Any, Any],
    cookie: NamedDependency[SkipValidation[SessionCookie]],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Response[SessionBody]:
    """Strengthen the session by a code; it goes on under a new token, with another CSRF token."""
    proof = giving.by_code(data.code, settings.keyring)
    fresh = await giving.strengthen(request.cookies[cookie.name], proof, device=requests.device(request))
    return await sign_in.told(fresh, cookie, status=HTTP_201_CREATED)


async def _kinds_awaited(request: Request[Any, Any, Any], cookie: SessionCookie) -> frozenset[str]:
    """Return what could finish the sign-in that waits in this browser; nothing where none waits."""
    token = request.cookies.get(cookie.waiting_name)
    pending = None if token is None else await factor_queries.pending_of(token, clock.wall_now())
    return frozenset() if pending is None else pending.kinds


def _redirect(path: str, target: str) -> Redirect:
    return Redirect(f"{path}?{urlencode({'next': target})}", status_code=303)


def _page(form: CodeForm, kinds: frozenset[str], error: str = "", status: int = HTTP_200_OK) -> Template:
    return Template(
        "identity/second_factor.html",
        context={"form": form, "kinds": kinds, "error": error},
        status_code=status,
    )
