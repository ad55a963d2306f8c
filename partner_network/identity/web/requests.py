"""Who sent this request: the session behind its cookie or the brand behind its API key, never by accident.

Our own middleware, because the framework's sessions adopt an id that the browser chose, store it readable
and know no CSRF token of their own.
"""

import hmac
from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType, ScopeType
from litestar.exceptions import NotAuthorizedException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from partner_network.gateways import clock
from partner_network.identity import queries
from partner_network.identity.actions import api_keys, sessions
from partner_network.identity.queries import Session
from partner_network.identity.rules import credentials, devices, factors, kept_forms
from partner_network.identity.rules.devices import Device
from partner_network.identity.rules.permissions import ApiKey
from partner_network.identity.web import languages
from partner_network.kernel.errors import ForbiddenError
from partner_network.kernel.sentences import Sentence

CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf_token"
WITHOUT_SESSION = "without_session"
"""Set in a handler's ``opt``: nobody's session or key is looked up, and no CSRF token is asked for."""
MAY_BE_MISSING = "may_be_missing"
"""Set in a handler's ``opt``: it asks for one thing by a parameter, so it may answer that there is none."""

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_FORMS = frozenset({RequestEncodingType.URL_ENCODED, RequestEncodingType.MULTI_PART})

AnyRequest = Request[Any, Any, Any]


class FormerSessionError(ForbiddenError):
    """A form that carries no token of the session it came in; most likely one of a session that ended."""


class SessionCookie:
    """How the session's token travels: no script reads it, no other site sends it with a form."""

    def __init__(self, *, is_secure: bool) -> None:
        self._is_secure = is_secure
        # The prefix makes browsers refuse it from subdomains and over plain HTTP.
        self.name = "__Host-partner_network" if is_secure else "partner_network"
        self.waiting_name = f"{self.name}_sign_in"
        self.form_name = f"{self.name}_form"

    def holding(self, token: str) -> Cookie:
        """Return the cookie that carries a fresh session."""
        return self._cookie(self.name, token, int(credentials.SESSION_LASTS.total_seconds()))

    def cleared(self) -> Cookie:
        """Return the cookie that makes the browser forget its session."""
        return self._cookie(self.name, "", 0)

    def waiting(self, token: str) -> Cookie:
        """Return the cookie that carries a sign-in which waits for the second factor."""
        return self._cookie(self.waiting_name, token, int(factors.PENDING_LASTS.total_seconds()))

    def done_waiting(self) -> Cookie:
        """Return the cookie that makes the browser forget such a sign-in."""
        return self._cookie(self.waiting_name, "", 0)

    def keeping_form(self, token: str) -> Cookie:
        """Return the cookie that finds a form again which came without its session."""
        return self._cookie(self.form_name, token, int(kept_forms.KEPT_FOR.total_seconds()))

    def form_gone(self) -> Cookie:
        """Return the cookie that makes the browser forget such a form."""
        return self._cookie(self.form_name, "", 0)

    def _cookie(self, name: str, value: str, max_age: int) -> Cookie:
        return Cookie(
            key=name,
            value=value,
            max_age=max_age,
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
        )


def device(request: AnyRequest) -> Device:
    """Return from where a request comes, as much of it as a session remembers."""
    client = request.client
    return devices.device_of(None if client is None else client.host, request.headers.get("user-agent"))


class SessionMiddleware(ASGIMiddleware):
    """Put the asking person or machine into the request, and stop what another site made a browser send."""

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = WITHOUT_SESSION

    def __init__(self, cookie: SessionCookie) -> None:
        self._cookie = cookie

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Look up the API key, else the session; an unknown key is refused, an unknown session is nobody."""
        request: AnyRequest = Request(scope, receive, send)
        scope["user"] = scope["auth"] = None
        authorization = request.headers.get("authorization")
        if authorization is not None:
            scope["auth"] = await _api_key(request, authorization)
        elif token := request.cookies.get(self._cookie.name):
            await _wake(scope, token)
        if request.method not in _SAFE_METHODS:
            await _must_be_meant(request, scope["auth"])
        await next_app(scope, receive, send)


async def _api_key(request: AnyRequest, authorization: str) -> ApiKey:
    kind, _, key = authorization.partition(" ")
    now = clock.wall_now()
    found = await queries.api_key_of(key.strip(), now) if kind.lower() == "bearer" else None
    if found is None:
        raise NotAuthorizedException(
            Sentence(
                "This API key is unknown, has ended or was revoked; send a valid one as `Bearer pnk_...`."
            )
        )
    await api_keys.note_use(found, now, device(request).network_prefix)
    return found


async def _wake(scope: Scope, token: str) -> None:
    now = clock.wall_now()  # sessions live in the wall's time, whatever a sandbox simulates
    session = await queries.session_of(token, now)
    if session is None:
        return
    if now - session.last_seen_at > credentials.SEEN_AGAIN:
        await sessions.keep_awake(token, now)
    scope["auth"], scope["user"] = session, session.member
    languages.write_for_person(scope, session)


async def _must_be_meant(request: AnyRequest, auth: object) -> None:
    """Refuse an unsafe request that a page of another site could have sent with this browser's cookie."""
    if isinstance(auth, ApiKey):
        return  # a key is no cookie: no browser adds it by itself
    if isinstance(auth, Session):
        sent = request.headers.get(CSRF_HEADER)
        if sent is None and request.content_type[0] in _FORMS:
            field: object = (await request.form()).get(CSRF_FIELD)
            sent = field if isinstance(field, str) else None
        if sent is None or not hmac.compare_digest(sent.encode("utf-8", "replace"), auth.csrf_token.encode()):
            raise FormerSessionError(
                "This form is not of your present session; reload the page and send it again."
            )
    elif _is_from_another_site(request):
        # Without a session there is still signing in itself: nobody else's page does that for you.
        raise ForbiddenError("This form was sent from another site; open the page here and send it again.")
    elif request.content_type[0] in _FORMS and is_surely_from_here(request):
        # Read now: whoever refuses it for want of a session keeps it, and cannot read any more.
        await request.form()


def is_surely_from_here(request: AnyRequest) -> bool:
    """Say whether the browser itself vouches that one of our own pages sent this."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("origin") is not None and not _is_from_another_site(request)


def _is_from_another_site(request: AnyRequest) -> bool:
    if site := request.headers.get("sec-fetch-site"):
        return site not in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")
