"""The end of a partnership as JSON: look, give notice, take it back."""

from datetime import datetime

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from partner_network.agreements import notice_queries
from partner_network.agreements.actions import end
from partner_network.agreements.notice_queries import Ending
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.kernel import ids


class NewNotice(msgspec.Struct, forbid_unknown_fields=True):
    """Why the partnership ends, which the other side reads; for good cause it ends at once."""

    reason: str
    for_good_cause: bool = False


class NoticeBody(msgspec.Struct):
    """What one side said to end the partnership."""

    brand: str
    brand_name: str
    by_operator: bool
    """Whether a person of the network gave it for the advertiser."""
    agreement: str
    clause: str
    for_good_cause: bool
    reason: str
    given_at: str
    ends_at: str
    withdrawn_at: str | None


class EndBody(msgspec.Struct):
    """Whether and when a partnership ends, until when it still earns, and who gave notice of that."""

    partnership: str
    status: str
    notice_days: int
    ends_at: str | None
    run_off_until: str | None
    time_zone: str | None
    notices: list[NoticeBody]


@get("/api/v1/partnerships/{partnership:str}/end", guards=[guards.must_read_partnerships])
async def read_end(partnership: FromPath[str], asking: guards.WhoAsks) -> EndBody:
    """Show whether and when a partnership of one's brand ends."""
    return _shown(await notice_queries.ending_of(asking, addresses.in_path("prt", partnership)))


@post(
    "/api/v1/partnerships/{partnership:str}/end",
    guards=[guards.must_end_partnerships],
    status_code=HTTP_200_OK,
)
async def end_partnership(
    partnership: FromPath[str], data: JSONBody[NewNotice], member: NamedDependency[Member]
) -> EndBody:
    """Give notice for one's brand, or as the network for the advertiser; asked again, nothing changes."""
    partnership_id = addresses.in_path("prt", partnership)
    return _shown(
        await end.end_partnership(
            member, partnership_id, reason=data.reason, for_good_cause=data.for_good_cause
        )
    )


@post(
    "/api/v1/partnerships/{partnership:str}/end/withdrawal",
    guards=[guards.must_end_partnerships],
    status_code=HTTP_200_OK,
)
async def withdraw_notice(partnership: FromPath[str], member: NamedDependency[Member]) -> EndBody:
    """Take the notice of one's side back before it takes effect; asked again, nothing changes."""
    return _shown(await end.withdraw_notice(member, addresses.in_path("prt", partnership)))


def _shown(of: Ending) -> EndBody:
    return EndBody(
        partnership=ids.shown("prt", of.partnership.id),
        status="ended" if of.state == "ended" else of.partnership.status,
        notice_days=of.notice_days,
        ends_at=None if of.end is None else of.end.at.isoformat(),
        run_off_until=None if of.end is None else of.end.run_off_until.isoformat(),
        time_zone=None if of.end is None else of.end.zone,
        notices=[
            NoticeBody(
                brand=ids.shown("bnd", one.given_for),
                brand_name=one.brand,
                by_operator=one.by_operator,
                agreement=ids.shown("agr", one.agreement_id),
                clause=one.clause,
                for_good_cause=one.for_good_cause,
                reason=one.reason,
                given_at=one.given_at.isoformat(),
                ends_at=one.ends_at.isoformat(),
                withdrawn_at=_instant(one.withdrawn_at),
            )
            for one in of.notices
        ],
    )


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


ROUTES = (read_end, end_partnership, withdraw_notice)
