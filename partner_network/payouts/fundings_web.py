"""What an advertiser pays in, over the API: ask for a payment, follow it, call an invoice off."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation
from litestar.status_codes import HTTP_202_ACCEPTED
from litestar.types import ControllerRouterHandler

from partner_network.database import connections, jobs
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.identity.rules.permissions import Asking, Member
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.addresses import After, Limit, Page
from partner_network.kernel import ids
from partner_network.kernel.errors import ForbiddenError
from partner_network.payouts import funding_queries, rules
from partner_network.payouts.actions import fund, onboard
from partner_network.payouts.funding_queries import PaidIn

Stripe = NamedDependency[SkipValidation[StripeConnect]]
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]


class FundingRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much to pay in, in minor units, and how: by the saved payment method, or by an invoice."""

    amount_minor: Annotated[int, msgspec.Meta(ge=1)]
    currency: Currency
    way: rules.Way = "charge"


class FundingBody(msgspec.Struct, frozen=True):
    """A payment of the asking advertiser; minor units."""

    id: str
    amount_minor: int
    currency: str
    way: str
    status: str
    """As pages say it: `on its way`, `invoice open`, `settled` and so on."""
    failure: str | None
    requested_at: datetime
    settled_at: datetime | None
    invoice_number: str | None
    invoice_url: str | None
    invoice_due_at: datetime | None


@post("/api/v1/fundings", guards=[guards.must_fund_payouts], status_code=HTTP_202_ACCEPTED)
async def request_funding(
    data: JSONBody[FundingRequest], member: NamedDependency[Member], stripe: Stripe
) -> dict[str, str]:
    """Ask for a payment of the asking advertiser; the worker charges or invoices it, then pays."""
    brand_id = _brand_of(member)
    if data.way == "invoice":
        await onboard.open_customer(stripe, brand_id, by=member, now=await clock.now())
    async with connections.transaction(eyes=member.eyes) as connection:
        funding_id = await fund.request_funding(
            connection,
            advertiser_id=brand_id,
            amount_minor=data.amount_minor,
            currency=data.currency,
            requested_by=member,
            now=await clock.now(connection),
            way=data.way,
        )
        await jobs.enqueue(connection, rules.CHARGE, rules.ChargeFunding(funding_id))
    return {"status": "requested", "id": ids.shown("fnd", funding_id)}


@get("/api/v1/fundings", guards=[guards.must_read_payouts])
async def list_fundings(
    asking: guards.WhoAsks, after: After = None, limit: Limit = addresses.LIMIT
) -> Page[FundingBody]:
    """List what the asking advertiser paid in, newest first, invoices with the address of Stripe's page."""
    async with connections.transaction(eyes=asking.eyes) as connection:
        rows = await funding_queries.payments_of(
            connection, _brand_of(asking), before=addresses.cursor("fnd", after), limit=limit + 1
        )
    return addresses.page(rows, limit, _funding, lambda shown: shown.id)


@post("/api/v1/fundings/{funding:str}/end", guards=[guards.must_fund_payouts], status_code=HTTP_202_ACCEPTED)
async def call_off(funding: FromPath[str], member: NamedDependency[Member]) -> dict[str, str]:
    """Call an open invoice off, so that another way to pay is free; the worker voids it at Stripe."""
    funding_id = addresses.in_path("fnd", funding)
    async with connections.transaction(eyes=member.eyes) as connection:
        await fund.call_off(connection, _brand_of(member), funding_id, by=member)
        await jobs.enqueue(connection, rules.CHARGE, rules.ChargeFunding(funding_id))
    return {"status": "being called off"}


def _brand_of(asking: Asking) -> UUID:
    if asking.brand_id is None:
        raise ForbiddenError("Only a brand pays in; act for a brand to do this.")
    return asking.brand_id


def _funding(one: PaidIn) -> FundingBody:
    return FundingBody(
        id=ids.shown("fnd", one.id),
        amount_minor=one.amount_minor,
        currency=one.currency,
        way=one.way,
        status=one.state,
        failure=one.failure,
        requested_at=one.requested_at,
        settled_at=one.settled_at,
        invoice_number=one.invoice_number,
        invoice_url=one.invoice_url,
        invoice_due_at=one.invoice_due_at,
    )


ROUTES: Sequence[ControllerRouterHandler] = (request_funding, list_fundings, call_off)
