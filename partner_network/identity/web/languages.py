"""In which language an answer is written, and by whose clock.

What the address says (`?lang=de`) comes first, for this one page; then what the signed-in person chose, what
a guest chose (a cookie), what the browser likes best, and English.
"""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from litestar import Request
from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from partner_network.database import connections
from partner_network.identity.queries import Session
from partner_network.identity.rules import credentials
from partner_network.languages import spoken, zones
from partner_network.languages.spoken import Language

ASKED = "lang"
"""The parameter by which an address asks for a language."""
_COOKIE = "partner_network_language"
_SAFE_COOKIE = f"__Host-{_COOKIE}"
_KEPT_S = 365 * 86_400
_WRITTEN = ("text/html", "text/plain", "application/problem+json")
"""Kinds of answers that are written in a language."""


def written_for_reader(inner: ASGIApp) -> ASGIApp:
    """Return an app each of whose answers is written in one language, refusals of its middleware too."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await inner(scope, receive, send)
            return
        with spoken.speaking(language_of_visitor(scope)), zones.being_in(zones.UTC):
            await inner(scope, receive, _naming(send))

    return answer


def language_of_visitor(scope: Scope) -> Language:
    """Return the language of an answer to somebody who is not signed in."""
    headers = dict(cast("Mapping[bytes, bytes]", scope["headers"]))
    liked = headers.get(b"accept-language", b"").decode("latin-1")
    return chosen_by_visitor(scope) or spoken.wanted(liked) or spoken.SOURCE


def chosen_by_visitor(scope: Scope) -> Language | None:
    """Return the language that the address asks for, else the one that this browser's user once chose."""
    cookies = Request[Any, Any, Any](scope).cookies
    kept = cookies.get(_SAFE_COOKIE) or cookies.get(_COOKIE)
    return _asked(scope) or spoken.known(kept)


def write_for_person(scope: Scope, session: Session) -> None:
    """Go on as the person behind a session reads, unless the address asks for another language."""
    if session.language is not None and _asked(scope) is None:
        spoken.speak(session.language)
    zones.go_to(session.time_zone)


def write_for_customers(scope: Scope, customer_language: Language) -> None:
    """Go on in the language in which a brand speaks to its customers, unless the visitor chose another.

    What the browser likes does not count here: a German shop's customer reads German.
    """
    spoken.speak(chosen_by_visitor(scope) or customer_language)


async def write_for_customers_of(scope: Scope, brand_id: UUID) -> None:
    """Go on in the language in which this brand speaks to its customers; of no such brand, as it is."""
    async with connections.transaction(eyes="doorkeeper") as connection:
        chosen = await connection.fetchval("SELECT customer_language FROM brands WHERE id = $1", brand_id)
    if language := spoken.known(chosen):
        write_for_customers(scope, language)


def remembered(language: Language, *, is_secure: bool) -> Cookie:
    """Return the cookie by which a guest's choice is kept; it says nothing of anybody."""
    return Cookie(
        key=_SAFE_COOKIE if is_secure else _COOKIE,
        value=language,
        max_age=_KEPT_S,
        path="/",
        secure=is_secure,
        httponly=True,
        samesite="lax",
    )


def page_of(request: Request[Any, Any, Any]) -> str:
    """Return the page that is shown, to come back to it; after a form, the page that held it."""
    if request.method in {"GET", "HEAD"}:
        return without_language(request.url.path, request.url.query)
    return credentials.local_path(urlsplit(request.headers.get("referer", "")).path)


def without_language(path: str, query: str) -> str:
    """Return an address that asks for no language any more."""
    pairs = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != ASKED]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _asked(scope: Scope) -> Language | None:
    query = parse_qsl(scope["query_string"].decode("latin-1"))
    return spoken.known(next((value for name, value in query if name == ASKED), None))


def _naming(send: Send) -> Send:
    """Say of each answer in which language it is, and that others get it in another."""

    async def name(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableScopeHeaders.from_message(message)
            if headers.get("content-type", "").startswith(_WRITTEN):
                headers.setdefault("content-language", spoken.present())
                headers.extend_header_value("vary", "Accept-Language, Cookie")
        await send(message)

    return name
