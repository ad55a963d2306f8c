"""Let every handler see the visitor where the server sees our own proxy."""

from collections.abc import Mapping
from typing import Any, cast

from litestar.types import ASGIApp, Receive, Scope, Send

from partner_network.kernel import visitors
from partner_network.kernel.visitors import Proxies


def seen_through(trusted_proxies: Proxies, inner: ASGIApp) -> ASGIApp:
    """Return an app whose requests come from the visitor whom a trusted proxy names, not from the proxy."""
    if not trusted_proxies:
        return inner

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["client"] = (address_of(cast("Mapping[str, Any]", scope), trusted_proxies) or "", 0)
        await inner(scope, receive, send)

    return answer


def address_of(scope: Mapping[str, Any], trusted_proxies: Proxies) -> str | None:
    """Return from where a request comes, which is known of every connection but one over a local socket."""
    client = scope["client"]
    peer = None if client is None else client[0]
    return visitors.visitor_address(peer, scope["headers"], trusted_proxies)
