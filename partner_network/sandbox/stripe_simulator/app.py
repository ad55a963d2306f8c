"""The simulator composed: Stripe's addresses, the hosted page, the controls, and the postman on his walk."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import msgspec
from litestar import HttpMethod, Litestar, Response
from litestar.datastructures import State as AppState
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from partner_network.sandbox.stripe_simulator import control, fates, refusals
from partner_network.sandbox.stripe_simulator.call import Settings
from partner_network.sandbox.stripe_simulator.door import AnyRequest, Door
from partner_network.sandbox.stripe_simulator.routes import ROUTES
from partner_network.sandbox.stripe_simulator.state import State

logger = logging.getLogger(__name__)


def create_app(state: State, settings: Settings) -> Litestar:
    """Compose the simulator; it delivers webhooks for as long as it is up."""
    door = Door(state, settings)

    @asynccontextmanager
    async def postman_walks(_app: Litestar) -> AsyncGenerator[None]:
        walk = asyncio.create_task(door.postman.walk())
        yield
        walk.cancel()
        with suppress(asyncio.CancelledError):
            await walk

    return Litestar(
        [*(_stripe_handler(door, route) for route in ROUTES), *control.HANDLERS, *fates.HANDLERS],
        state=AppState({"door": door}),
        lifespan=[postman_walks],
        exception_handlers={HTTPException: _unrouted, Exception: _broken},
        openapi_config=None,
    )


def _stripe_handler(door: Door, route: str) -> HTTPRouteHandler:
    method, path = route.split(" ")

    async def handle(request: AnyRequest) -> ASGIApp:
        return await door.answer(request, route)

    return HTTPRouteHandler(
        path.replace("{id}", "{id:str}").replace("{part}", "{part:str}"),
        http_method=HttpMethod(method),
        status_code=200,
    )(handle)


def _unrouted(request: AnyRequest, failed: HTTPException) -> Response[bytes]:
    refused = refusals.no_route(request.method, request.url.path)
    status = refused.status if failed.status_code in {404, 405} else failed.status_code
    body = msgspec.json.encode(refused.body(version="v1"))
    return Response(body, status_code=status, media_type="application/json")


def _broken(request: AnyRequest, failed: Exception) -> Response[bytes]:
    logger.error("%s %s broke the simulator", request.method, request.url.path, exc_info=failed)
    body = msgspec.json.encode(refusals.stripe_broke().body(version="v1"))
    return Response(body, status_code=500, media_type="application/json")
