"""A new password for whoever forgot the old one: asking for a link, and setting it by the link."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT
from litestar.types import ControllerRouterHandler

from partner_network.identity.actions import resets
from partner_network.identity.queries import Session
from partner_network.identity.web import mistakes
from partner_network.identity.web.limits import Entrance
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.languages import catalogs
from partner_network.settings import Settings

ANSWER = Sentence("If there is an account for that address, a letter with a link is on its way.")
_PRIVATE = {"referrer-policy": "no-referrer"}  # the address is the secret: no other site is told it


class Forgotten(msgspec.Struct, forbid_unknown_fields=True):
    """Whose password is forgotten."""

    email: str


class ForgottenForm(msgspec.Struct):
    """What the page sends."""

    email: str = ""


class Reset(msgspec.Struct, forbid_unknown_fields=True):
    """The token of the link, and the new password."""

    token: str
    password: str


class ResetForm(msgspec.Struct):
    """What the link's page sends."""

    password: str = ""


class Said(msgspec.Struct):
    """The same for every address."""

    detail: str


@get("/forgotten-password", include_in_schema=False)
async def show_forgotten(visitor: NamedDependency[SkipValidation[Session | None]]) -> Template:
    """Ask whose password is forgotten."""
    return _forgotten(visitor)


@post("/forgotten-password", include_in_schema=False, status_code=HTTP_200_OK)
async def ask_by_form(
    data: URLEncodedBody[ForgottenForm],
    request: Request[Any, Any, Any],
    visitor: NamedDependency[SkipValidation[Session | None]],
    settings: NamedDependency[SkipValidation[Settings]],
    entrance: NamedDependency[SkipValidation[Entrance]],
) -> Template:
    """Send a link, and say the same whether or not there is such an account."""
    if not data.email.strip():
        return _forgotten(visitor, errors={"email": mistakes.FILL_IN}, status=422)
    await entrance.press("password reset", data.email, request)
    await resets.ask_for_reset(data.email, settings)
    return _forgotten(visitor, email=data.email, said=ANSWER)


@get("/reset-password/{token:str}", include_in_schema=False)
async def show_reset(
    token: FromPath[str], visitor: NamedDependency[SkipValidation[Session | None]]
) -> Template:
    """Ask for the new password."""
    return _page(await resets.must_be_open(token), visitor)


@post("/reset-password/{token:str}", include_in_schema=False)
async def reset_by_form(
    token: FromPath[str],
    data: URLEncodedBody[ResetForm],
    *,
    request: Request[Any, Any, Any],
    visitor: NamedDependency[SkipValidation[Session | None]],
    settings: NamedDependency[SkipValidation[Settings]],
    entrance: NamedDependency[SkipValidation[Entrance]],
) -> Response[Any]:
    """Set the new password; signing in with it, and with the second factor, comes next."""
    email = await resets.must_be_open(token)
    if missing := mistakes.missing({"password": data.password}):
        return _page(email, visitor, errors=missing, status=422)
    try:
        await resets.reset_password(token, data.password, settings)
    except InvalidError as error:
        return _page(email, visitor, errors={"password": error.sentence}, status=422)
    # Who reads the letters of the account is its owner, and gets in from here though others guess at it.
    return Redirect("/reset-password", status_code=303, cookies=[entrance.remembered(email, request)])


@get("/reset-password", include_in_schema=False)
async def show_done() -> Template:
    """Say that the new password is set."""
    return Template("identity/reset_done.html")


@post("/api/v1/password-resets", status_code=HTTP_202_ACCEPTED)
async def ask_for_reset(
    data: JSONBody[Forgotten],
    request: Request[Any, Any, Any],
    settings: NamedDependency[SkipValidation[Settings]],
    entrance: NamedDependency[SkipValidation[Entrance]],
) -> Said:
    """Send a link to an address, if it has an account; the answer is the same if it has none."""
    await entrance.press("password reset", data.email, request)
    await resets.ask_for_reset(data.email, settings)
    return Said(catalogs.translated(ANSWER))


@post("/api/v1/password-resets/completion", status_code=HTTP_204_NO_CONTENT)
async def complete_reset(data: JSONBody[Reset], settings: NamedDependency[SkipValidation[Settings]]) -> None:
    """Set a new password with the token of a link."""
    await resets.reset_password(data.token, data.password, settings)


ROUTES: Sequence[ControllerRouterHandler] = (
    show_forgotten,
    ask_by_form,
    show_reset,
    reset_by_form,
    show_done,
    ask_for_reset,
    complete_reset,
)


def _forgotten(
    visitor: Session | None,
    *,
    email: str = "",
    said: str = "",
    errors: Mapping[str, str] | None = None,
    status: int = HTTP_200_OK,
) -> Template:
    context = {
        "email": email,
        "said": said,
        "errors": errors or {},
        "csrf": visitor.csrf_token if visitor else None,
    }
    return Template("identity/forgotten_password.html", context=context, status_code=status)


def _page(
    email: str,
    visitor: Session | None,
    *,
    errors: Mapping[str, str] | None = None,
    status: int = HTTP_200_OK,
) -> Template:
    context = {"email": email, "errors": errors or {}, "csrf": visitor.csrf_token if visitor else None}
    return Template(
        "identity/reset_password.html", context=context, status_code=status, headers=dict(_PRIVATE)
    )
