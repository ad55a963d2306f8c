"""Conversions in the back office: find one, read its receipt with everything in it, answer who misses one."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from partner_network.database import connections
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import guards
from partner_network.identity.web.requests import AnyRequest
from partner_network.receipts import wording
from partner_network.receipts.queries import listed
from partner_network.receipts.web import conversions, missing_orders
from partner_network.receipts.web.missing_orders import Gate
from partner_network.receipts.web.receipts import Rev


@get(
    "/admin/conversions", guards=[guards.must_be_operator, guards.must_read_reports], include_in_schema=False
)
async def list_conversions(member: NamedDependency[Member], request: AnyRequest) -> Response[Any]:
    """List the conversions of all advertisers, the newest first; or give them as a file."""
    async with connections.transaction(eyes=member.eyes) as connection:
        programs = await listed.programs_listed(connection, None, "network")
        listing = conversions.listing_of(request, "network", programs)
        listing, found = await listed.conversions_in(connection, None, "network", listing)
    if listing.wants_csv:
        return conversions.file_of(found, "network", reads_money=permissions.may(member, "read money"))
    return Template(
        "admin/conversions.html",
        context={
            "words": wording,
            "listing": listing,
            "conversions": found,
            "side": "network",
            "programs": programs,
            "outcomes": listed.OUTCOMES["network"],
            "base": "/admin/conversions",
        },
    )


@get(
    "/admin/conversions/{conversion_id:str}",
    guards=[guards.must_be_operator, guards.must_read_reports],
    include_in_schema=False,
)
async def show_receipt(
    conversion_id: FromPath[str], member: NamedDependency[Member], rev: Rev = None
) -> Template:
    """Show who gets a conversion and why, with every candidate."""
    return Template("admin/conversion.html", context=await conversions.page_of(conversion_id, member, rev))


@get(
    "/admin/missing-orders",
    guards=[guards.must_be_operator, guards.must_read_reports],
    include_in_schema=False,
)
async def show_missing_order(
    member: NamedDependency[Member], entrance: Gate, request: AnyRequest
) -> Template:
    """Ask for an order that somebody misses, and read what became of it."""
    return await missing_orders.page_of(
        member, entrance, request, "admin/missing_order.html", "/admin/conversions"
    )
