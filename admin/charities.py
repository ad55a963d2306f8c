"""Charities: which brands agreements may give to."""

from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template

from partner_network.agreements import charity_queries
from partner_network.agreements.actions import list_charities
from partner_network.database import connections
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards, problems
from partner_network.kernel.errors import ConflictError, InvalidError, NotFoundError, PartnerNetworkError
from partner_network.kernel.sentences import Sentence
from partner_network.settings import Settings

CHOICES_MAX = 1_000


class CharityForm(msgspec.Struct):
    """Which brand is to be listed."""

    brand: str = ""


@get("/admin/charities", guards=[guards.must_be_operator], include_in_schema=False)
async def show_charities(member: NamedDependency[Member]) -> Template:
    """List the charities, and ask a manager for another one."""
    return await _page(member, CharityForm())


@post(
    "/admin/charities",
    guards=[guards.must_be_operator, guards.must_list_charities],
    include_in_schema=False,
)
async def list_charity(
    data: URLEncodedBody[CharityForm],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Redirect | Template:
    """List a brand as a charity."""
    try:
        await list_charities.list_charity(member, _chosen(data), platform_country=settings.platform_country)
    except (InvalidError, ConflictError, NotFoundError) as error:
        return await _page(member, data, error)
    return Redirect("/admin/charities", status_code=303)


@post(
    "/admin/charities/{charity:str}/delisting",
    guards=[guards.must_be_operator, guards.must_list_charities],
    include_in_schema=False,
)
async def delist_charity(charity: FromPath[str], member: NamedDependency[Member]) -> Redirect | Template:
    """End the listing of a charity."""
    wanted = addresses.in_path("bnd", charity)
    try:
        await list_charities.delist_charity(member, wanted)
    except NotFoundError as error:
        return await _page(member, CharityForm(), error)
    return Redirect("/admin/charities", status_code=303)


def _chosen(form: CharityForm) -> UUID:
    if not form.brand:
        raise InvalidError("Something is missing yet.", fields={"brand": Sentence("Choose one.")})
    return addresses.in_body("bnd", form.brand, field="brand")


async def _page(member: Member, form: CharityForm, refusal: PartnerNetworkError | None = None) -> Template:
    async with connections.transaction(eyes=member.eyes) as connection:
        rows = await charity_queries.charities(connection)
        candidates = await charity_queries.candidates(connection, CHOICES_MAX)
    status = 200 if refusal is None else problems.status_of(refusal)
    return Template(
        "admin/charities.html",
        context={
            "rows": rows,
            "candidates": candidates,
            "form": form,
            "errors": dict(refusal.sentence_of) if refusal else {},
            "refusal": refusal.sentence if refusal else "",
        },
        status_code=status,
    )
