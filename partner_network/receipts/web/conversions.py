"""A brand's conversions as pages: the lists, and the credit receipt of one."""

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from partner_network.database import connections
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.listings import Listing, csv_answer
from partner_network.identity.web.requests import AnyRequest
from partner_network.kernel import ids
from partner_network.receipts import composed, wording
from partner_network.receipts.composed import Composed
from partner_network.receipts.queries import listed, revisions
from partner_network.receipts.queries.listed import Listed, Side
from partner_network.receipts.rules import drawing
from partner_network.receipts.web.receipts import Rev

CANDIDATES_MAX = 100
LEAVES_MAX = 60


@get("/conversions", guards=[guards.must_read_reports])
async def list_conversions(member: NamedDependency[Member], request: AnyRequest) -> Response[Any]:
    """List what a brand sold, or what touches of it stand before, the newest first; or give a file."""
    brand_id = guards.brand_of(member)
    async with connections.transaction(eyes=member.eyes) as connection:
        sides = await listed.sides_of(connection, brand_id)
        side = _asked_side(request, sides)
        programs = await listed.programs_listed(connection, brand_id, side)
        listing = listing_of(request, side, programs)
        listing, found = await listed.conversions_in(connection, brand_id, side, listing)
    reads_money = permissions.may(member, "read money")
    if listing.wants_csv:
        return file_of(found, side, reads_money=reads_money)
    return Template(
        "receipts/conversions.html",
        context={
            "words": wording,
            "listing": listing,
            "conversions": found,
            "side": side,
            "sides": sides,
            "programs": programs,
            "outcomes": listed.OUTCOMES[side],
            "base": "/conversions",
        },
    )


def _asked_side(request: AnyRequest, sides: Sequence[Side]) -> Side:
    by_name: dict[str, Side] = {one: one for one in sides}
    return by_name.get(request.query_params.get("side", ""), sides[0])


@get("/conversions/{conversion_id:str}", guards=[guards.must_read_reports])
async def show_receipt(
    conversion_id: FromPath[str], member: NamedDependency[Member], rev: Rev = None
) -> Template:
    """Show who gets a conversion and why, each side its own part."""
    guards.brand_of(member)
    return Template("receipts/receipt.html", context=await page_of(conversion_id, member, rev))


async def page_of(conversion_id: str, member: Member, rev: int | None) -> dict[str, Any]:
    """Return what a receipt's page shows; of a conversion that waits for its first decision only that."""
    wanted = addresses.in_path("cnv", conversion_id)
    async with connections.transaction(eyes=member.eyes) as connection:
        reported = await revisions.reported(connection, wanted, member.brand_id)
        if reported.rev is None and revisions.viewer_of(reported, member.brand_id) is None:
            return {"words": wording, "reported": reported, "receipt": None}
        receipt = await composed.receipt_for(
            connection,
            wanted,
            member.brand_id,
            rev=rev,
            reads_money=permissions.may(member, "read money"),
        )
    return {"reported": reported, "words": wording, **_drawn(receipt)}


def _drawn(receipt: Composed) -> dict[str, Any]:
    # The latest of very many: what decided is among them, and the JSON holds all.
    candidates = receipt.seen.weighed
    credited = [one for one in candidates if one[1].weight is not None]
    others = [one for one in candidates if one[1].weight is None]
    kept = [*credited[::-1], *others[::-1]][:CANDIDATES_MAX]
    shown = sorted(kept, key=lambda one: one[0])
    return {
        "receipt": receipt,
        "drawing": drawing.drawn(receipt.seen),
        "candidates": shown,
        "candidates_left_out": len(candidates) - len(shown),
        "leaves": receipt.seen.parts[:LEAVES_MAX],
        "leaves_left_out": max(len(receipt.seen.parts) - LEAVES_MAX, 0),
        "json_href": f"/api/v1/conversions/{ids.shown('cnv', receipt.reported.id)}/receipt",
    }


def listing_of(request: AnyRequest, side: Side, programs: dict[str, str]) -> Listing:
    """Read how the list is looked at, from the page's address."""
    listing = Listing.read(
        request.query_params,
        listed.ORDERS,
        "-date",
        filters={"outcome": listed.OUTCOMES[side], "program": tuple(programs)},
    )
    kept = {**listing.kept, **({"side": side} if request.query_params.get("side") == side else {})}
    return msgspec.structs.replace(listing, kept=kept)


def file_of(found: Sequence[Listed], side: Side, *, reads_money: bool) -> Response[bytes]:
    """Answer with a list as a file; commissions for whoever may read money, one column a currency."""
    currencies = sorted({currency for one in found for currency, _ in one.commissions}) if reads_money else []
    heads = ["conversion", "order_id", "event", "at", "advertiser", "program", "currency", "net_minor"]
    heads += ["outcome", "credited", *(f"commission_{currency}_minor" for currency in currencies)]
    rows = [
        (
            ids.shown("cnv", one.id),
            one.order_id,
            one.event,
            one.occurred_at.isoformat(),
            one.advertiser,
            one.program or "",
            one.currency,
            one.net_minor,
            one.outcome,
            ", ".join(one.partners),
            *(dict(one.commissions).get(currency, 0) for currency in currencies),
        )
        for one in found
    ]
    numbers = frozenset({7, *range(10, 10 + len(currencies))})
    return csv_answer(
        "conversions" if side != "brought" else "conversions-brought", heads, rows, numbers=numbers
    )
