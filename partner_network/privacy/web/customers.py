"""What a brand asks about one of its customers: a copy of all that is held, and to forget who it was.

The customer's id comes in the body, never in the address, which proxies write down.
"""

from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from partner_network.conversions.rules.reports import Key
from partner_network.database import connections
from partner_network.identity.rules.permissions import ApiKey, Asking
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.addresses import After, Limit, Page
from partner_network.kernel.errors import ForbiddenError
from partner_network.privacy.actions import erase_customers, hand_out
from partner_network.privacy.queries import customers as queries
from partner_network.privacy.queries.customers import CustomerExport, Mark


class Named(msgspec.Struct, forbid_unknown_fields=True):
    """A customer by the brand's own id."""

    customer_id: Key


@post("/api/v1/customer-exports", guards=[guards.must_manage_customers], status_code=HTTP_200_OK)
async def export_customer(data: JSONBody[Named], asking: guards.WhoAsks) -> CustomerExport:
    """Return all that is held about a customer of one's own brand."""
    return await hand_out.hand_out_customer(asking, _brand_of(asking), data.customer_id)


@post("/api/v1/customer-erasures", guards=[guards.must_manage_customers], status_code=HTTP_201_CREATED)
async def erase_customer(data: JSONBody[Named], asking: guards.WhoAsks) -> Mark:
    """Erase a customer of one's own brand; orders stay, and nobody can tell any more whose they were."""
    erased = await erase_customers.erase_customer(asking, _brand_of(asking), data.customer_id)
    return Mark(str(erased.id), erased.erased_at, erased.counts)


@get("/api/v1/customer-erasures", guards=[guards.must_manage_customers])
async def list_erasures(
    asking: guards.WhoAsks, after: After = None, limit: Limit = addresses.LIMIT
) -> Page[Mark]:
    """List when customers of one's own brand were erased, the oldest first; never who they were."""
    async with connections.transaction(eyes=asking.eyes) as connection:
        start = addresses.plain_cursor(after)
        rows = await queries.erasures_of(connection, _brand_of(asking), after=start, limit=limit + 1)
    return addresses.page(rows, limit, lambda row: row, lambda row: row.id)


def _brand_of(asking: Asking) -> UUID:
    if asking.brand_id is None:
        raise ForbiddenError("Customers belong to a brand; act for one to export or erase them.")
    if isinstance(asking, ApiKey) and not asking.is_live:
        raise ForbiddenError("This is a test key, and these are real people; use a live key.")
    return asking.brand_id
