"""One partnership of a brand: what it is, and how it ends."""

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_409_CONFLICT, HTTP_422_UNPROCESSABLE_ENTITY

from partner_network.agreements import notice_queries, queries
from partner_network.agreements.actions import end
from partner_network.dashboards.web import portal
from partner_network.dashboards.web.portal import Told
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.kernel.errors import ConflictError, InvalidError, PartnerNetworkError

AGREEMENTS_MAX = 50


class NoticeForm(msgspec.Struct):
    """Why the partnership ends, and the tick that says at once."""

    reason: str = ""
    for_good_cause: str = ""


@get("/partnerships/{partnership:str}", guards=[guards.must_read_partnerships])
async def show_partnership(
    partnership: FromPath[str], member: NamedDependency[Member], told: Told = ""
) -> Template:
    """Show a partnership of one's brand, and how it ends."""
    return await _page(partnership, member, NoticeForm(), told=portal.told(told))


@post("/partnerships/{partnership:str}/end", guards=[guards.must_end_partnerships])
async def end_partnership(
    partnership: FromPath[str], data: URLEncodedBody[NoticeForm], member: NamedDependency[Member]
) -> Redirect | Template:
    """Give notice for one's brand."""
    guards.brand_of(member)
    try:
        await end.end_partnership(
            member,
            addresses.in_path("prt", partnership),
            reason=data.reason,
            for_good_cause=data.for_good_cause == "yes",
        )
    except (InvalidError, ConflictError) as error:
        return await _page(partnership, member, data, refused=error)
    return portal.back_to(f"/partnerships/{partnership}", "notice-given")


@post("/partnerships/{partnership:str}/end/withdrawal", guards=[guards.must_end_partnerships])
async def withdraw_notice(partnership: FromPath[str], member: NamedDependency[Member]) -> Redirect | Template:
    """Take the notice of one's brand back."""
    guards.brand_of(member)
    try:
        await end.withdraw_notice(member, addresses.in_path("prt", partnership))
    except ConflictError as error:
        return await _page(partnership, member, NoticeForm(), refused=error)
    return portal.back_to(f"/partnerships/{partnership}", "notice-withdrawn")


async def _page(
    partnership: str,
    member: Member,
    form: NoticeForm,
    *,
    told: str = "",
    refused: PartnerNetworkError | None = None,
) -> Template:
    brand_id, partnership_id = guards.brand_of(member), addresses.in_path("prt", partnership)
    of = await notice_queries.ending_of(member, partnership_id)
    errors = dict(refused.sentence_of) if isinstance(refused, InvalidError) else {}
    status = HTTP_200_OK
    if refused is not None:
        status = HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_409_CONFLICT
    return Template(
        "portal/partnership.html",
        context={
            "of": of,
            "agreements": await queries.agreements_of(
                member, partnership_id=partnership_id, after=None, limit=AGREEMENTS_MAX
            ),
            "brand_id": brand_id,
            "form": form,
            "told": told,
            "errors": errors,
            "refusal": "" if refused is None or errors else refused.sentence,
        },
        status_code=status,
    )
