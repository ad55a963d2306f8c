"""What a conversion earns: its page in the portal, its JSON, and the door to contest a clawback."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_409_CONFLICT, HTTP_422_UNPROCESSABLE_ENTITY

from partner_network.commissions.actions import contests
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import ApiKey, Member
from partner_network.identity.web import addresses, guards, problems
from partner_network.kernel.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    PartnerNetworkError,
)
from partner_network.receipts.commission import composing, wording
from partner_network.receipts.queries import held
from partner_network.receipts.web import commission_answers
from partner_network.receipts.web.commission_answers import CommissionsAnswer

REFUSED = (ConflictError, InvalidError, NotFoundError)
"""What a form comes back with; a conversion that its reader may not see is not there, whatever the form."""


class ReasonForm(msgspec.Struct):
    """Why somebody does it."""

    reason: str = ""


@get("/api/v1/conversions/{conversion_id:str}/commissions", guards=[guards.must_read_money])
async def read_commissions(conversion_id: FromPath[str], asking: guards.WhoAsks) -> CommissionsAnswer:
    """Say what a conversion earns, by which figures and clauses, what changed them, and where the money lies.

    A partner gets its own; the advertiser and the operator get all.
    """
    wanted = addresses.in_path("cnv", conversion_id)
    if isinstance(asking, ApiKey) and not asking.is_live:
        raise NotFoundError("Nothing is earned by what a test key reports; ask with a live key.")
    async with connections.transaction(eyes=asking.eyes) as connection:
        composed = await composing.compose(connection, wanted, asking.brand_id)
    return commission_answers.answer(composed)


@get("/conversions/{conversion_id:str}/commission", guards=[guards.must_read_money])
async def show_commission(conversion_id: FromPath[str], member: NamedDependency[Member]) -> Template:
    """Show what a conversion earns, line by line, each side its own part."""
    guards.brand_of(member)
    return Template("receipts/commission.html", context=await page_of(conversion_id, member))


@get("/held", guards=[guards.must_read_money])
async def list_held(member: NamedDependency[Member]) -> Template:
    """List what of a brand's commissions is held, and what is taken back and may be contested."""
    guards.brand_of(member)
    return Template("receipts/held.html", context=await held_of(member))


@post("/held/{clawback_id:int}/contest", guards=[guards.must_contest_clawbacks], include_in_schema=False)
async def contest_listed(
    clawback_id: FromPath[int], data: URLEncodedBody[ReasonForm], member: NamedDependency[Member]
) -> Redirect | Template:
    """Contest a clawback where it is listed: a charity, too, that sees no order."""
    guards.brand_of(member)
    try:
        await contests.contest_clawback(clawback_id, reason=data.reason, by=member, now=await clock.now())
    except (ConflictError, InvalidError) as error:
        context = await held_of(member, refused=error, about=f"contest-{clawback_id}")
        context["form"] = data
        return Template("receipts/held.html", context=context, status_code=problems.status_of(error))
    return Redirect("/held", status_code=303)


@post(
    "/conversions/{conversion_id:str}/clawbacks/{clawback_id:int}/contest",
    guards=[guards.must_contest_clawbacks],
    include_in_schema=False,
)
async def contest(
    conversion_id: FromPath[str],
    clawback_id: FromPath[int],
    data: URLEncodedBody[ReasonForm],
    member: NamedDependency[Member],
) -> Redirect | Template:
    """Contest a clawback, with a reason."""
    addresses.in_path("cnv", conversion_id)
    try:
        await contests.contest_clawback(clawback_id, reason=data.reason, by=member, now=await clock.now())
    except REFUSED as error:
        context = await page_of(conversion_id, member, refused=error, about=f"contest-{clawback_id}")
        context["form"] = data
        return Template("receipts/commission.html", context=context, status_code=status_of(error))
    return Redirect(f"/conversions/{conversion_id}/commission", status_code=303)


def status_of(error: Exception) -> int:
    """Return the status that a form comes back with."""
    return HTTP_422_UNPROCESSABLE_ENTITY if isinstance(error, InvalidError) else HTTP_409_CONFLICT


async def held_of(
    member: Member, *, refused: PartnerNetworkError | None = None, about: str = ""
) -> dict[str, Any]:
    """Return what the pages of held and contested money show; ``about`` names the form that was refused."""
    async with connections.transaction(eyes=member.eyes) as connection:
        return {
            **_refusal(refused, about),
            "words": wording,
            "reader": member.brand_id,
            "held": await held.held(connection, member.brand_id),
            "taken": await held.taken_back(connection, member.brand_id),
            "now": await clock.now(connection),
        }


async def page_of(
    conversion_id: str,
    member: Member,
    *,
    refused: PartnerNetworkError | None = None,
    about: str = "",
) -> dict[str, Any]:
    """Return what the page of a conversion's commissions shows; ``about`` names the form that was refused."""
    wanted = addresses.in_path("cnv", conversion_id)
    async with connections.transaction(eyes=member.eyes) as connection:
        composed = await composing.compose(connection, wanted, member.brand_id)
        now = await clock.now(connection)
    return {
        **_refusal(refused, about),
        "words": wording,
        "composed": composed,
        "reported": composed.reported,
        "now": now,
        "forms": "",
        "contest_form": "",
        "json_href": f"/api/v1/conversions/{conversion_id}/commissions",
    }


def _refusal(refused: PartnerNetworkError | None, about: str) -> dict[str, Any]:
    fields: Mapping[str, str] = refused.sentence_of if isinstance(refused, InvalidError) else {}
    return {
        "refusal": "" if refused is None or fields else refused.sentence,
        "errors": {f"{about}-{name}": why for name, why in fields.items()},
        "about": about,
        "form": ReasonForm(),
    }
