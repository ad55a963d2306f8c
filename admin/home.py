"""The back office's first page: a home for each job, with one obvious next thing to do."""

from datetime import datetime
from typing import Any, TypeAlias

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template

from admin import ageing, audit, closing, mending, wording
from admin.queries import administration, finance, partnering, stopped
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import audit_asked, audit_page, guards
from partner_network.kernel.errors import ForbiddenError, NotFoundError
from partner_network.kernel.sentences import Sentence
from partner_network.payouts import rules as payout_rules

JOBS = ("manager", "finance", "admin")
NEWEST = 6
Context: TypeAlias = dict[str, Any]


@get("/admin", guards=[guards.must_be_operator], include_in_schema=False)
async def show_home(member: NamedDependency[Member], job: FromQuery[str] = "") -> Template:
    """Show the home of one of the person's jobs: the one that the address names, else their first."""
    mine = [one for one in JOBS if one in member.roles]
    if job and job not in JOBS:
        raise NotFoundError("There is no such home; open your own from the start of the back office.")
    if job and job not in mine:
        raise ForbiddenError(
            Sentence("This home is for the network’s {role}; open your own.", role=wording.ROLE[job])
        )
    shown = job or mine[0]
    made = {"manager": _of_manager, "finance": _of_finance, "admin": _of_admin}[shown]
    now = await clock.now()
    context = {"jobs": mine, "job": shown, "words": wording, "now": now, **await made(member, now)}
    return Template(f"admin/home_{shown}.html", context=context)


async def _of_manager(_: Member, now: datetime) -> Context:
    return {"desk": await partnering.desk(now)}


async def _of_finance(member: Member, now: datetime) -> Context:
    month = await finance.month_end(member.id, now)
    return {
        "month": month,
        "stopped": await stopped.streams(),
        "steps": closing.steps(month.standings),
        "all_owed": ageing.summed(month.owed),
        "all_awaited": ageing.summed(month.awaited),
        "next": next((one for one in month.queue if one.is_mine), None),
        "what_to_do": mending.what_to_do,
        "why_held": payout_rules.why_held,
    }


async def _of_admin(member: Member, _: datetime) -> Context:
    trail = await audit_page.context_of(member, audit_asked.asked(), None, "/admin/audit", audit.PAGE_OF)
    return {
        "overview": await administration.overview(),
        "newest": trail["rows"][:NEWEST],
        "wall_now": clock.wall_now(),
    }
