"""What an advertiser pays in: how, how far each payment has come, and invoices to pay or call off."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template

from partner_network.dashboards.queries import owed
from partner_network.dashboards.web import portal
from partner_network.dashboards.web.portal import Told
from partner_network.database import connections, jobs
from partner_network.gateways import clock
from partner_network.gateways.stripe_answers import StripeRefusedError, StripeUnreachableError
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.requests import AnyRequest
from partner_network.kernel import ids
from partner_network.kernel.sentences import Sentence
from partner_network.payouts import funding_queries, rules
from partner_network.payouts.actions import fund, onboard
from partner_network.payouts.rules import ChargeFunding

Stripe = NamedDependency[SkipValidation[StripeConnect]]
PAGE = 50
STATES: Mapping[str, tuple[str, Sentence]] = MappingProxyType(
    {
        "settled": ("paid", Sentence("arrived")),
        "failed": ("failed", Sentence("failed")),
        "called off": ("ended", Sentence("called off")),
        "on its way": ("pending", Sentence("on its way")),
        "being called off": ("pending", Sentence("being called off")),
        "invoice in the making": ("pending", Sentence("being drawn up")),
        "invoice open": ("pending", Sentence("to be paid")),
    }
)
"""The badge of each state, and its words."""


class InvoiceForm(msgspec.Struct):
    """The amount that the page showed as missing."""

    amount_minor: Annotated[int, msgspec.Meta(ge=1)]
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
    csrf_token: str = ""


class PlainForm(msgspec.Struct):
    """A form that is only a button."""

    csrf_token: str = ""


@get("/payments", guards=[guards.must_read_money], include_in_schema=False)
async def show_payments(member: NamedDependency[Member], request: AnyRequest, told: Told = "") -> Template:
    """Show what is missing and the ways to pay it, and all payments, newest first."""
    brand_id = guards.brand_of(member)
    before = addresses.cursor("fnd", request.query_params.get("before") or None)
    async with connections.transaction(eyes=brand_id) as connection:
        debts = await owed.debts_of(connection, brand_id)
        details = await owed.stripe_details_of(connection, brand_id)
        rows = await funding_queries.payments_of(connection, brand_id, before=before, limit=PAGE + 1)
        now = await clock.now(connection)
    shown = rows[:PAGE]
    return Template(
        "portal/payments.html",
        context={
            "told": portal.told(told),
            "missing": [one for one in debts if one.need.missing_minor and not one.payment_under_way_minor],
            "has_method": details.payment_method_id is not None,
            "rows": shown,
            "states": STATES,
            "why_failed": rules.why_failed,
            "now": now,
            "may_fund": permissions.may(member, "fund payouts"),
            "newer": "/payments" if before else "",
            "older": f"/payments?before={ids.shown('fnd', shown[-1].id)}" if len(rows) > PAGE else "",
        },
    )


@post("/payments", guards=[guards.must_fund_payouts], include_in_schema=False)
async def ask_for_invoice(
    data: URLEncodedBody[InvoiceForm], member: NamedDependency[Member], stripe: Stripe
) -> Redirect:
    """Ask for an invoice over what is missing; the worker draws it up and sends it."""
    brand_id = guards.brand_of(member)
    try:
        await onboard.open_customer(stripe, brand_id, by=member, now=await clock.now())
    except (StripeUnreachableError, StripeRefusedError):
        return portal.back_to("/payments", "stripe-silent")
    async with connections.transaction(eyes=brand_id) as connection:
        funding_id = await fund.request_funding(
            connection,
            advertiser_id=brand_id,
            amount_minor=data.amount_minor,
            currency=data.currency,
            requested_by=member,
            now=await clock.now(connection),
            way="invoice",
        )
        await jobs.enqueue(connection, rules.CHARGE, ChargeFunding(funding_id))
    return portal.back_to("/payments", "invoice-asked")


@post("/payments/{payment:str}/end", guards=[guards.must_fund_payouts], include_in_schema=False)
async def call_off_invoice(
    payment: FromPath[str], data: URLEncodedBody[PlainForm], member: NamedDependency[Member]
) -> Redirect:
    """Call an open invoice off; the worker makes sure that nobody can pay it any more."""
    del data  # its token was checked already
    brand_id = guards.brand_of(member)
    funding_id = addresses.in_path("fnd", payment)
    async with connections.transaction(eyes=brand_id) as connection:
        await fund.call_off(connection, brand_id, funding_id, by=member)
        await jobs.enqueue(connection, rules.CHARGE, ChargeFunding(funding_id))
    return portal.back_to("/payments", "invoice-ended")
