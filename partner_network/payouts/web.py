"""Money over the API: introduce a brand to Stripe, fund, see payouts, and what Stripe tells us."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, SkipValidation
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED
from litestar.types import ControllerRouterHandler

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.identity.rules.permissions import Asking, Member
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.addresses import After, Limit, Page
from partner_network.identity.web.requests import WITHOUT_SESSION
from partner_network.kernel import ids
from partner_network.kernel.errors import ForbiddenError
from partner_network.payouts import fundings_web, queries
from partner_network.payouts.actions import hear, onboard
from partner_network.payouts.queries import Need, Payout
from partner_network.settings import Settings

Stripe = NamedDependency[SkipValidation[StripeConnect]]
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]


class PayoutBody(msgspec.Struct, frozen=True):
    """A payout; money in minor units of ``currency``."""

    id: str
    statement: str
    payee: str
    payee_slug: str
    payer: str
    payer_slug: str
    currency: str
    amount_minor: int
    status: str
    held_reason: str | None
    stripe_transfer_id: str | None
    reserved_at: datetime
    finished_at: datetime | None


class NeedBody(msgspec.Struct, frozen=True):
    """What an advertiser has to pay in, in minor units."""

    currency: str
    approved_minor: int
    prepaid_minor: int
    missing_minor: int


class PaymentMethod(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A payment method by its id at Stripe."""

    payment_method_id: Annotated[str, msgspec.Meta(min_length=4, max_length=255)]


@get("/api/v1/payouts", guards=[guards.must_read_payouts])
async def list_payouts(
    asking: guards.WhoAsks, after: After = None, limit: Limit = addresses.LIMIT
) -> Page[PayoutBody]:
    """List payouts, newest first: a brand's own, or all for the operator."""
    async with connections.transaction(eyes=asking.eyes) as connection:
        rows = await queries.payouts(
            connection, brand_id=asking.brand_id, before=addresses.cursor("pay", after), limit=limit + 1
        )
    return addresses.page(rows, limit, _payout, lambda shown: shown.id)


@get("/api/v1/funding-need", guards=[guards.must_read_payouts])
async def read_need(asking: guards.WhoAsks, currency: FromQuery[Currency]) -> NeedBody:
    """Say what the asking advertiser has to pay in so that everything approved is paid."""
    async with connections.transaction(eyes=asking.eyes) as connection:
        need = await queries.need_of(connection, _brand_of(asking), currency)
    return _need(need)


@put("/api/v1/payment-method", guards=[guards.must_fund_payouts], status_code=HTTP_200_OK)
async def save_payment_method(
    data: JSONBody[PaymentMethod], member: NamedDependency[Member], stripe: Stripe
) -> dict[str, str]:
    """Keep the payment method that funds the asking advertiser's statements."""
    await onboard.save_payment_method(
        stripe,
        _brand_of(member),
        by=member,
        payment_method_id=data.payment_method_id,
        now=await clock.now(),
    )
    return {"status": "saved"}


@post("/api/v1/payout-account", guards=[guards.must_connect_payouts], status_code=HTTP_201_CREATED)
async def begin_onboarding(
    member: NamedDependency[Member], stripe: Stripe, settings: NamedDependency[SkipValidation[Settings]]
) -> dict[str, str]:
    """Return the address of Stripe's page where the asking brand introduces itself."""
    address = await onboard.open_recipient(
        stripe,
        _brand_of(member),
        by=member,
        return_url=f"{settings.base_url}/payout-account/return",
        refresh_url=f"{settings.base_url}/payout-account/refresh",
        now=await clock.now(),
        platform_country=settings.platform_country,
    )
    return {"url": address}


@get("/api/v1/payout-account", guards=[guards.must_connect_payouts])
async def read_account(member: NamedDependency[Member], stripe: Stripe) -> dict[str, str]:
    """Say what Stripe says now of the asking brand's account."""
    status = await onboard.read_recipient(stripe, _brand_of(member), await clock.now())
    return {"transfers_status": status}


@post("/stripe/webhooks", opt={WITHOUT_SESSION: True}, status_code=HTTP_200_OK, include_in_schema=False)
async def hear_stripe(request: Request[Any, Any, Any], stripe: Stripe) -> dict[str, str]:
    """Verify and store what Stripe says, answer at once, and look into it in a job."""
    payload = await request.body()
    event = stripe.verify_webhook(payload, request.headers.get("stripe-signature", ""))
    await hear.store_event(event, payload, now=await clock.now())
    return {"status": "stored"}


def _brand_of(asking: Asking) -> UUID:
    if asking.brand_id is None:
        raise ForbiddenError("Only a brand has money here; act for a brand to do this.")
    return asking.brand_id


def _payout(payout: Payout) -> PayoutBody:
    return PayoutBody(
        id=ids.shown("pay", payout.id),
        statement=payout.statement_number,
        payee=payout.payee_name,
        payee_slug=payout.payee_slug,
        payer=payout.payer_name,
        payer_slug=payout.payer_slug,
        currency=payout.currency,
        amount_minor=payout.amount_minor,
        status="held" if payout.held_reason else payout.status,
        held_reason=payout.held_reason,
        stripe_transfer_id=payout.stripe_transfer_id,
        reserved_at=payout.reserved_at,
        finished_at=payout.finished_at,
    )


def _need(need: Need) -> NeedBody:
    return NeedBody(need.currency, need.approved_minor, need.prepaid_minor, need.missing_minor)


ROUTES: Sequence[ControllerRouterHandler] = (
    list_payouts,
    read_need,
    *fundings_web.ROUTES,
    save_payment_method,
    begin_onboarding,
    read_account,
    hear_stripe,
)
