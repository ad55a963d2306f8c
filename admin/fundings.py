"""Payments of advertisers in the back office: where each one is, who must act, and what is next."""

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Template

from admin import files, next_steps, reading, wording
from admin.queries import fundings as queries
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.listings import Listing
from partner_network.identity.web.requests import AnyRequest
from partner_network.payouts import rules

GUARDS = [guards.must_be_operator, guards.must_read_payouts]


@get("/admin/fundings", guards=GUARDS, include_in_schema=False)
async def list_fundings(request: AnyRequest) -> Template | Response[bytes]:
    """List payments of advertisers, the newest first, all or those of one status."""
    asked = Listing.read(
        request.query_params, queries.ORDER, "-requested", filters={"show": queries.STATUSES}
    )
    listing, rows, sums = await queries.funding_rows(asked)
    if listing.wants_csv:
        return files.fundings(rows)
    return Template(
        "admin/fundings.html",
        context={
            "words": wording,
            "listing": listing,
            "rows": rows,
            "sums": sums,
            "why_failed": rules.why_failed,
        },
    )


@get("/admin/fundings/{funding:str}", guards=GUARDS, include_in_schema=False)
async def show_funding(funding: FromPath[str]) -> Template:
    """Show one payment: what happened to it, and what is next."""
    read = await queries.read_funding(addresses.in_path("fnd", funding))
    return Template(
        "admin/funding.html",
        context={
            "read": read,
            "funding": read.funding,
            "next": next_steps.of_funding(
                read.funding.status,
                taken_back_minor=read.taken_back_minor,
                is_followed=read.is_followed,
                payer=read.funding.advertiser_name,
                invoice=read.funding.invoice,
            ),
            "events": reading.funding_events(read),
            "why_failed": rules.why_failed,
        },
    )
