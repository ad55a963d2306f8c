"""What every request passes: the key, the faults and the idempotency layer in front of the verbs."""

import asyncio
import json
from typing import Any, cast

from litestar import Request
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Receive, Scope, Send

from partner_network.sandbox.stripe_simulator import accounts, answers, faults, forms, refusals
from partner_network.sandbox.stripe_simulator.answers import Answer
from partner_network.sandbox.stripe_simulator.call import API_VERSION, Call, Settings
from partner_network.sandbox.stripe_simulator.faults import Faults
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.routes import ROUTES, Verb
from partner_network.sandbox.stripe_simulator.state import PLATFORM, State, new_id
from partner_network.sandbox.stripe_simulator.webhooks import Postman

AnyRequest = Request[Any, Any, Any]
LAST_CLIENT_ERROR = 499


class Door:
    """Answers one request after the other: each is a single transaction on one thread, as SQLite likes it."""

    def __init__(self, state: State, settings: Settings) -> None:
        self.state = state
        self.settings = settings
        self.faults = Faults()
        self._in_flight: set[str] = set()
        self.postman = Postman(state, settings)

    async def answer(self, request: AnyRequest, route: str) -> ASGIApp:
        """Answer a request to Stripe's API."""
        version = "v2" if " /v2/" in route else "v1"
        request_id = new_id("req")
        try:
            _must_have_test_key(request.headers.get("authorization"))
            call = Call(
                state=self.state,
                settings=self.settings,
                params=await _params(request, version),
                request_id=request_id,
                idempotency_key=request.headers.get("idempotency-key"),
                object_id=request.path_params.get("id", ""),
                part_id=request.path_params.get("part", ""),
                account=self._account(request),
            )
            return await self._through_faults(call, route, version)
        except RefusedError as refused:
            body = json.dumps(refused.body(version=version))
            return _sent(Answer(refused.status, body, request_id), None)

    async def _through_faults(self, call: Call, route: str, version: str) -> ASGIApp:
        self._must_not_be_in_use(call)
        fault = self.faults.strike(route)
        kind = None if fault is None else fault.kind
        if kind in faults.BEFORE:
            return _lost(kind)
        if fault is not None and kind == "slow":
            await self._take_long(call, fault.seconds)
        answer = self._decide(call, route, version, kind)
        self.postman.ring()
        if kind in {"drop_after", "timeout_after"}:
            return _lost(kind)
        if kind == "500_after":
            raise refusals.stripe_broke(stored=False)
        return _sent(answer, call.idempotency_key)

    async def _take_long(self, call: Call, seconds: float) -> None:
        key = f"{call.account} {call.idempotency_key or call.request_id}"
        self._in_flight.add(key)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._in_flight.discard(key)

    def _must_not_be_in_use(self, call: Call) -> None:
        if f"{call.account} {call.idempotency_key}" in self._in_flight:
            raise refusals.key_in_use(call.idempotency_key or "")

    def _account(self, request: AnyRequest) -> str:
        named = request.headers.get("stripe-account", PLATFORM)
        account = self.state.find(named, kind=accounts.KIND) if named else None
        if named and (account is None or account["closed"]):
            raise refusals.no_access(named)
        return named

    def _decide(self, call: Call, route: str, version: str, fault: faults.Kind | None) -> Answer:
        key = call.idempotency_key if route.startswith("POST") else None
        if key is not None and call.account:
            key = f"{call.account} {key}"  # each account has keys of its own
        # An address with an id is an endpoint of its own.
        endpoint = route.replace("{id}", call.object_id).replace("{part}", call.part_id)
        with self.state.transaction():
            if key is None:
                return _run(call, ROUTES[route], version, fault)[0]
            past = answers.stored(
                call.state, key=key, endpoint=endpoint, params=call.params, request_id=call.request_id
            )
            if past is not None:
                return past
            answer, keep = _run(call, ROUTES[route], version, fault)
            if keep:
                answers.store(call.state, answer, key=key, endpoint=endpoint, params=call.params)
            return answer


def _run(call: Call, verb: Verb, version: str, fault: faults.Kind | None) -> tuple[Answer, bool]:
    destination = str(call.params.get("destination", call.object_id))
    failure = faults.refusal(fault, key=call.idempotency_key or "", destination=destination)
    try:
        with call.state.attempt():
            if failure is not None:
                raise failure
            return Answer(200, json.dumps(verb(call)), call.request_id), True
    except RefusedError as refused:
        # API v2 never repeats a success and tries a failure anew, so only v1 keeps refusals.
        body = json.dumps(refused.body(version=version))
        return Answer(refused.status, body, call.request_id), refused.stored and version == "v1"


def _must_have_test_key(authorization: str | None) -> None:
    scheme, _, key = (authorization or "").partition(" ")
    if scheme != "Bearer" or not key:
        raise refusals.no_key()
    if not key.startswith("sk_test_"):
        raise refusals.bad_key(key)


async def _params(request: AnyRequest, version: str) -> Json:
    if request.method in {"GET", "DELETE"}:
        return forms.decode(request.scope["query_string"].decode(errors="replace"))
    body = await request.body()
    if version == "v1":
        return forms.decode(body.decode(errors="replace"))
    try:
        params = json.loads(body or b"{}")
    except ValueError:
        params = None
    if not isinstance(params, dict):
        raise RefusedError("The request body must be a JSON object.", code="invalid_fields")
    return cast("Json", params)


def _sent(answer: Answer, key: str | None) -> ASGIApp:
    headers = {"Request-Id": answer.request_id, "Stripe-Version": API_VERSION}
    if key is not None:
        headers["Idempotency-Key"] = key
    if answer.replays is not None:
        headers |= {"Idempotent-Replayed": "true", "Original-Request": answer.replays}
    if answer.status > LAST_CLIENT_ERROR:
        headers["Stripe-Should-Retry"] = "false"  # the stored 500 would only be replayed
    return ASGIResponse(body=answer.body, headers=headers, status_code=answer.status)


def _lost(kind: faults.Kind | None) -> ASGIApp:
    return _say_nothing if kind in faults.NEVER_ANSWERED else _cut_the_line


async def _say_nothing(_scope: Scope, receive: Receive, _send: Send) -> None:
    # The client gives up some day; only then does the server let go.
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cut_the_line(_scope: Scope, _receive: Receive, send: Send) -> None:
    # A body that never comes makes the server hang up, which is all a client sees of a dropped connection.
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
    await send({"type": "http.response.body", "body": b"", "more_body": True})
