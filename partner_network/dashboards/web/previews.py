"""A brand previews what a close would state now."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template

from partner_network.dashboards.web import words
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import guards
from partner_network.kernel.errors import NotFoundError
from partner_network.statements import previews


@get("/statements/preview", guards=[guards.must_read_money])
async def show_preview(member: NamedDependency[Member], account: FromQuery[int] = 0) -> Template:
    """Show what a close would state of one account of the brand now, or its accounts to choose from."""
    brand_id, now = guards.brand_of(member), await clock.now()
    async with connections.transaction(eyes=brand_id) as connection:
        found = await previews.accounts_of(connection, brand_id)
        chosen = next((one for one in found if one.account.account_id == account), None)
        if account and chosen is None:
            raise NotFoundError("There is no such account; choose one of the list.")
        shown = [] if chosen is None else await previews.preview(connection, chosen, now)
    return Template(
        "portal/preview.html",
        context={
            "chosen": chosen,
            "previews": shown,
            "accounts": found,
            "brand_id": brand_id,
            "kind_words": words.KIND_OF_LINE,
        },
    )
