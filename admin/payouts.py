"""Payouts in the back office: where each one is, and what to do about a held one."""

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Template

from admin import files, mending, reading, wording
from admin.queries import payouts as queries
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.listings import Listing
from partner_network.identity.web.requests import AnyRequest
from partner_network.payouts import rules


@get("/admin/payouts", guards=[guards.must_be_operator, guards.must_read_payouts], include_in_schema=False)
async def list_payouts(request: AnyRequest) -> Template | Response[bytes]:
    """List payouts, newest first, all or those of one status."""
    asked = Listing.read(request.query_params, queries.ORDER, "-reserved", filters={"show": queries.STATUSES})
    listing, rows, sums = await queries.payout_rows(asked)
    if listing.wants_csv:
        return files.payouts(rows)
    return Template(
        "admin/payouts.html", context={"words": wording, "listing": listing, "rows": rows, "sums": sums}
    )


@get(
    "/admin/payouts/{payout:str}",
    guards=[guards.must_be_operator, guards.must_read_payouts],
    include_in_schema=False,
)
async def show_payout(payout: FromPath[str]) -> Template:
    """Show one payout with every attempt to send it."""
    sent = await queries.read_payout(addresses.in_path("pay", payout))
    return Template(
        "admin/payout.html",
        context={
            "sent": sent,
            "payout": sent.payout,
            "to_do": mending.what_to_do(sent.payout.held_reason),
            "why_held": rules.why_held,
            "events": reading.payout_events(sent),
        },
    )
