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
from partner_network.statements import previews


@get("/statements/preview", guards=[guards.must_read_money])
async def show_preview(member: NamedDependency[Member], account: FromQuery[int] = 0) -> Template:
    """Show what a close would state of one account of the brand now, or its accounts to choose from."""
    brand_id, now = guards.brand_of(member), await clock.now()
    shown, found = [], []
    if account:
        shown = await previews.preview_for(brand_id, account, now)
    else:
        async with connections.transaction(eyes=brand_id) as connection:
            found = await previews.accounts_of(connection, brand_id)
    return Template(
        "portal/preview.html",
        context={
            "chosen": account,
            "previews": shown,
            "accounts": found,
            "brand_id": brand_id,
            "kind_words": words.KIND_OF_LINE,
        },
    )
