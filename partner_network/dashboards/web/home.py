"""The first page of a brand: what to do next, and the figures of each person's job; what its chart draws."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeAlias

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template

from partner_network.dashboards.queries import earnings, owed
from partner_network.dashboards.queries import standing as standings
from partner_network.dashboards.queries.earnings import MonthEarned
from partner_network.dashboards.queries.owed import Debt
from partner_network.dashboards.queries.standing import Standing
from partner_network.dashboards.web import developers, home_views, next_steps, portal
from partner_network.dashboards.web.home_views import View
from partner_network.dashboards.web.portal import Told
from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import guards
from partner_network.links import web as links_api
from partner_network.payouts import rules as payout_rules
from partner_network.payouts.actions import fund
from partner_network.settings import Settings

Asked: TypeAlias = Annotated[str, QueryParameter(max_length=40)]
"""Which view of the home is asked for; anything else shows the first."""
STEPS_MAX = 5


class FundingForm(msgspec.Struct):
    """The amount that the page showed as missing."""

    amount_minor: Annotated[int, msgspec.Meta(ge=1)]
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
    csrf_token: str = ""


class MonthBody(msgspec.Struct, frozen=True):
    """What one month brought, in minor units of ``currency``."""

    month: str
    currency: str
    commission_minor: int
    bonus_minor: int
    earned_minor: int


class EarningsBody(msgspec.Struct, frozen=True):
    """All months since the first that brought something, of each currency."""

    items: list[MonthBody]
    next: str | None = None


@get("/", guards=[guards.must_be_signed_in])
async def show_home(
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
    view: Asked = "",
    told: Told = "",
) -> Response[Any]:
    """Show what waits for a brand, and the figures of the person's job; the operator's have a back office."""
    if member.brand_id is None:
        return Redirect("/admin/", status_code=303)
    if member.roles <= {"developer"}:
        return await developers.page_of(member, settings)
    async with connections.transaction(eyes=member.eyes) as connection:
        now = await clock.now(connection)
        standing = await standings.standing_of(connection, member.brand_id)
        reads_money = permissions.may(member, "read money") and standing.advertises
        debts = await owed.debts_of(connection, member.brand_id) if reads_money else []
        views = home_views.views_for(member, standing)
        chosen = home_views.chosen(view, views)
        shown = await _figures(connection, member, _Facts(now, standing, debts), chosen)
    steps = next_steps.steps_for(member, standing, debts)
    shown |= {
        "told": portal.told(told),
        "steps": steps[:STEPS_MAX],
        "steps_left": max(0, len(steps) - STEPS_MAX),
        "standing": standing,
        "views": views,
        "view": chosen,
        "address_of": partial(links_api.address_of, settings=settings),
    }
    return Template("portal/home.html", context=shown)


class _Facts(msgspec.Struct, frozen=True):
    """What every view begins with."""

    now: datetime
    standing: Standing
    debts: Sequence[Debt]


async def _figures(connection: Connection, member: Member, facts: _Facts, view: View) -> dict[str, Any]:
    brand_id = guards.brand_of(member)
    match view:
        case "promoting":
            return await home_views.promoting(connection, member, brand_id, facts.now)
        case "advertising":
            return await home_views.advertising(connection, member, brand_id, facts.now, facts.debts)
        case "finance":
            return await home_views.finance(connection, brand_id, facts.now, facts.standing, facts.debts)


@post("/fundings", guards=[guards.must_fund_payouts])
async def fund_statements(data: URLEncodedBody[FundingForm], member: NamedDependency[Member]) -> Redirect:
    """Pay in what is missing, by the saved payment method; the worker charges it."""
    brand_id = guards.brand_of(member)
    async with connections.transaction(eyes=brand_id) as connection:
        funding_id = await fund.request_funding(
            connection,
            advertiser_id=brand_id,
            amount_minor=data.amount_minor,
            currency=data.currency,
            requested_by=member,
            now=await clock.now(connection),
        )
        await jobs.enqueue(connection, payout_rules.CHARGE, payout_rules.ChargeFunding(funding_id))
    return portal.back_to("/", "funding")


@get("/api/v1/earnings", guards=[guards.must_read_money])
async def read_earnings(asking: guards.WhoAsks) -> EarningsBody:
    """Give what each month brought the asking brand, after refunds: what the chart draws."""
    brand_id = guards.brand_of(asking)
    async with connections.transaction(eyes=brand_id) as connection:
        now = await clock.now(connection)
        months = await earnings.earned_by_month(connection, brand_id)
    return EarningsBody([_shown(one) for one in earnings.without_gaps(months, f"{now:%Y-%m}")])


def _shown(one: MonthEarned) -> MonthBody:
    return MonthBody(one.month, one.currency, one.commission_minor, one.bonus_minor, one.earned_minor)
