"""The end of a partnership in the back office: a manager gives notice for its advertiser."""

from collections.abc import Awaitable

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from admin import network
from admin.network import NoticeForm
from partner_network.agreements.actions import end
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.kernel.errors import ConflictError, InvalidError


@post(
    "/admin/partnerships/{partnership:str}/end",
    guards=[guards.must_be_operator, guards.must_end_partnerships],
    include_in_schema=False,
)
async def end_partnership(
    partnership: FromPath[str], data: URLEncodedBody[NoticeForm], member: NamedDependency[Member]
) -> Redirect | Template:
    """Give notice for the advertiser, shown as such."""
    partnership_id = addresses.in_path("prt", partnership)
    deed = end.end_partnership(
        member, partnership_id, reason=data.reason, for_good_cause=data.for_good_cause == "yes"
    )
    return await _do(deed, partnership, member, data)


@post(
    "/admin/partnerships/{partnership:str}/end/withdrawal",
    guards=[guards.must_be_operator, guards.must_end_partnerships],
    include_in_schema=False,
)
async def withdraw_notice(partnership: FromPath[str], member: NamedDependency[Member]) -> Redirect | Template:
    """Take back the notice that was given for the advertiser."""
    deed = end.withdraw_notice(member, addresses.in_path("prt", partnership))
    return await _do(deed, partnership, member, NoticeForm())


async def _do(
    deed: Awaitable[object], partnership: str, member: Member, form: NoticeForm
) -> Redirect | Template:
    try:
        await deed
    except (InvalidError, ConflictError) as error:
        return await network.partnership_page(partnership, member, form, refused=error)
    return Redirect(f"/admin/partnerships/{partnership}#end", status_code=303)
