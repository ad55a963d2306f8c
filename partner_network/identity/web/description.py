"""The API's description of itself: what Litestar finds in the handlers, and what holds for all of them.

Who may come in and how refusals look is known here alone, so that every route of the API says it.
"""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec
from litestar import Litestar, Request
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.response import Redirect
from litestar.routes import HTTPRoute
from litestar.types import Method
from litestar.types.internal_types import PathParameterDefinition

from partner_network.identity.rules import permissions
from partner_network.identity.web import guards
from partner_network.identity.web.problems import Problem
from partner_network.identity.web.requests import CSRF_HEADER, MAY_BE_MISSING

PATH = "/api/v1/schema"
API = "/api/v1/"
_SAFE = frozenset({"get", "head", "options"})
_ABOUT = """
What people do on the pages of the network, machines do here.

**Who asks.** A machine sends `Authorization: Bearer pnk_live_...`, a key that an owner or a developer of its
brand made for certain scopes; each operation names those that open it. With `pnk_test_...` the same paths
check and answer all that is reported, and keep it apart: it never counts. A person's program signs in at
`POST /api/v1/sessions`, keeps the cookie, and sends the `csrf_token` of the answer as `X-CSRF-Token` with
every change. Whose data one sees is never asked: it is that of the key's or the session's brand.

**Lists** come in pages: ask on with `?after=` and the `next` of the page before, until it is null.

**Money** is in minor units of its currency (cents), in whole numbers. **Instants** are RFC 3339 with an
offset.

**Refusals** are problem details (RFC 9457): `detail` is a sentence for people, `type` is for programs,
`fields` names each input at fault.
""".strip()
_WHY: Mapping[int, str] = MappingProxyType(
    {
        400: "What was sent cannot be read at all.",
        401: "Nobody known asks: sign in, or send an API key that is in force.",
        403: "Who asks may not do this, or their session's CSRF token is missing.",
        404: "There is no such thing, or not for who asks.",
        409: "The state of things does not allow this now.",
        413: "What was sent is too large.",
        422: "What was sent cannot be right; `fields` says where.",
        429: "Too many requests; `Retry-After` says when to come again.",
        503: "Stripe does not answer at the moment.",
    }
)
_SCHEMES = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key of a brand, `pnk_live_...` or `pnk_test_...`.",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": CSRF_HEADER,
        "description": "The token of the session, with every change that a signed-in person makes.",
    },
}


class DescriptionPlugin(JsonRenderPlugin):
    """Serve the description as JSON; the framework's pages for it load their scripts from strangers."""

    def __init__(self, cookie: str) -> None:
        super().__init__()
        self._cookie = cookie
        self._described: dict[str, Any] | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the description, made once."""
        if self._described is None:
            self._described = described(request.app, openapi_schema, cookie=self._cookie)
        return self.render_json(request, self._described)


def config(cookie: str) -> OpenAPIConfig:
    """Return how the framework describes the API; ``cookie`` names the one that carries a session."""
    return OpenAPIConfig(
        title="Partner network",
        version="1",
        description=_ABOUT,
        path=PATH,
        operation_id_creator=_operation_id,
        use_handler_docstrings=True,
        render_plugins=[DescriptionPlugin(cookie)],
    )


def described(app: Litestar, found: Mapping[str, Any], *, cookie: str) -> dict[str, Any]:
    """Return what the framework found, the API's paths alone, with who may come in and every refusal."""
    (problem,), shapes = msgspec.json.schema_components([Problem], ref_template="#/components/schemas/{name}")
    whole = copy.deepcopy(dict(found))
    handlers = dict(_handlers(app))
    whole["paths"] = {path: item for path, item in whole["paths"].items() if path.startswith(API)}
    whole["components"] = {
        "schemas": _reached(whole, whole["components"].get("schemas", {})) | shapes,
        "securitySchemes": _SCHEMES | {"session": {"type": "apiKey", "in": "cookie", "name": cookie}},
        "responses": {str(status): _refusal(why, problem) for status, why in _WHY.items()},
    }
    for path, item in whole["paths"].items():
        for method, operation in item.items():
            handler = handlers[path, method]
            operation["tags"] = [path.removeprefix(API).partition("/")[0]]
            if said := operation.get("description"):
                operation["summary"] = said.partition("\n")[0].rstrip(".")
            operation["security"] = _security(handler, method)
            responses = operation["responses"] = _as_answered(operation["responses"], handler)
            for status in _refusals(operation, handler, method, path):
                responses[str(status)] = {"$ref": f"#/components/responses/{status}"}
    return whole


def _handlers(app: Litestar) -> Iterator[tuple[tuple[str, str], HTTPRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                yield (route.path_format, method.lower()), handler


def _security(handler: HTTPRouteHandler, method: str) -> list[dict[str, list[str]]]:
    """Say how one may come in: with a key of a scope, with a session; nobody guards an open door."""
    asked = handler.guards or ()  # every guard of ours stands on the handler itself
    if not asked:
        return []
    ways: list[dict[str, list[str]]] = []
    verbs: list[permissions.Verb] = [guards.VERB_OF[one] for one in asked if one in guards.VERB_OF]
    for verb in verbs:
        ways += [{"key": [scope]} for scope in permissions.scopes_with(verb)]
    if not verbs or any(_is_for_people(verb) for verb in verbs):
        ways.append({"session": []} if method in _SAFE else {"session": [], "csrf": []})
    return ways


def _is_for_people(verb: permissions.Verb) -> bool:
    permission = permissions.MAY[verb]
    return bool(permission.at_brand or permission.at_operator)


def _refusals(
    operation: Mapping[str, Any], handler: HTTPRouteHandler, method: str, path: str
) -> Iterable[int]:
    # A key that is not in force is refused wherever it is shown, at open doors too.
    refusals = [401, 429]
    has_body = "requestBody" in operation
    if handler.guards or method not in _SAFE:
        refusals.append(403)
    if "{" in path or method not in _SAFE or MAY_BE_MISSING in handler.opt:
        refusals.append(404)
    if method not in _SAFE:
        refusals += [409, 413]
    if has_body or operation.get("parameters"):
        refusals += [400, 422]
    if "stripe" in handler.parsed_fn_signature.parameters:
        refusals += [409, 422, 503]
    return refusals


def _as_answered(responses: Mapping[str, Any], handler: HTTPRouteHandler) -> dict[str, Any]:
    """Correct what the framework gets wrong: how we redirect, and that an empty answer holds nothing."""
    told = {status: response for status, response in responses.items() if status < "400"}
    default = str(handler.status_code)
    if handler.parsed_fn_signature.return_type.is_subclass_of(Redirect):
        told["303"] = told.pop(default)
    elif default == "204":
        told[default].pop("content", None)
    return told


def _refusal(why: str, problem: object) -> dict[str, Any]:
    return {"description": why, "content": {"application/problem+json": {"schema": problem}}}


def _reached(whole: Mapping[str, Any], shapes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shapes that the paths still name, directly or through others."""
    reached: dict[str, Any] = {}
    waiting = list(_references(whole["paths"]))
    while waiting:
        name = waiting.pop()
        if name not in reached and name in shapes:
            reached[name] = shapes[name]
            waiting += _references(shapes[name])
    return dict(sorted(reached.items()))


def _references(node: object) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(reference := node.get("$ref"), str):
            yield reference.rpartition("/")[2]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for value in node:
            yield from _references(value)


def _operation_id(
    handler: HTTPRouteHandler, method: Method, path_components: list[str | PathParameterDefinition]
) -> str:
    """Name an operation of the API by its handler; a page, which is not described, by its path too."""
    names = [one if isinstance(one, str) else one.name for one in path_components]
    if names[:2] == ["api", "v1"]:
        return handler.handler_name
    return ".".join([*names, handler.handler_name, method])
