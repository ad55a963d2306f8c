"""Preview what a close would state now, one pair of brands at a time."""

from litestar import get
from litestar.params import FromQuery
from litestar.response import Template

from admin import wording
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.web import guards
from partner_network.statements import previews

PAIRS_MAX = 200


@get(
    "/admin/statements/preview",
    guards=[guards.must_be_operator, guards.must_read_money],
    include_in_schema=False,
)
async def show_preview(account: FromQuery[int] = 0) -> Template:
    """Show what a close would state of one account now, or the accounts to choose from."""
    now = await clock.now()
    shown, open_ones = [], []
    if account:
        shown = await previews.preview_for(None, account, now)
    else:
        async with connections.transaction(eyes="operator") as connection:
            found = await previews.accounts_of(connection, None)
        open_ones = [one for one in found if one.pay_minor or one.unstated_at]
    return Template(
        "admin/preview.html",
        context={
            "chosen": account,
            "previews": shown,
            "accounts": open_ones[:PAIRS_MAX],
            "words": wording,
            "now": now,
        },
    )
