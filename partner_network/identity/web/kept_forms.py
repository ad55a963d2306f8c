"""A form that came when its session had ended: kept out of the refused request, offered after sign-in.

It is never sent by itself: a person looks at what will be sent, and presses the button once more.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotAuthorizedException
from litestar.params import SkipValidation
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler, Scope

from partner_network.identity import queries
from partner_network.identity.actions import kept_forms
from partner_network.identity.queries import Session
from partner_network.identity.rules import credentials
from partner_network.identity.rules import kept_forms as rules
from partner_network.identity.rules.kept_forms import KeptForm
from partner_network.identity.rules.permissions import Member, SecondFactorNeededError
from partner_network.identity.web import guards, problems, requests
from partner_network.identity.web.problems import KEPT_FORM
from partner_network.identity.web.requests import (
    CSRF_FIELD,
    AnyRequest,
    FormerSessionError,
    SessionCookie,
)
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError
from partner_network.kernel.keyring import Keyring
from partner_network.settings import Settings

_log = structlog.get_logger(__name__)
_FOR_WANT_OF_A_SESSION = (NotAuthorizedException, SecondFactorNeededError, FormerSessionError)
_SIGNED_IN = [guards.must_be_signed_in]


def keeping(keyring: Keyring, cookie: SessionCookie) -> Callable[[Exception, Scope], Awaitable[None]]:
    """Return what keeps the form of a request that is refused for want of its session."""

    async def keep(error: Exception, scope: Scope) -> None:
        if not isinstance(error, _FOR_WANT_OF_A_SESSION) or scope["type"] != "http":
            return
        try:
            token = await _keep(Request(scope), keyring, cookie)
        except Exception as failed:  # noqa: BLE001 - the refusal itself must be told, kept form or not
            _log.warning("form not kept", error=repr(failed))
            return
        if token is not None:
            scope["state"][KEPT_FORM] = cookie.keeping_form(token)

    return keep


async def _keep(request: AnyRequest, keyring: Keyring, cookie: SessionCookie) -> str | None:
    kind = request.content_type[0]
    is_multipart = kind == RequestEncodingType.MULTI_PART
    if request.method != "POST":
        return None
    if not (is_multipart or kind == RequestEncodingType.URL_ENCODED) or not problems.wants_page(request):
        return None
    if not requests.is_surely_from_here(request):
        return None  # another site put these words there: nobody here is asked to send them
    fields = await request.form()
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    form = rules.form_of(path, fields.items(), is_multipart=is_multipart)
    if form is None:
        return None
    named: object = fields.get(CSRF_FIELD)
    auth: object = request.scope.get("auth")
    return await kept_forms.keep(
        form,
        keyring,
        session_token=request.cookies.get(cookie.name),
        csrf_token=named if isinstance(named, str) else "",
        present=auth.member if isinstance(auth, Session) else None,
    )


@get(KEPT_FORM, guards=_SIGNED_IN, include_in_schema=False)
async def show_kept_form(
    member: NamedDependency[Member],
    request: Request[Any, Any, Any],
    cookie: NamedDependency[SkipValidation[SessionCookie]],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Response[Any]:
    """Show what was about to be sent, for whom, and ask whether to send it again."""
    token = request.cookies.get(cookie.form_name)
    offered = None if token is None else await kept_forms.offer(member, token, settings.keyring)
    if offered is None:
        return Redirect("/", status_code=303, cookies=[cookie.form_gone()])
    places = {place.brand_id: place.name for place in await queries.places_of_member(member)}
    is_elsewhere = offered.is_of_known_session and offered.brand_id != member.brand_id
    brand = "" if offered.brand_id is None else ids.shown("bnd", offered.brand_id)
    return Template(
        "identity/kept_form.html",
        context={
            "form": offered.form,
            "is_elsewhere": is_elsewhere,
            "place": places.get(offered.brand_id, ""),
            "brand": brand,
        },
    )


@post(KEPT_FORM, guards=_SIGNED_IN, include_in_schema=False)
async def send_kept_form(
    member: NamedDependency[Member],
    request: Request[Any, Any, Any],
    cookie: NamedDependency[SkipValidation[SessionCookie]],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Redirect:
    """Let the browser send the form on to where it was meant to go: the same fields, once."""
    token = request.cookies.get(cookie.form_name)
    if token is None:
        raise ConflictError("This form was sent already, or waited too long; fill it in once more.")
    form: KeptForm = await kept_forms.take(member, token, settings.keyring)
    # 307: the browser repeats the request with its body, under a token of the present session.
    return Redirect(credentials.local_path(form.path), status_code=307, cookies=[cookie.form_gone()])


@post(f"{KEPT_FORM}/dismissal", guards=_SIGNED_IN, include_in_schema=False)
async def drop_kept_form(
    request: Request[Any, Any, Any], cookie: NamedDependency[SkipValidation[SessionCookie]]
) -> Redirect:
    """Forget what was about to be sent."""
    if token := request.cookies.get(cookie.form_name):
        await kept_forms.drop(token)
    return Redirect("/", status_code=303, cookies=[cookie.form_gone()])


ROUTES: Sequence[ControllerRouterHandler] = (show_kept_form, send_kept_form, drop_kept_form)
