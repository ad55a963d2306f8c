"""Brands, as far as who is asking decides: their own members see theirs, the operator sees and makes all."""

from typing import TypeAlias

import msgspec
from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from partner_network.brands import queries, reach
from partner_network.brands.actions import NewBrand
from partner_network.brands.queries import Brand
from partner_network.identity.actions import brands as actions
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.addresses import After, Limit, Page
from partner_network.kernel import ids
from partner_network.kernel.errors import NotFoundError
from partner_network.settings import Settings

Installation: TypeAlias = NamedDependency[SkipValidation[Settings]]


class BrandBody(msgspec.Struct):
    """A company in the network."""

    id: str
    slug: str
    name: str
    legal_name: str
    address: str
    country: str
    tax_rate_ppm: int
    tax_id: str | None
    created_at: str
    customer_language: str
    """The language in which pages speak to its customers: en or de."""
    can_be_paid: bool
    """Whether Stripe pays into its country. A brand that it cannot pay advertises, and is never a partner or
    a charity."""


class CustomerLanguage(msgspec.Struct, forbid_unknown_fields=True):
    """The language in which a brand's customers shall be spoken to."""

    customer_language: str


@post("/api/v1/brands", guards=[guards.must_manage_brands])
async def create_brand(
    data: JSONBody[NewBrand], member: NamedDependency[Member], settings: Installation
) -> BrandBody:
    """Take a company into the network; the answer says at once whether Stripe could pay it."""
    brand_id = await actions.take_brand_in(member, data)
    return _shown(await queries.brand_of(brand_id, eyes="operator"), settings)


@get("/api/v1/brands", guards=[guards.must_read_members])
async def list_brands(
    member: NamedDependency[Member],
    settings: Installation,
    after: After = None,
    limit: Limit = addresses.LIMIT,
) -> Page[BrandBody]:
    """List all brands to the operator, and to a member their own."""
    if member.brand_id is not None:
        return Page([_shown(await queries.brand_of(member.brand_id, eyes=member.eyes), settings)], None)
    rows = await queries.all_brands(after=addresses.cursor("bnd", after), limit=limit + 1)
    return addresses.page(rows, limit, lambda brand: _shown(brand, settings), lambda brand: brand.id)


@get("/api/v1/brands/{brand:str}", guards=[guards.must_read_members])
async def read_brand(
    brand: FromPath[str], member: NamedDependency[Member], settings: Installation
) -> BrandBody:
    """Show one's own brand; to the operator, any."""
    brand_id = addresses.in_path("bnd", brand)
    if member.brand_id not in {None, brand_id}:
        raise NotFoundError("There is no such brand for you.")
    return _shown(await queries.brand_of(brand_id, eyes=member.eyes), settings)


@put("/api/v1/brands/{brand:str}/customer-language", guards=[guards.must_manage_members])
async def choose_customer_language(
    brand: FromPath[str],
    data: JSONBody[CustomerLanguage],
    member: NamedDependency[Member],
    settings: Installation,
) -> BrandBody:
    """Choose in which language the customers of one's own brand are spoken to."""
    brand_id = addresses.in_path("bnd", brand)
    await actions.choose_customer_language(member, brand_id, data.customer_language)
    return _shown(await queries.brand_of(brand_id, eyes=member.eyes), settings)


def _shown(brand: Brand, settings: Settings) -> BrandBody:
    return BrandBody(
        id=ids.shown("bnd", brand.id),
        slug=brand.slug,
        name=brand.name,
        legal_name=brand.legal_name,
        address=brand.address,
        country=brand.country,
        tax_rate_ppm=brand.tax_rate_ppm,
        tax_id=brand.tax_id,
        created_at=brand.created_at.isoformat(),
        customer_language=brand.customer_language,
        can_be_paid=reach.can_pay(brand.country, platform=settings.platform_country),
    )
