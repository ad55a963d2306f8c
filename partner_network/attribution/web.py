"""The door to a decision: to people with a session and to machines with a key alike."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Request, get
from litestar.exceptions import NotAuthorizedException
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from partner_network.attribution.queries import receipts
from partner_network.attribution.queries.receipts import ShownDecision
from partner_network.database import connections
from partner_network.identity.queries import Session
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import ApiKey
from partner_network.identity.web import addresses


@get("/api/v1/conversions/{conversion_id:str}/decision")
async def read_decision(conversion_id: FromPath[str], request: Request[Any, Any, Any]) -> ShownDecision:
    """Say who gets a conversion and why, to its advertiser and to each partner whom it credits."""
    asking_brand = _must_read_reports(request)
    wanted = addresses.in_path("cnv", conversion_id)
    async with connections.transaction(eyes=asking_brand or "operator") as connection:
        return await receipts.decision_for(connection, wanted, asking_brand)


def _must_read_reports(request: Request[Any, Any, Any]) -> UUID | None:
    """Return the brand that asks, None for the operator."""
    auth: object = request.scope.get("auth")
    if isinstance(auth, ApiKey):
        permissions.must_have_scope(auth, "reports:read")
        return auth.brand_id
    if isinstance(auth, Session):
        permissions.must(auth.member, "read reports")
        return auth.member.brand_id
    raise NotAuthorizedException(
        "Sign in, or send an API key of your brand as `Authorization: Bearer pnk_...`."
    )


ROUTES: Sequence[ControllerRouterHandler] = (read_decision,)
