"""A brand's own details at Stripe: the account it is paid to, the payment method it pays by."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY, HTTP_503_SERVICE_UNAVAILABLE

from partner_network.brands import queries as brands
from partner_network.brands import reach
from partner_network.dashboards.queries import owed
from partner_network.dashboards.web import portal
from partner_network.dashboards.web.portal import Told
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.stripe_answers import StripeRefusedError, StripeUnreachableError
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import guards
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.languages.catalogs import say, translated
from partner_network.payouts import bank_queries
from partner_network.payouts.actions import onboard
from partner_network.settings import Settings

Stripe = NamedDependency[SkipValidation[StripeConnect]]
_NO_ANSWER = Sentence("Stripe does not answer at the moment. Nothing was changed; try again in a minute.")
_TEST_CARDS = (
    ("pm_card_bypassPending", Sentence("Stripe’s test card whose money is available at once")),
    ("pm_card_visa", Sentence("Stripe’s test Visa card, whose money takes days to settle")),
)
_NOT_ASKED = Sentence("not asked yet")
_TRANSFERS: Mapping[str, Sentence] = MappingProxyType(
    {
        "active": Sentence("active"),
        "closed": Sentence("closed"),
        "pending": Sentence("pending"),
        "restricted": Sentence("restricted"),
        "unsupported": Sentence("not supported"),
    }
)
"""What Stripe says of an account that is to take transfers, in our words."""
_BANK_PAYOUTS_MAX = 8
_METHOD_CHARACTERS_MAX = 255


class PlainForm(msgspec.Struct):
    """A form that is only a button."""

    csrf_token: str = ""


class MethodForm(msgspec.Struct):
    """The payment method by its id at Stripe."""

    payment_method_id: Annotated[str, msgspec.Meta(max_length=_METHOD_CHARACTERS_MAX)] = ""
    csrf_token: str = ""


@get("/payout-account", guards=[guards.must_connect_payouts])
async def show_payout_account(
    member: NamedDependency[Member], settings: NamedDependency[SkipValidation[Settings]]
) -> Template:
    """Say whether the brand can be paid, and offer the way to Stripe if not."""
    return await _account_page(member, settings)


@post("/payout-account", guards=[guards.must_connect_payouts])
async def begin_onboarding(
    data: URLEncodedBody[PlainForm],
    member: NamedDependency[Member],
    stripe: Stripe,
    settings: NamedDependency[SkipValidation[Settings]],
) -> Template:
    """Ask Stripe for its page and take the person there."""
    del data  # its token was checked already
    try:
        address = await onboard.open_recipient(
            stripe,
            guards.brand_of(member),
            by=member,
            return_url=f"{settings.base_url}/payout-account/return",
            refresh_url=f"{settings.base_url}/payout-account/refresh",
            now=await clock.now(),
            platform_country=settings.platform_country,
        )
    except InvalidError:
        return await _account_page(member, settings)
    except (StripeUnreachableError, StripeRefusedError):
        return await _account_page(member, settings, problem=_NO_ANSWER)
    # By a page that goes on by itself: browsers stop a form that is redirected to another site.
    return Template(
        "portal/to_stripe.html", context={"address": address}, headers={"cache-control": "no-store"}
    )


@get("/payout-account/return", guards=[guards.must_connect_payouts])
async def return_from_stripe(
    member: NamedDependency[Member],
    stripe: Stripe,
    settings: NamedDependency[SkipValidation[Settings]],
) -> Response[Any]:
    """Ask Stripe what became of it: that somebody came back says nothing."""
    try:
        await onboard.read_recipient(stripe, guards.brand_of(member), await clock.now())
    except (StripeUnreachableError, StripeRefusedError):
        return await _account_page(member, settings, problem=_NO_ANSWER)
    return portal.back_to("/payout-account")


@get("/payout-account/refresh", guards=[guards.must_connect_payouts])
async def refresh_link(
    member: NamedDependency[Member], settings: NamedDependency[SkipValidation[Settings]]
) -> Template:
    """Say that Stripe's page was opened too late or twice, and offer a fresh one."""
    return await _account_page(
        member,
        settings,
        notice=say("That way to Stripe had expired or was used already. Go again from here."),
    )


@get("/payment-method", guards=[guards.must_fund_payouts])
async def show_payment_method(
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
    told: Told = "",
) -> Template:
    """Say what the brand pays by, and offer to change it."""
    return await _method_page(member, settings, MethodForm(), told=portal.told(told))


@post("/payment-method", guards=[guards.must_fund_payouts])
async def save_payment_method(
    data: URLEncodedBody[MethodForm],
    member: NamedDependency[Member],
    stripe: Stripe,
    settings: NamedDependency[SkipValidation[Settings]],
) -> Template | Redirect:
    """Keep the payment method that funds the brand's statements."""
    data.payment_method_id = data.payment_method_id.strip()
    if not data.payment_method_id.startswith("pm_") or not data.payment_method_id.isascii():
        error = Sentence("A payment method’s id at Stripe begins with pm_; copy it whole.")
        return await _method_page(member, settings, data, error=error)
    try:
        await onboard.save_payment_method(
            stripe,
            guards.brand_of(member),
            by=member,
            payment_method_id=data.payment_method_id,
            now=await clock.now(),
        )
    except (StripeUnreachableError, StripeRefusedError):
        return await _method_page(member, settings, data, error=_NO_ANSWER)
    return portal.back_to("/payment-method", "method-saved")


async def _account_page(
    member: Member, settings: Settings, *, notice: str = "", problem: str = ""
) -> Template:
    brand_id = guards.brand_of(member)
    async with connections.transaction(eyes=brand_id) as connection:
        details = await owed.stripe_details_of(connection, brand_id)
        brand = await brands.brand_within(connection, brand_id)
        currencies = await owed.currencies_of(connection, brand_id)
        banked = await bank_queries.newest_of(connection, brand_id, _BANK_PAYOUTS_MAX)
    paid_in = reach.paid_in(brand.country)
    return Template(
        "portal/payout_account.html",
        context={
            "details": details,
            "banked": banked,
            "country": brand.country,
            "platform_country": settings.platform_country,
            "is_reached": reach.can_pay(brand.country, platform=settings.platform_country),
            "paid_in": paid_in,
            "converted": [one for one in currencies if one != paid_in],
            "transfers": translated(_TRANSFERS.get(details.transfers_status or "", _NOT_ASKED)),
            "notice": notice,
            "problem": translated(problem),
        },
        status_code=HTTP_503_SERVICE_UNAVAILABLE if problem else HTTP_200_OK,
    )


async def _method_page(
    member: Member, settings: Settings, form: MethodForm, *, error: str = "", told: str = ""
) -> Template:
    brand_id = guards.brand_of(member)
    async with connections.transaction(eyes=brand_id) as connection:
        details = await owed.stripe_details_of(connection, brand_id)
    return Template(
        "portal/payment_method.html",
        context={
            "details": details,
            "form": form,
            "error": translated(error),
            "told": told,
            "test_cards": _TEST_CARDS if settings.sandbox else (),
        },
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if error else HTTP_200_OK,
    )
