"""What stands between a brand and each of its partners and advertisers, on either side."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from partner_network.database import connections
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import guards
from partner_network.identity.web.requests import AnyRequest
from partner_network.ledger import pair_queries
from partner_network.payouts import return_queries

PAGE = 100
_DIGITS_MAX = 18


@get("/balances", guards=[guards.must_read_money], include_in_schema=False)
async def show_balances(member: NamedDependency[Member], request: AnyRequest) -> Template:
    """Show where the money between two brands stands: pending, held, payable, funded, on its way."""
    brand_id = guards.brand_of(member)
    given = request.query_params.get("after", "")
    after = int(given) if given.isascii() and given.isdigit() and len(given) <= _DIGITS_MAX else 0
    async with connections.transaction(eyes=brand_id) as connection:
        found = await pair_queries.pair_balances(connection, brand_id, after=after, limit=PAGE + 1)
        returns = await return_queries.returns(connection, advertiser_id=brand_id)
    rows = found[:PAGE]
    return Template(
        "portal/balances.html",
        context={
            "rows": rows,
            # what was only asked for, or declined, is the network's affair
            "returns": [one for one in returns if one.status not in {"asked", "declined"}],
            "brand_id": brand_id,
            "newer": "/balances" if after else "",
            "older": f"/balances?after={rows[-1].id}" if len(found) > PAGE else "",
        },
    )
