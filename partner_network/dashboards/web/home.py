"""The first page of a brand: where its money is, what comes next, what it owes; and what its chart draws."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template

from partner_network.dashboards.queries import earnings, next_payouts, owed
from partner_network.dashboards.queries.earnings import MonthEarned
from partner_network.dashboards.web import portal, sentences
from partner_network.dashboards.web.portal import Told
from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import guards
from partner_network.payouts import rules as payout_rules
from partner_network.payouts.actions import fund
from partner_network.programs import queries as programs

RECENT = 8
PARTNERSHIPS_MAX = 200


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
async def show_home(member: NamedDependency[Member], told: Told = "") -> Response[Any]:
    """Show a brand where its money is; send the operator's people to their back office."""
    if member.brand_id is None:
        return Redirect("/admin/", status_code=303)
    async with connections.transaction(eyes=member.eyes) as connection:
        now = await clock.now(connection)
        shown = await _activity(connection, member.brand_id)
        if permissions.may(member, "read money"):
            shown |= await _money(connection, member.brand_id, now.date())
    partnerships = await programs.partnerships_of(member, after=None, limit=PARTNERSHIPS_MAX)
    invited = [one for one in partnerships if one.partner_id == member.brand_id and one.status == "invited"]
    shown |= {
        "told": portal.told(told),
        "invited": invited,
        "partnerships": partnerships,
        "promotes": any(one.partner_id == member.brand_id for one in partnerships),
    }
    return Template("portal/home.html", context=shown)


async def _activity(connection: Connection, brand_id: UUID) -> dict[str, Any]:
    return {
        "recent": await earnings.recently_credited(connection, brand_id, RECENT),
        "to_sign": await connection.fetchval(
            """SELECT count(*) FROM agreements g JOIN partnerships p ON p.id = g.partnership_id
               WHERE $1 IN (p.advertiser_id, p.partner_id) AND p.status NOT IN ('ended', 'declined')
                   AND NOT EXISTS (SELECT FROM signatures s WHERE s.agreement_id = g.id AND s.brand_id = $1)
                   AND NOT EXISTS (SELECT FROM agreements later WHERE later.partnership_id = p.id
                                   AND later.id > g.id)""",
            brand_id,
        ),
    }


async def _money(connection: Connection, brand_id: UUID, today: date) -> dict[str, Any]:
    now = await clock.now(connection)
    months = earnings.without_gaps(await earnings.earned_by_month(connection, brand_id), f"{today:%Y-%m}")
    coming = await next_payouts.next_payouts_of(connection, brand_id, now)
    return {
        "whereabouts": await earnings.whereabouts_of(connection, brand_id),
        "months": months,
        "this_month": {one.currency: one.earned_minor for one in months if one.month == f"{today:%Y-%m}"},
        "coming": [(one, sentences.what_a_close_brings(one)) for one in coming],
        "waiting": [
            (statement, sentences.state_of(statement), sentences.what_a_statement_waits_for(statement))
            for one in coming
            for statement in one.open_statements
        ],
        "debts": await owed.debts_of(connection, brand_id),
        "failed_payment": await owed.last_payment_failed(connection, brand_id),
        "stripe": await owed.stripe_details_of(connection, brand_id),
    }


@post("/fundings", guards=[guards.must_fund_payouts])
async def fund_statements(data: URLEncodedBody[FundingForm], member: NamedDependency[Member]) -> Redirect:
    """Pay in what is missing, by the saved payment method; the worker charges it."""
    brand_id = portal.brand_of(member)
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
    brand_id = portal.brand_of(asking)
    async with connections.transaction(eyes=brand_id) as connection:
        now = await clock.now(connection)
        months = await earnings.earned_by_month(connection, brand_id)
    return EarningsBody([_shown(one) for one in earnings.without_gaps(months, f"{now:%Y-%m}")])


def _shown(one: MonthEarned) -> MonthBody:
    return MonthBody(one.month, one.currency, one.commission_minor, one.bonus_minor, one.earned_minor)
