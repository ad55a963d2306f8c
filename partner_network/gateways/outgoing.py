"""Requests to addresses that somebody else named: to the internet alone, whatever a name says it is.

Whoever names an address could mean our own network: the database, another service, a cloud's metadata. So we
look the name up ourselves, refuse what is not on the internet, and connect to the very address that was
looked at, which leaves a name no second answer to give. Each redirect is looked at anew.
"""

import asyncio
import functools
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

import httpx
import msgspec

from partner_network.kernel import internet
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

TIME_S_MAX = 10.0
BYTES_MAX = 5_000_000
REDIRECTS_MAX = 3
ADDRESSES_TRIED_MAX = 3

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_LEADS_ON = frozenset({301, 302, 303, 307, 308})
_USER_AGENT = "Partner network"


class UnreachableError(InvalidError):
    """The other side did not answer, or not within what we read and wait for."""


class Fetched(msgspec.Struct, frozen=True):
    """What came back, and from which address after all redirects."""

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes


class Wish(msgspec.Struct, frozen=True):
    """What is asked of an address."""

    method: str = "GET"
    headers: Mapping[str, str] = _NO_HEADERS
    content: bytes | None = None


class Reach(msgspec.Struct, frozen=True):
    """How far a request may go: the sandbox speaks to its own machine, and without certificates."""

    loopback: bool = False
    bytes_max: int = BYTES_MAX
    time_s_max: float = TIME_S_MAX


async def resolve(host: str, port: int) -> Sequence[str]:
    """Look a name up."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def fetch(
    url: str,
    wish: Wish = Wish(),  # noqa: B008 - frozen
    *,
    reach: Reach = Reach(),  # noqa: B008 - frozen
    resolve: Resolve = resolve,
) -> Fetched:
    """Ask an address on the internet; GET follows redirects, everything else answers with them.

    Errors: InvalidError for an address that is not on the internet, also when a redirect leads there;
    UnreachableError when there is no answer in time, or one that is too large or compressed.
    """
    try:
        async with asyncio.timeout(reach.time_s_max):
            return await _follow(url, wish, reach, resolve)
    except TimeoutError:
        raise UnreachableError(
            Sentence(
                "{url!r} did not answer within {seconds:g} seconds; try again later.",
                url=_shown(url),
                seconds=reach.time_s_max,
            )
        ) from None


async def _follow(url: str, wish: Wish, reach: Reach, resolve: Resolve) -> Fetched:
    target = internet.target_of(url, loopback=reach.loopback)
    for _ in range(REDIRECTS_MAX + 1):
        fetched = await _ask(target, wish, reach, resolve)
        location = fetched.headers.get("location")
        if wish.method != "GET" or fetched.status not in _LEADS_ON or location is None:
            return fetched
        former, target = target, internet.target_of(_joined(target, location), loopback=reach.loopback)
        if (former.host, former.port) != (target.host, target.port):
            wish = Wish()  # what was meant for one host is no other's business
    raise UnreachableError(
        Sentence(
            "{url!r} leads on more than {times} times; give where it ends.",
            url=_shown(url),
            times=REDIRECTS_MAX,
        )
    )


def _joined(target: internet.Target, location: str) -> str:
    try:
        return str(httpx.URL(target.url).join(location))
    except httpx.InvalidURL:
        raise InvalidError(
            Sentence(
                "{host} leads to {location!r}, which is no address.", host=target.host, location=location[:80]
            )
        ) from None


async def _ask(target: internet.Target, wish: Wish, reach: Reach, resolve: Resolve) -> Fetched:
    try:
        addresses = await resolve(target.host, target.port)
    except (OSError, UnicodeError):
        raise UnreachableError(
            Sentence("There is no host {host!r}; check the address.", host=target.host)
        ) from None
    internet.must_be_reachable(target, addresses, loopback=reach.loopback)
    for address in addresses[:ADDRESSES_TRIED_MAX]:
        try:
            return await _ask_at(address, target, wish, reach)
        except httpx.ConnectError:
            continue
        except (httpx.HTTPError, ssl.SSLError):
            break
    raise UnreachableError(
        Sentence("{host} did not answer as a web server does; check the address.", host=target.host)
    )


async def _ask_at(address: str, target: internet.Target, wish: Wish, reach: Reach) -> Fetched:
    # The connection goes to the address that was looked at; name, certificate and Host stay the target's.
    url = httpx.URL(target.url).copy_with(host=address, port=target.port, fragment=None)
    sent = {
        **wish.headers,
        "host": target.authority,
        "user-agent": _USER_AGENT,
        "accept-encoding": "identity",
        "connection": "close",
    }
    extensions = {"sni_hostname": target.host}
    async with (
        httpx.AsyncClient(
            verify=_certificates(), trust_env=False, follow_redirects=False, timeout=reach.time_s_max
        ) as client,
        client.stream(wish.method, url, headers=sent, content=wish.content, extensions=extensions) as answer,
    ):
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise UnreachableError(
                Sentence("{host} answers compressed, which was not asked for.", host=target.host)
            )
        body = bytearray()
        async for part in answer.aiter_raw():
            body += part
            if len(body) > reach.bytes_max:
                raise UnreachableError(
                    Sentence(
                        "{host} answers with more than {most:,} bytes; give something smaller.",
                        host=target.host,
                        most=reach.bytes_max,
                    )
                )
        return Fetched(target.url, answer.status_code, dict(answer.headers), bytes(body))


@functools.cache
def _certificates() -> ssl.SSLContext:
    return ssl.create_default_context()


def _shown(url: str) -> str:
    return url[:80]
