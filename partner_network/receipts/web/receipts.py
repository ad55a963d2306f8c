"""The JSON of a receipt: to people with a session and to machines with a key alike."""

from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.params import FromPath, QueryParameter

from partner_network.database import connections
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import ApiKey, Asking
from partner_network.identity.web import addresses, guards
from partner_network.kernel.errors import NotFoundError
from partner_network.receipts import composed
from partner_network.receipts.composed import Composed
from partner_network.receipts.web import answers
from partner_network.receipts.web.answers import ReceiptAnswer

Leaf = Annotated[int | None, QueryParameter(ge=0, le=1_000_000_000)]
Leaves = Annotated[int, QueryParameter(ge=1, le=1_000)]
Rev = Annotated[int | None, QueryParameter(ge=1, le=1_000_000_000)]
LEAVES = 500


@get("/api/v1/conversions/{conversion_id:str}/receipt", guards=[guards.must_read_reports])
async def read_receipt(
    conversion_id: FromPath[str],
    asking: guards.WhoAsks,
    rev: Rev = None,
    after: Leaf = None,
    limit: Leaves = LEAVES,
) -> ReceiptAnswer:
    """Say who gets a conversion and why, so that its reader can check it.

    Its advertiser and the operator see every candidate. A partner of whom a touch was looked at sees its own;
    of every other partner's it gets the hash alone, with which the Merkle root can still be computed.
    """
    wanted = addresses.in_path("cnv", conversion_id)
    return answers.answer(await receipt_of(wanted, asking, rev=rev), after=after, limit=limit)


async def receipt_of(conversion_id: UUID, asking: Asking, *, rev: int | None = None) -> Composed:
    """Return a receipt for whoever asks. Errors: NotFoundError where there is none for them."""
    if isinstance(asking, ApiKey) and not asking.is_live:
        raise NotFoundError("Nothing is decided about what a test key reports; ask with a live key.")
    async with connections.transaction(eyes=asking.eyes) as connection:
        return await composed.receipt_for(
            connection,
            conversion_id,
            asking.brand_id,
            rev=rev,
            reads_money=permissions.may(asking, "read money"),
        )
