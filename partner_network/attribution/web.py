"""The door to a decision: to people with a session and to machines with a key alike."""

from collections.abc import Sequence

from litestar import get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from partner_network.attribution.queries import receipts
from partner_network.attribution.queries.receipts import ShownDecision
from partner_network.database import connections
from partner_network.identity.rules.permissions import ApiKey
from partner_network.identity.web import addresses, guards
from partner_network.kernel.errors import NotFoundError


@get("/api/v1/conversions/{conversion_id:str}/decision", guards=[guards.must_read_reports])
async def read_decision(conversion_id: FromPath[str], asking: guards.WhoAsks) -> ShownDecision:
    """Say who gets a conversion and why, to its advertiser and to each partner whom it credits."""
    wanted = addresses.in_path("cnv", conversion_id)
    if isinstance(asking, ApiKey) and not asking.is_live:
        raise NotFoundError("Nothing is decided about what a test key reports; ask with a live key.")
    async with connections.transaction(eyes=asking.eyes) as connection:
        return await receipts.decision_for(connection, wanted, asking.brand_id)


ROUTES: Sequence[ControllerRouterHandler] = (read_decision,)
