"""What a brand is at the tax office, who may write its invoices, and what it was paid by year."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from partner_network.brands import tax_queries, taxes
from partner_network.brands.tax_profiles import NewTaxProfile
from partner_network.dashboards.queries import yearly_paid
from partner_network.dashboards.web import portal
from partner_network.dashboards.web.portal import Told
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.listings import csv_answer
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.languages.catalogs import translated
from partner_network.statements.actions import taxing
from partner_network.statements.wording import decimal_text

_TOLD: Mapping[str, Sentence] = MappingProxyType(
    {
        "recorded": Sentence("The tax profile is recorded; it holds from its first day on."),
        "agreed": Sentence("You agreed. Invoices that waited for it are made within a minute."),
        "ended": Sentence("The agreement has ended. Invoices that were issued stay."),
    }
)
_PPM_PER_PERCENT = 10_000


@get("/tax", guards=[guards.must_connect_payouts])
async def show_tax(member: NamedDependency[Member], told: Told = "") -> Template:
    """Show the tax profile with a form for the next one, who may bill, and what was paid by year."""
    return await _page(member, told=translated(_TOLD.get(told, "")))


@post("/tax/profiles", guards=[guards.must_connect_payouts])
async def record_profile(
    data: URLEncodedBody[NewTaxProfile], member: NamedDependency[Member]
) -> Redirect | Template:
    """Record the next tax profile, or show the form again with everything that is wrong with it."""
    try:
        await taxing.record_tax_profile(member, data, await clock.now())
    except InvalidError as error:
        return await _page(member, form=data, errors=error.sentence_of)
    return portal.back_to("/tax", "recorded")


@post("/tax/self-billing/{brand:str}", guards=[guards.must_connect_payouts])
async def agree(brand: FromPath[str], member: NamedDependency[Member]) -> Redirect:
    """Let a payer write the brand's invoices."""
    await taxing.agree_to_self_billing(member, addresses.in_path("bnd", brand), await clock.now())
    return portal.back_to("/tax", "agreed")


@post("/tax/self-billing/{brand:str}/end", guards=[guards.must_connect_payouts])
async def end(brand: FromPath[str], member: NamedDependency[Member]) -> Redirect:
    """End it for the future."""
    await taxing.end_self_billing(member, addresses.in_path("bnd", brand), await clock.now())
    return portal.back_to("/tax", "ended")


@get("/tax/paid-by-year.csv", guards=[guards.must_connect_payouts])
async def take_paid_by_year(member: NamedDependency[Member]) -> Response[bytes]:
    """Give what the brand was paid by year as a file."""
    brand_id = guards.brand_of(member)
    async with connections.transaction(eyes=brand_id) as connection:
        rows = await yearly_paid.yearly_paid(connection, brand_id)
    return csv_answer(
        "paid-by-year",
        ["year", "payer", "currency", "paid", "form_1099"],
        [
            (
                one.year,
                one.payer_name,
                one.currency,
                decimal_text(one.paid_minor, one.currency),
                one.form_1099,
            )
            for one in rows
        ],
        numbers={0, 3},
    )


async def _page(
    member: Member,
    *,
    form: NewTaxProfile | None = None,
    errors: Mapping[str, str] | None = None,
    told: str = "",
) -> Template:
    brand_id = guards.brand_of(member)
    async with connections.transaction(eyes=brand_id) as connection:
        now = await clock.now(connection)
        company = (await tax_queries.taxed(connection, [brand_id]))[brand_id]
        billings = await tax_queries.self_billings_of(connection, brand_id)
        paid = await yearly_paid.yearly_paid(connection, brand_id)
    known = company.profiles[-1] if company.profiles else company.before
    earliest = taxing.first_day(now)
    return Template(
        "portal/tax.html",
        context={
            "in_force": taxes.in_force(company.profiles, now.date()),
            "coming": [one for one in company.profiles if one.valid_from > now.date()],
            "statuses": [(code, translated(words)) for code, words in taxes.STATUSES.items()],
            "status_words": taxes.STATUSES,
            "billings": billings,
            "paid": paid,
            "form": form or _filled(known, earliest.isoformat()),
            "errors": errors or {},
            "told": told,
        },
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
    )


def _filled(known: taxes.TaxProfile, valid_from: str) -> NewTaxProfile:
    whole, part = divmod(known.tax_rate_ppm, _PPM_PER_PERCENT)
    rate = f"{whole}.{part:04}".rstrip("0") if part else str(whole)
    return msgspec.convert(
        {
            "legal_name": known.legal_name,
            "address": known.address,
            "country": known.country,
            "status": known.status,
            "vat_id": known.vat_id or "",
            "tax_number": known.tax_number or "",
            "tax_rate": rate,
            "valid_from": valid_from,
        },
        NewTaxProfile,
    )
