from ipaddress import ip_network
from typing import Any

from litestar.types import Receive, Scope, Send

from partner_network.identity.web import visitors

OURS = (ip_network("10.0.0.0/8"),)


async def seen_by_handlers(client: tuple[str, int] | None, forwarded: str | None, proxies: Any = OURS) -> Any:
    """Return as whom a handler sees a request that came this way."""
    seen: list[Any] = []

    async def inner(scope: Scope, _: Receive, __: Send) -> None:
        seen.append(scope.get("client"))

    headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded.encode())]
    scope: Any = {"type": "http", "client": client, "headers": headers}
    nothing: Any = None
    await visitors.seen_through(proxies, inner)(scope, nothing, nothing)
    return seen[0]


async def test_behind_our_proxy_a_handler_sees_the_visitor() -> None:
    assert await seen_by_handlers(("10.0.0.7", 1), "6.6.6.6, 198.51.100.4") == ("198.51.100.4", 0)


async def test_whoever_is_no_proxy_of_ours_is_seen_as_they_are() -> None:
    assert (await seen_by_handlers(("203.0.113.9", 1), "198.51.100.4"))[0] == "203.0.113.9"


async def test_without_proxies_nothing_stands_between() -> None:
    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive, send

    assert visitors.seen_through((), inner) is inner
    assert await seen_by_handlers(("10.0.0.7", 1), "198.51.100.4", ()) == ("10.0.0.7", 1)


async def test_over_a_local_socket_there_is_no_address() -> None:
    assert (await seen_by_handlers(None, "198.51.100.4"))[0] == ""


async def test_what_is_no_request_passes_through() -> None:
    scope: Any = {"type": "lifespan"}
    nothing: Any = None
    seen: list[str] = []

    async def inner(scope: Scope, _: Receive, __: Send) -> None:
        seen.append(scope["type"])

    await visitors.seen_through(OURS, inner)(scope, nothing, nothing)
    assert seen == ["lifespan"]
