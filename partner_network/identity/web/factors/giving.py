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
    HTTP_429_TOO_MANY_REQUESTS,
)

from partner_network.identity.actions.factors import giving, passkeys
from partner_network.identity.actions.factors.giving import Proof
from partner_network.identity.queries import Session
from partner_network.identity.rules import credentials
from partner_network.identity.rules import passkeys as passkey_rules
from partner_network.identity.rules.factors import SignInOverError, WrongProofError
from partner_network.identity.web import guards, sign_in
from partner_network.identity.web.factors import holders
from partner_network.identity.web.factors.holders import Holder
from partner_network.identity.web.limits import Entrance
from partner_network.identity.web.requests import SessionCookie
from partner_network.identity.web.sign_in import NextPath, SessionBody, SignInForm
from partner_network.kernel.errors import InvalidError, NotFoundError, TooOftenError
from partner_network.kernel.sentences import Sentence
from partner_network.settings import Settings


class FactorForm(msgspec.Struct):
    """What the page sends: a code, or what its script got from a passkey; and where to go on."""

    code: str = ""
    passkey: str = ""
    next: str = ""


class GivenFactor(msgspec.Struct, forbid_unknown_fields=True):
    """The present code of an authenticator, or a recovery code; or a passkey's answer in WebAuthn's JSON."""

    code: str | None = None
    passkey: dict[str, Any] | None = None


@get("/second-factor")
async def show_second_factor(
    visitor: NamedDependency[SkipValidation[Session | None]],
    request: Request[Any, Any, Any],
    cookie: NamedDependency[SkipValidation[SessionCookie]],
    settings: NamedDependency[SkipValidation[Settings]],
    next_path: NextPath = "/",
) -> Template | Redirect:
    """Ask for the second factor; who has none yet sets one up first, who gave one goes on."""
    target = credentials.local_path(next_path)
    holder = await holders.holder_of(request, cookie, visitor)
    if holder is None:
        return _redirect("/sign-in", target)
    if not holder.is_signing_in and visitor is not None and visitor.member.has_given_factor:
        return Redirect(target, status_code=303)
    if not holder.kinds:
        return _redirect("/account/second-factors", target)
    return _page(FactorForm(next=target), holder, settings)


@post("/second-factor")
async def give_by_form(
    data: URLEncodedBody[FactorForm],
    visitor: NamedDependency[SkipValidation[Session | None]],
    request: Request[Any, Any, Any],
    *,
    cookie: NamedDependency[SkipValidation[SessionCookie]],
    settings: NamedDependency[SkipValidation[Settings]],
    entrance: NamedDependency[SkipValidation[Entrance]],
) -> Response[Any]:
    """Take the factor and go on under a new token."""
    target = credentials.local_path(data.next)
    holder = await holders.holder_of(request, cookie, visitor)
    if holder is None:
        return _redirect("/sign-in", target)
    if not data.code.strip() and not data.passkey:
        told = Sentence("Type the code that your app shows.")
        return _page(data, holder, settings, error=told, status=HTTP_422_UNPROCESSABLE_ENTITY)
    try:
        given = passkey_rules.read(data.passkey) if data.passkey else None
        fresh = await holders.give(holder, _proof(data.code, given, settings), request, entrance)
    except (WrongProofError, TooOftenError) as error:
        is_wrong = isinstance(error, WrongProofError)
        status = HTTP_403_FORBIDDEN if is_wrong else HTTP_429_TOO_MANY_REQUESTS
        return _page(data, holder, settings, error=error.sentence, status=status)
    except SignInOverError as error:
        again = SignInForm(next=target)
        return sign_in.form_page(again, errors={"": error.sentence}, status=HTTP_403_FORBIDDEN)
    if holder.is_signing_in:
        return sign_in.entered(fresh, target, cookie)
    return Redirect(target, status_code=303, cookies=[cookie.holding(fresh.token)])


@post("/api/v1/sessions/current/second-factor", guards=[guards.must_be_signed_in])
async def give_as_program(
    data: JSONBody[GivenFactor],
    visitor: NamedDependency[SkipValidation[Session | None]],
    request: Request[Any, Any, Any],
    *,
    cookie: NamedDependency[SkipValidation[SessionCookie]],
    settings: NamedDependency[SkipValidation[Settings]],
    entrance: NamedDependency[SkipValidation[Entrance]],
) -> Response[SessionBody]:
    """Strengthen the session by a factor; it goes on under a new token, with another CSRF token."""
    if (data.code is None) == (data.passkey is None):
        raise InvalidError(
            "Send either a code or a passkey’s answer.", fields={"code": Sentence("one of the two")}
        )
    holder = await holders.holder_of(request, cookie, visitor)
    if holder is None or holder.is_signing_in:
        raise NotFoundError("Another sign-in waits in this browser; finish that one first.")
    fresh = await holders.give(holder, _proof(data.code or "", data.passkey, settings), request, entrance)
    return await sign_in.told(fresh, cookie, status=HTTP_201_CREATED)


def _proof(code: str, passkey: dict[str, Any] | None, settings: Settings) -> Proof:
    if passkey is None:
        return giving.by_code(code, settings.keyring)
    return passkeys.by_passkey(passkey, holders.must_be_site(settings))


def _redirect(path: str, target: str) -> Redirect:
    return Redirect(f"{path}?{urlencode({'next': target})}", status_code=303)


def _page(
    form: FactorForm, holder: Holder, settings: Settings, *, error: str = "", status: int = HTTP_200_OK
) -> Template:
    may_ask = "passkey" in holder.kinds and holders.site_of(settings) is not None
    return Template(
        "identity/second_factor.html",
        context={"form": form, "kinds": holder.kinds, "asks_passkeys": may_ask, "error": error},
        status_code=status,
    )
