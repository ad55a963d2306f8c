"""Every refusal once: problem details (RFC 9457) for programs, a plain page or the sign-in for people."""

import re
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import asyncpg
import msgspec
import structlog
from litestar import MediaType, Response
from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException, NotAuthorizedException, ValidationException
from litestar.response import Redirect, Template
from litestar.types import ExceptionHandlersMap
from litestar.utils.scope.state import ScopeState

from partner_network.gateways.stripe_answers import StripeRefusedError, StripeUnreachableError
from partner_network.identity.rules.factors import SecondFactorRequiredError
from partner_network.identity.rules.permissions import SecondFactorNeededError
from partner_network.identity.web.requests import AnyRequest, FormerSessionError
from partner_network.kernel import reading, sentences
from partner_network.kernel.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    PartnerNetworkError,
    TooOftenError,
)
from partner_network.kernel.sentences import Sentence
from partner_network.languages import catalogs

_log = structlog.get_logger(__name__)
_STATUS_OF: Mapping[type[PartnerNetworkError], HTTPStatus] = {
    NotFoundError: HTTPStatus.NOT_FOUND,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    ConflictError: HTTPStatus.CONFLICT,
    InvalidError: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooOftenError: HTTPStatus.TOO_MANY_REQUESTS,
}
_TITLES: Mapping[HTTPStatus, Sentence] = {
    HTTPStatus.BAD_REQUEST: Sentence("Bad Request"),
    HTTPStatus.UNAUTHORIZED: Sentence("Unauthorized"),
    HTTPStatus.FORBIDDEN: Sentence("Forbidden"),
    HTTPStatus.NOT_FOUND: Sentence("Not Found"),
    HTTPStatus.METHOD_NOT_ALLOWED: Sentence("Method Not Allowed"),
    HTTPStatus.CONFLICT: Sentence("Conflict"),
    HTTPStatus.LENGTH_REQUIRED: Sentence("Length Required"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Sentence("Request Entity Too Large"),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Sentence("Unsupported Media Type"),
    HTTPStatus.UNPROCESSABLE_ENTITY: Sentence("Unprocessable Entity"),
    HTTPStatus.TOO_MANY_REQUESTS: Sentence("Too Many Requests"),
    HTTPStatus.INTERNAL_SERVER_ERROR: Sentence("Internal Server Error"),
    HTTPStatus.SERVICE_UNAVAILABLE: Sentence("Service Unavailable"),
}
_STRIPE_SILENT = Sentence("Stripe does not answer at the moment; try again in a minute.")
_UNREADABLE = Sentence("What you sent holds a character that no text has, or lists within lists without end.")
_TOO_LARGE = Sentence("That comes to more than can be counted here; ask for less at a time.")
_NOTHING_HERE = Sentence("There is nothing at this address.")
_OUR_MISTAKE = Sentence("Something went wrong here, not with you; try again later.")
KEPT_FORM = "/kept-form"
"""Where a form is offered again; also the name under which a request's state holds its cookie."""
_MISSING = re.compile(r"Missing required \w+ parameter '(?P<name>[^']+)'")
_AT = re.compile(r" - at `\$\.?(?P<path>[^`]*)`")


class Problem(msgspec.Struct, frozen=True):
    """What went wrong, in the members that RFC 9457 names and the inputs at fault."""

    type: str
    title: str
    status: int
    detail: str
    fields: dict[str, str] = {}


def problem(
    status: HTTPStatus, detail: str, fields: Mapping[str, str] | None = None, *, name: str | None = None
) -> Problem:
    """Name a refusal; its type is stable and for programs, its detail is for people."""
    name = name or status.phrase.lower().replace(" ", "-")
    said = {field: catalogs.translated(sentence) for field, sentence in (fields or {}).items()}
    title = catalogs.translated(_TITLES.get(status, status.phrase))
    return Problem(f"urn:partner-network:problem:{name}", title, status, catalogs.translated(detail), said)


def wants_page(request: AnyRequest) -> bool:
    """Say whether a person with a browser asked, and not a program."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def answer(request: AnyRequest, told: Problem, headers: dict[str, str] | None = None) -> Response[Any]:
    """Tell a problem in the way the asking side reads."""
    if wants_page(request):
        return Template(
            "identity/problem.html", context={"problem": told}, status_code=told.status, headers=headers
        )
    return Response(
        msgspec.json.encode(told),
        status_code=told.status,
        media_type="application/problem+json",
        headers=headers,
    )


def on_refusal(request: AnyRequest, error: PartnerNetworkError) -> Response[Any]:
    """Answer one of our own kinds."""
    headers = {"retry-after": str(error.retry_after_s)} if isinstance(error, TooOftenError) else None
    told = problem(status_of(error), error.sentence, error.sentence_of)
    return answer(request, told, headers)


def status_of(error: PartnerNetworkError) -> HTTPStatus:
    """Return the status by which one of our own kinds is answered."""
    return next(_STATUS_OF[kind] for kind in type(error).__mro__ if kind in _STATUS_OF)


def on_factor_needed(request: AnyRequest, error: SecondFactorNeededError) -> Response[Any]:
    """Send a person to where the second factor is given, and then back; tell a program what is missing."""
    if wants_page(request):
        return _led_to("/second-factor", request)
    return answer(request, problem(HTTPStatus.FORBIDDEN, error.sentence, name="second-factor-needed"))


def on_former_session(request: AnyRequest, error: FormerSessionError) -> Response[Any]:
    """Offer a form of a session that ended in the present one, if it was kept; else refuse it."""
    kept = kept_cookie(request)
    if kept is None:
        return on_refusal(request, error)
    return Redirect(KEPT_FORM, status_code=303, cookies=[kept])


def on_factor_required(request: AnyRequest, error: SecondFactorRequiredError) -> Response[Any]:
    """Tell a program that signs in by a password alone that this account wants a code with it."""
    told = problem(HTTPStatus.UNAUTHORIZED, error.sentence, name="second-factor-required")
    return answer(request, told, {"www-authenticate": 'Bearer realm="partner-network"'})


def on_nobody(request: AnyRequest, error: NotAuthorizedException) -> Response[Any]:
    """Send a person to the sign-in and then back; tell a program 401."""
    if wants_page(request):
        return _led_to("/sign-in", request)
    told = problem(HTTPStatus.UNAUTHORIZED, error.detail)
    return answer(request, told, {"www-authenticate": 'Bearer realm="partner-network"'})


def on_invalid(request: AnyRequest, error: ValidationException) -> Response[Any]:
    """Answer an input of the wrong shape, all its fields at once; such an address names nothing."""
    if _is_about_path(error):
        return answer(request, problem(HTTPStatus.NOT_FOUND, _NOTHING_HERE))
    fields = _mistakes_in_body(request) or _mistakes_told(error)
    detail = Sentence("{told}.", told=sentences.told(fields.items())) if fields else f"{error.detail}."
    return answer(request, problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, fields))


def on_stripe_refusal(request: AnyRequest, error: StripeRefusedError) -> Response[Any]:
    """Answer what Stripe refused by its code alone: its words are for the log."""
    _log.warning("stripe refused", code=error.code, error=str(error))
    detail = Sentence("Stripe refused this ({code}); check what you gave, and try again.", code=error.code)
    return answer(request, problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail))


def on_stripe_silence(request: AnyRequest, error: StripeUnreachableError) -> Response[Any]:
    """Answer while Stripe does not: asking again is safe, every request of ours has its own key."""
    _log.warning("stripe does not answer", error=str(error))
    return answer(request, problem(HTTPStatus.SERVICE_UNAVAILABLE, _STRIPE_SILENT), {"retry-after": "60"})


def on_unreadable(request: AnyRequest, _: Exception) -> Response[Any]:
    """Answer what no reader of ours can take in: text with a NUL in it, or JSON that never stops nesting."""
    return answer(request, problem(HTTPStatus.BAD_REQUEST, _UNREADABLE))


def on_too_large(request: AnyRequest, error: asyncpg.NumericValueOutOfRangeError) -> Response[Any]:
    """Refuse sums beyond 64 bits: no figure is better than a wrong one."""
    del error
    return answer(request, problem(HTTPStatus.UNPROCESSABLE_ENTITY, _TOO_LARGE))


def on_framework(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """Answer what the framework refuses: no such address, method, a body that is no JSON or too large."""
    status = HTTPStatus(error.status_code)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return on_crash(request, error)
    details: Mapping[HTTPStatus, str] = {
        HTTPStatus.NOT_FOUND: _NOTHING_HERE,
        HTTPStatus.METHOD_NOT_ALLOWED: Sentence(
            "This address does not take {method}.", method=request.method
        ),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Sentence("What you sent is too large; send less at once."),
    }
    return answer(request, problem(status, details.get(status, error.detail)), error.headers)


def on_crash(request: AnyRequest, error: Exception) -> Response[Any]:
    """Answer a mistake of ours: everything to the log, nothing to the outside."""
    # As plain text: a pretty traceback would print local values, passwords among them.
    trace = "".join(traceback.format_exception(error))
    _log.error("request failed", method=request.method, path=request.url.path, trace=trace)
    told = problem(HTTPStatus.INTERNAL_SERVER_ERROR, _OUR_MISTAKE)
    try:
        return answer(request, told)
    except Exception:  # noqa: BLE001 - the page itself may be what failed; then plain words must do
        return Response(told.detail, status_code=told.status, media_type=MediaType.TEXT)


HANDLERS: ExceptionHandlersMap = {
    SecondFactorNeededError: on_factor_needed,
    FormerSessionError: on_former_session,
    SecondFactorRequiredError: on_factor_required,
    PartnerNetworkError: on_refusal,
    StripeRefusedError: on_stripe_refusal,
    StripeUnreachableError: on_stripe_silence,
    NotAuthorizedException: on_nobody,
    ValidationException: on_invalid,
    HTTPException: on_framework,
    asyncpg.CharacterNotInRepertoireError: on_unreadable,
    asyncpg.UntranslatableCharacterError: on_unreadable,
    asyncpg.NumericValueOutOfRangeError: on_too_large,
    RecursionError: on_unreadable,
    Exception: on_crash,
}


def kept_cookie(request: AnyRequest) -> Cookie | None:
    """Return the cookie of the form that was kept out of this request, if one was."""
    found: object = request.scope["state"].get(KEPT_FORM)
    return found if isinstance(found, Cookie) else None


def _led_to(door: str, request: AnyRequest) -> Redirect:
    """Lead to a door, and from there back: to the page, or to the form that was kept out of this request."""
    kept = kept_cookie(request)
    target = _way_back(request) if kept is None else KEPT_FORM
    cookies = [] if kept is None else [kept]
    return Redirect(f"{door}?{urlencode({'next': target})}", status_code=303, cookies=cookies)


def _way_back(request: AnyRequest) -> str:
    """Return the page to come back to; after a form, the page that holds it."""
    if request.method in {"GET", "HEAD"}:
        query = request.url.query
        return quote(request.url.path) + (f"?{query}" if query else "")
    return urlsplit(request.headers.get("referer", "")).path or "/"


def _is_about_path(error: ValidationException) -> bool:
    told: object = error.extra
    return isinstance(told, list) and any(
        isinstance(one, dict) and one.get("source") == "path" for one in told
    )


def _mistakes_told(error: ValidationException) -> dict[str, str]:
    if missing := _MISSING.match(error.detail):
        return {missing["name"]: Sentence("is required")}
    told: object = error.extra
    if not isinstance(told, list):
        return {}
    return {
        str(one.get("key", "request")): reading.in_our_words(str(one["message"]))
        for one in told
        if isinstance(one, dict) and "message" in one
    }


def _mistakes_in_body(request: AnyRequest) -> dict[str, str]:
    """Name every field at fault, where the framework stops at the first: convert each by itself."""
    wanted = getattr(request.route_handler, "parsed_data_field", None)
    sent: object = ScopeState.from_scope(request.scope).json
    if wanted is None or not isinstance(sent, dict) or not isinstance(wanted.annotation, type):
        return {}
    if not issubclass(wanted.annotation, msgspec.Struct):
        return {}
    mistakes: dict[str, str] = {}
    known = {field.encode_name: field for field in msgspec.structs.fields(wanted.annotation)}
    for name, field in known.items():
        if name in sent:
            try:
                msgspec.convert(sent[name], field.type, strict=False)
            except msgspec.ValidationError as error:
                mistakes |= _mistake(name, str(error))
        elif field.required:
            mistakes[name] = Sentence("is required")
    return mistakes | {str(name): Sentence("is no field here") for name in sent if name not in known}


def _mistake(name: str, told: str) -> dict[str, str]:
    inner = _AT.search(told)
    path = inner["path"] if inner else ""
    joint = "." if path and not path.startswith("[") else ""
    return {f"{name}{joint}{path}": reading.in_our_words(_AT.sub("", told))}
