"""How often requests may come: counted for a person, a machine or an address, by what kind they are."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.exceptions import TooManyRequestsException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from partner_network.gateways import clock
from partner_network.identity.actions.limits import Limiter, Visitor
from partner_network.identity.queries import Session
from partner_network.identity.rules import known_devices, limits
from partner_network.identity.rules.limits import Bucket, Door, RequestClass
from partner_network.identity.rules.permissions import ApiKey
from partner_network.identity.web.requests import WITHOUT_SESSION
from partner_network.kernel.keyring import Keyring

LIMITED_AS = "limited_as"
"""Set in a handler's ``opt``: the class of requests it is counted in, where its method does not say it."""
LIMITED_AT_DOOR = "limited_at_door"
"""Set in a handler's ``opt``: it counts attempts itself, by account, so that known devices always get in."""

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class LimitsMiddleware(ASGIMiddleware):
    """Refuse what comes too often; tell programs how much is left."""

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = WITHOUT_SESSION

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Count the request, then let it through or refuse it."""
        opt = scope["route_handler"].opt
        if opt.get(LIMITED_AT_DOOR):
            await next_app(scope, receive, send)
            return
        now = clock.wall_now()  # limits live in the wall's time, whatever a sandbox simulates
        counted = await self._limiter.count(bucket_of(Request(scope), opt.get(LIMITED_AS)))
        told = {
            "ratelimit-limit": str(counted.bucket.limit.count),
            "ratelimit-remaining": str(counted.remaining(now)),
            "ratelimit-reset": str(counted.reset_s(now)),
        }
        if not counted.is_let_through:
            wait_s = counted.wait_s(now)
            raise TooManyRequestsException(
                limits.too_many(wait_s), headers={**told, "retry-after": str(wait_s)}
            )
        if scope["path"].startswith("/api/"):
            send = _telling(send, told)
        await next_app(scope, receive, send)


class Entrance:
    """What stands at the doors where somebody says who they are: limits, and the devices that are known."""

    def __init__(self, keyring: Keyring, *, is_secure: bool) -> None:
        self.limiter = Limiter(keyring)
        self._keyring = keyring
        self._is_secure = is_secure
        self._cookie = "__Host-known_device" if is_secure else "known_device"

    def attempt(
        self, door: Door, account: str, request: Request[Any, Any, Any]
    ) -> AbstractAsyncContextManager[None]:
        """Count an attempt at an account; when what is inside succeeds, it is taken back."""
        return self.limiter.attempt(door, account, self._visitor(door, account, request))

    async def press(self, door: Door, account: str, request: Request[Any, Any, Any]) -> None:
        """Count what succeeds every time, such as asking for a letter."""
        await self.limiter.press(door, account, self._visitor(door, account, request))

    def remembered(self, account: str, request: Request[Any, Any, Any]) -> Cookie:
        """Return the cookie by which this device is known at the next sign-in to the account."""
        device = self._device(account, request) or known_devices.new_device()
        return Cookie(
            key=self._cookie,
            value=known_devices.pass_of(device, account, self._keyring),
            max_age=known_devices.KNOWN_FOR_S,
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
        )

    def knows(self, account: str, request: Request[Any, Any, Any]) -> bool:
        """Say whether this device signed in to the account before."""
        return self._device(account, request) is not None

    def _visitor(self, door: Door, account: str, request: Request[Any, Any, Any]) -> Visitor:
        address = None if request.client is None else request.client.host
        # A device is known by the password alone, so it opens no way around the limits of the second factor.
        return Visitor(address, self._device(account, request) if door == "sign-in" else None)

    def _device(self, account: str, request: Request[Any, Any, Any]) -> str | None:
        return known_devices.known_device(request.cookies.get(self._cookie, ""), account, self._keyring)


def bucket_of(request: Request[Any, Any, Any], named: RequestClass | None) -> Bucket:
    """Return where a request is counted: with its key, its person or its address."""
    auth: object = request.scope.get("auth")
    does_read = request.method in _READING
    if isinstance(auth, ApiKey):
        kind, whose = ("reads by key" if does_read else "changes by key"), str(auth.id)
    elif isinstance(auth, Session):
        kind, whose = ("reads by person" if does_read else "changes by person"), str(auth.member.id)
    else:
        kind = "reads by address" if does_read else "changes by address"
        whose = limits.line_of(None if request.client is None else request.client.host)
    return limits.bucket_of_requests(named or kind, whose)


def _telling(send: Send, told: Mapping[str, str]) -> Send:
    async def tell(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableScopeHeaders.from_message(message)
            for name, value in told.items():
                headers[name] = value
        await send(message)

    return tell
