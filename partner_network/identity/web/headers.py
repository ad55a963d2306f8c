"""What every answer carries, so that a browser does with it only what it was meant for."""

from collections.abc import Callable, Coroutine, Mapping

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # What no page here uses; passkeys and copying are left to our own pages alone.
    "permissions-policy": (
        "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
        "magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-create=(self), "
        "publickey-credentials-get=(self), serial=(), usb=()"
    ),
    "cache-control": "no-store",  # what one person sees is kept for nobody; assets say otherwise
}


def security_headers(*, is_secure: bool, pictures_from: str | None) -> Mapping[str, str]:
    """Return the headers of every answer; ``pictures_from`` is the file store's own site, if it has one."""
    # No inline script and no other site: what an injected text could do ends here.
    pictures = "'self' data:" if pictures_from is None else f"'self' data: {pictures_from}"
    policy = (
        f"default-src 'self'; img-src {pictures}; "
        "style-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )
    headers = {"content-security-policy": policy, **_HEADERS}
    if is_secure:
        headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    return headers


def adding(headers: Mapping[str, str]) -> Callable[[Message, Scope], Coroutine[None, None, None]]:
    """Add the headers to every answer, refusals and unknown addresses too, unless a handler set its own."""

    async def add(message: Message, _: Scope) -> None:
        if message["type"] == "http.response.start":
            sent = MutableScopeHeaders.from_message(message)
            for name, value in headers.items():
                sent.setdefault(name, value)

    return add
