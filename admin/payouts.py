"""Payouts in the back office: where each one is, and what to do about a held one."""

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from admin import files, mending, next_steps, reading, wording
from admin.queries import payouts as queries
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.listings import Listing
from partner_network.identity.web.requests import AnyRequest
from partner_network.kernel.errors import InvalidError
from partner_network.payouts import rules
from partner_network.payouts.actions import release


class ReleaseForm(msgspec.Struct):
    """Why a held payout may go on."""

    reason: str = ""


@get("/admin/payouts", guards=[guards.must_be_operator, guards.must_read_payouts], include_in_schema=False)
async def list_payouts(request: AnyRequest) -> Template | Response[bytes]:
    """List payouts, newest first, all or those of one status."""
    asked = Listing.read(request.query_params, queries.ORDER, "-reserved", filters={"show": queries.STATUSES})
    listing, rows, sums = await queries.payout_rows(asked)
    if listing.wants_csv:
        return files.payouts(rows)
    return Template(
        "admin/payouts.html",
        context={
            "words": wording,
            "listing": listing,
            "rows": rows,
            "sums": sums,
            "why_held": rules.why_held,
        },
    )


@get(
    "/admin/payouts/{payout:str}",
    guards=[guards.must_be_operator, guards.must_read_payouts],
    include_in_schema=False,
)
async def show_payout(payout: FromPath[str]) -> Template:
    """Show one payout with every attempt to send it."""
    return await _page(payout)


@post(
    "/admin/payouts/{payout:str}/release",
    guards=[guards.must_be_operator, guards.must_manage_payouts],
    include_in_schema=False,
)
async def release_payout(
    payout: FromPath[str], data: URLEncodedBody[ReleaseForm], member: NamedDependency[Member]
) -> Redirect | Template:
    """Let a held payout go on, by a reason."""
    try:
        await release.release_payout(
            addresses.in_path("pay", payout), reason=data.reason, by=member, now=await clock.now()
        )
    except InvalidError as error:
        return await _page(payout, problem=error.sentence)
    return Redirect(f"/admin/payouts/{payout}", status_code=303)


async def _page(payout: str, *, problem: str = "") -> Template:
    sent = await queries.read_payout(addresses.in_path("pay", payout))
    held = sent.payout.held_reason
    return Template(
        "admin/payout.html",
        context={
            "sent": sent,
            "payout": sent.payout,
            "to_do": mending.what_to_do(held),
            "next": next_steps.of_payout(sent.payout.status, held, f"/admin/payouts/{payout}"),
            "why_held": rules.why_held,
            "events": reading.payout_events(sent),
            "problem": problem,
        },
        status_code=422 if problem else 200,
    )
