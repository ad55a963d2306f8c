"""The redirect of a tracked link: the one door that thousands may pass in a second."""

from datetime import datetime
from typing import cast

from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from partner_network.clicks import pages, rules
from partner_network.clicks.actions.record import ClickRecorder
from partner_network.clicks.pages import Pages
from partner_network.clicks.rules import Click
from partner_network.identity.web import languages
from partner_network.kernel import ids, visitors
from partner_network.links import rules as link_rules
from partner_network.links.memory import LinkMemory, LinksUnavailableError
from partner_network.links.queries import LiveLink
from partner_network.settings import Settings

COOKIE = "clk"
COOKIE_LASTS_S = 30 * 86_400

_PATH = "/l/"
_NO_STORE = (b"cache-control", b"no-store")
_PAGE_HEADERS = (
    _NO_STORE,
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", pages.POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"vary", b"Accept-Language, Cookie"),
)

_Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


def redirect_before(
    inner: ASGIApp, recorder: ClickRecorder, links: LinkMemory, settings: Settings
) -> ASGIApp:
    """Return an app that answers `/l/<token>` and leaves everything else to ``inner``.

    It is put in place by `app.asgi_handler = web.redirect_before(app.asgi_handler, ...)`. Recorder and
    links must have started before the first request and close after the last.
    """
    door = _Door(recorder, links, settings)

    # In front of Litestar's router, for speed and since the router has no place for it: a raw handler with
    # a path parameter fails there, and one mounted at /l is handed /links/1 and /login as well.
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not (scope["path"].startswith(_PATH) or scope["path"] == _PATH[:-1]):
            await inner(scope, receive, send)
            return
        status, headers, body = await door.answer(cast("HTTPScope", scope))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    return answer


class _Door:
    """Counts a click, then sends the visitor on."""

    def __init__(self, recorder: ClickRecorder, links: LinkMemory, settings: Settings) -> None:
        self._recorder = recorder
        self._links = links
        self._secret_keys = (settings.secret_key, *settings.former_secret_keys)
        self._trusted_proxies = settings.trusted_proxies
        self._country_header = settings.country_header.lower().encode() if settings.country_header else None
        is_encrypted = settings.base_url.startswith("https:")
        # By hand: the standard library's cookie costs more than the rest of the answer.
        self._cookie_end = (
            f"; Max-Age={COOKIE_LASTS_S}; Path=/; HttpOnly; SameSite=Lax{'; Secure' * is_encrypted}"
        )

    async def answer(self, scope: HTTPScope) -> _Answer:
        if scope["method"] not in {"GET", "HEAD"}:
            return 405, [(b"allow", b"GET, HEAD"), (b"content-length", b"0")], b""
        try:
            link = await self._live_link(scope["path"][len(_PATH) :].rstrip("/"))
        except LinksUnavailableError:
            return _page(503, pages.UNAVAILABLE, scope, (b"retry-after", b"60"))
        if link is None:
            return _page(404, pages.UNKNOWN, scope)
        if scope["method"] == "HEAD":  # somebody looks where it leads; nobody goes there
            return 302, _redirect_headers(link.destination_url), b""
        return await self._answer_click(link, scope)

    async def _live_link(self, token: str) -> LiveLink | None:
        found = self._links.get(token)
        if found is None and link_rules.is_token(token, *self._secret_keys):
            found = await self._links.look_up(token)
        return found

    async def _answer_click(self, link: LiveLink, scope: HTTPScope) -> _Answer:
        at = await self._recorder.now()
        if not link.counts_at(at):
            # The contract's clause 10.4: the visitor arrives, and nobody is credited; nothing is kept of it.
            return 302, _redirect_headers(link.destination_url), b""
        click = await self._click(link, scope, at)
        await self._recorder.record(click)
        if click.excluded == "prefetch":
            # A browser that got its redirect now would not ask again when the person really clicks, and
            # the partner would go without. Refused, it asks again.
            return 503, [_NO_STORE, (b"content-length", b"0")], b""
        shown = ids.shown("clk", click.click_id)
        headers = _redirect_headers(f"{link.before_click}{shown}{link.after_click}")
        if click.consent != "denied" and click.excluded is None:
            headers.append((b"set-cookie", f"{COOKIE}={shown}{self._cookie_end}".encode()))
        return 302, headers, b""

    async def _click(self, link: LiveLink, scope: HTTPScope, at: datetime) -> Click:
        headers = dict(scope["headers"])
        consent, subs = rules.wishes(scope["query_string"])
        if b"cookie" in headers and rules.has_opted_out(scope["headers"]):
            consent = "denied"
        client = scope["client"]
        peer = None if client is None else client[0]
        address = visitors.visitor_address(peer, scope["headers"], self._trusted_proxies)
        network_prefix = None if address is None else rules.network_prefix(address)
        salt = None if consent == "denied" else await self._recorder.salt_of(at.date())
        return Click(
            click_id=ids.new_id(at),
            at=at,
            link_id=link.id,
            partnership_id=link.partnership_id,
            program_id=link.program_id,
            advertiser_id=link.advertiser_id,
            partner_id=link.partner_id,
            visitor_key=rules.visitor_key(salt, network_prefix, headers.get(b"user-agent", b"")),
            consent=consent,
            excluded=rules.exclusion(headers),
            country=rules.country(headers, self._country_header),
            network_prefix=network_prefix,
            subs=subs,
        )


def _redirect_headers(location: str) -> list[tuple[bytes, bytes]]:
    return [(b"location", location.encode("ascii")), _NO_STORE, (b"content-length", b"0")]


def _page(status: int, kind: Pages, scope: HTTPScope, *more: tuple[bytes, bytes]) -> _Answer:
    # No link is known here, so no brand is: the visitor's own language is the best guess.
    language = languages.language_of_visitor(scope)
    page = kind[language]
    named = (b"content-language", language.encode())
    headers = [*_PAGE_HEADERS, named, (b"content-length", str(len(page)).encode()), *more]
    return status, headers, b"" if scope["method"] == "HEAD" else page
