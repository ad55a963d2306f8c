"""What every form asks of a brand that is new here."""

from typing import Protocol

from partner_network.brands import rules
from partner_network.brands.actions import NewBrand
from partner_network.identity.rules import credentials
from partner_network.identity.web import mistakes
from partner_network.kernel.errors import InvalidError


class BrandFields(Protocol):
    """A form that has these fields besides its own."""

    email: str
    name: str
    legal_name: str
    slug: str
    address: str
    country: str
    tax_id: str


def brand_in(form: BrandFields) -> NewBrand:
    """Read a brand off a form, as people type it."""
    return NewBrand(
        slug=form.slug.strip(),
        name=form.name,
        legal_name=form.legal_name,
        address=form.address.replace("\r\n", "\n"),
        country=form.country.strip().upper(),
        tax_id=form.tax_id.strip() or None,
    )


def must_be_filled_in(form: BrandFields) -> None:
    """Refuse a form with everything that is wrong with it, where the actions stop at the first."""
    wrong: dict[str, str] = {}
    try:
        credentials.email_of(form.email)
    except InvalidError as error:
        wrong["email"] = error.sentence
    new = brand_in(form)
    try:
        rules.must_be_brand(
            slug=new.slug,
            name=new.name,
            legal_name=new.legal_name,
            address=new.address,
            country=new.country,
            tax_rate_ppm=new.tax_rate_ppm,
        )
    except InvalidError as error:
        wrong |= error.sentence_of
    asked = ("email", "name", "legal_name", "slug", "address", "country")
    wrong |= mistakes.missing({name: getattr(form, name) for name in asked})
    if wrong:
        in_order = {name: wrong[name] for name in asked if name in wrong}
        raise InvalidError("Something is missing or not right yet.", fields=in_order)
