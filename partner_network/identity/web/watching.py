"""Around every request but the redirect: an id that its logs share, one line about it, and its count."""

import re
import time
from ipaddress import ip_address
from typing import Any, cast

import structlog
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from partner_network.gateways import clock, metrics
from partner_network.gateways.traces import route_of
from partner_network.kernel import ids
from partner_network.settings import Settings

_log = structlog.get_logger(__name__)
_HEADER = b"x-request-id"
_GOOD_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_QUIET = ("/health/", "/metrics", "/assets/")
"""What is asked all day and says nothing: counted, not logged."""


def watched(inner: ASGIApp, settings: Settings) -> ASGIApp:
    """Return an app whose answers carry `X-Request-Id`, are logged by their route and counted."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await inner(scope, receive, send)
            return
        request_id = _id_of(scope, settings)
        status = 500
        started = time.perf_counter()

        async def named(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                message["headers"] = [*message["headers"], (_HEADER, request_id.encode())]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await inner(scope, receive, named)
            finally:
                _tell(scope, status, time.perf_counter() - started)

    return answer


def _tell(scope: HTTPScope, status: int, seconds: float) -> None:
    # By the route, never by the path: paths hold the tokens of invitations.
    route = route_of(cast("Scope", scope))
    metrics.REQUESTS.labels(scope["method"], route, str(status)).inc()
    metrics.SECONDS.labels(route).observe(seconds)
    if not scope["path"].startswith(_QUIET):
        ms = round(seconds * 1_000)
        _log.info("answered", method=scope["method"], route=route, status=status, ms=ms)


def _id_of(scope: HTTPScope, settings: Settings) -> str:
    """Return the id that a trusted proxy gave the request, else a new one."""
    given = dict(scope["headers"]).get(_HEADER, b"").decode("latin-1")
    if given and _GOOD_ID.fullmatch(given) and _is_trusted(scope, settings):
        return given
    return str(ids.new_id(clock.wall_now()))


def _is_trusted(scope: HTTPScope, settings: Settings) -> bool:
    try:
        peer = ip_address((scope["client"] or ("",))[0])
    except ValueError:
        return False
    return any(peer in network for network in settings.trusted_proxies)
