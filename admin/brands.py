"""Taking brands and charities in, and the page of one: who is there, and what is next."""

from collections.abc import Mapping

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK

from admin import brand_fields, brand_steps
from admin.queries import brands as queries
from partner_network.agreements.actions import list_charities
from partner_network.brands import reach
from partner_network.gateways import clock
from partner_network.identity.actions import brands as actions
from partner_network.identity.actions import people
from partner_network.identity.actions.people import Invitee
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards, problems
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, InvalidError, PartnerNetworkError
from partner_network.settings import Settings

CHARITY = "charity"


class BrandForm(msgspec.Struct):
    """The company; nothing is required, so that the page itself can say what is missing."""

    kind: str = ""
    email: str = ""
    name: str = ""
    legal_name: str = ""
    slug: str = ""
    address: str = ""
    country: str = ""
    tax_id: str = ""


class OwnerForm(msgspec.Struct):
    """Whom to invite as an owner."""

    email: str = ""


@get(
    "/admin/brands/new",
    guards=[guards.must_be_operator, guards.must_manage_brands],
    include_in_schema=False,
)
async def show_brand_form(kind: FromQuery[str] = "") -> Template:
    """Ask which company to take in."""
    return _form(BrandForm(kind=kind))


@post(
    "/admin/brands",
    guards=[guards.must_be_operator, guards.must_manage_brands],
    include_in_schema=False,
)
async def take_brand_in(
    data: URLEncodedBody[BrandForm],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Redirect | Template:
    """Take a company in, list it where it is a charity, and send its first owner a letter."""
    try:
        brand_fields.must_be_filled_in(data)
        new, owner = brand_fields.brand_in(data), Invitee(data.email, settings)
        if data.kind == CHARITY:
            brand_id = await list_charities.take_charity_in(member, new, owner=owner)
        else:
            brand_id = await actions.take_brand_in(member, new, owner=owner)
    except (InvalidError, ConflictError) as refusal:
        return _form(data, refusal)
    return Redirect(f"/admin/brands/{ids.shown('bnd', brand_id)}", status_code=303)


@get("/admin/brands/{brand:str}", guards=[guards.must_be_operator], include_in_schema=False)
async def show_brand(
    brand: FromPath[str],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Template:
    """Show a brand: its people, its programs, whom it promotes, and what is next."""
    return await _page(member, brand, settings)


@post(
    "/admin/brands/{brand:str}/owners",
    guards=[guards.must_be_operator, guards.must_invite_members],
    include_in_schema=False,
)
async def invite_owner(
    brand: FromPath[str],
    data: URLEncodedBody[OwnerForm],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Redirect | Template:
    """Send somebody a letter to become an owner of a brand, when the first one never came."""
    brand_id = addresses.in_path("bnd", brand)
    try:
        await people.invite_member(member, Invitee(data.email, settings), role="owner", brand_id=brand_id)
    except InvalidError as refusal:
        return await _page(member, brand, settings, data, {"email": refusal.sentence})
    return Redirect(f"/admin/brands/{brand}", status_code=303)


def _form(form: BrandForm, refusal: PartnerNetworkError | None = None) -> Template:
    return Template(
        "admin/brand_new.html",
        context={
            "form": form,
            "errors": dict(refusal.sentence_of) if refusal else {},
            "refusal": refusal.sentence if refusal else "",
        },
        status_code=HTTP_200_OK if refusal is None else problems.status_of(refusal),
    )


async def _page(
    member: Member,
    brand: str,
    settings: Settings,
    form: OwnerForm | None = None,
    errors: Mapping[str, str] | None = None,
) -> Template:
    read = await queries.brand_read(addresses.in_path("bnd", brand))
    now = await clock.now()
    is_reached = reach.can_pay(read.brand.country, platform=settings.platform_country)
    return Template(
        "admin/brand.html",
        context={
            "read": read,
            "now": now,
            "is_reached": is_reached,
            "steps": brand_steps.steps(read, now),
            "next": brand_steps.next_step(read, member),
            "may_invite_owner": permissions.may(member, "invite members"),
            "form": form or OwnerForm(),
            "errors": errors or {},
        },
        status_code=422 if errors else HTTP_200_OK,
    )
