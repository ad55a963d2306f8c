import re
from typing import Any

import httpx
from litestar import Request

from partner_network.identity.web import headers
from partner_network.identity.web.limits import Entrance
from partner_network.identity.web.requests import SessionCookie
from partner_network.kernel.keyring import Keyring
from tests.doors import Network
from tests.shipping.image import ROOT

ANSWERS = [
    "/sign-in",
    "/nowhere",
    "/api/v1/members",
    "/health/live",
    "/files/x",
    "/api/v1/schema/openapi.json",
]

_JINJA = re.compile(r"\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)

# For the printer and the mail, or with a policy of their own.
ALONE = {
    "partner_network/agreements/templates/agreement.html",
    "partner_network/clicks/templates/link_page.html",
    "partner_network/sandbox/templates/summary.html",
    "partner_network/statements/templates/statement.html",
}


async def test_every_answer_says_what_a_browser_may_do_with_it(network: Network) -> None:
    browser = await network.browser()

    for path in ANSWERS:
        must_be_strict((await browser.get(path)).headers)


def must_be_strict(sent: httpx.Headers) -> None:
    policy = dict(part.split(" ", 1) for part in sent["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["img-src"] == "'self' data:"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "camera=()" in sent["permissions-policy"]
    assert sent["cross-origin-resource-policy"] == sent["cross-origin-opener-policy"] == "same-origin"
    assert "strict-transport-security" not in sent  # over plain HTTP a browser ignores it


def test_over_tls_browsers_are_told_to_stay_with_it_and_pictures_come_from_the_file_store() -> None:
    told = headers.security_headers(is_secure=True, pictures_from="https://pictures.example")

    assert told["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert "img-src 'self' data: https://pictures.example;" in told["content-security-policy"]


def test_over_tls_every_cookie_is_for_this_host_and_tls_alone() -> None:
    session = SessionCookie(is_secure=True)
    request: Request[Any, Any, Any] = Request({"type": "http", "headers": [], "state": {}})  # pyright: ignore[reportArgumentType] - all that is read of it
    device = Entrance(Keyring(b"s" * 32), is_secure=True).remembered("olivia@groove.example", request)

    for cookie in (session.holding("x"), session.waiting("x"), session.cleared(), device):
        assert cookie.key.startswith("__Host-")
        assert (cookie.secure, cookie.httponly, cookie.samesite) == (True, True, "lax")
        assert (cookie.path, cookie.domain) == ("/", None)


def test_no_page_holds_a_script_a_style_or_a_handler_of_its_own() -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)
    pages = [
        path
        for folder in (ROOT / "partner_network", ROOT / "admin")
        for path in folder.glob("**/templates/**/*.html")
        if path.relative_to(ROOT).as_posix() not in ALONE
    ]
    said = {str(path): _JINJA.sub("", path.read_text()) for path in pages}
    found = {path: inline.findall(text) for path, text in said.items() if inline.search(text)}

    assert len(pages) > 20
    assert found == {}
