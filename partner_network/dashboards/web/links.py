"""The links of a brand: the list, making one, switching one off."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from partner_network.dashboards.queries import listed_links
from partner_network.dashboards.web import portal
from partner_network.dashboards.web.portal import Told
from partner_network.database import connections
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.listings import Listing, csv_answer
from partner_network.identity.web.requests import AnyRequest
from partner_network.kernel import ids
from partner_network.kernel.errors import InvalidError
from partner_network.languages.catalogs import say, translated
from partner_network.links import actions, rules
from partner_network.links import web as links_api
from partner_network.programs import queries as programs
from partner_network.programs.queries import Partnership, Program
from partner_network.settings import Settings

ROWS_MAX = 200


class LinkForm(msgspec.Struct):
    """What the form sends; nothing is required, so that the page itself can say what is missing."""

    partnership: str = ""
    name: str = ""
    destination_url: str = ""
    csrf_token: str = ""


class _Promoted(msgspec.Struct, frozen=True):
    """A partnership in which links can be made, and the program that says where they may lead."""

    partnership: Partnership
    program: Program


class _Tried(msgspec.Struct, frozen=True):
    """The form as it is shown: what was typed, what it offers, and everything that is wrong with it."""

    form: LinkForm
    promoted: Sequence[_Promoted]
    errors: Mapping[str, str] = {}


@get("/links", guards=[guards.must_read_links])
async def show_links(
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
    request: AnyRequest,
    told: Told = "",
) -> Response[Any]:
    """List a brand's links with their clicks, and offer the form for a new one; or give them as a file."""
    listing = _asked(request)
    if listing.wants_csv:
        return await _file(member, settings, listing)
    promoted = await _promoted(member)
    form = LinkForm()
    if len(promoted) == 1:
        form.destination_url = promoted[0].program.default_url
    return await _page(member, settings, _Tried(form, promoted), listing, told=portal.told(told))


@post("/links", guards=[guards.must_manage_links])
async def make_link(
    data: URLEncodedBody[LinkForm],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
    request: AnyRequest,
) -> Response[Any]:
    """Make a link, or show the form again with everything that is wrong with it."""
    promoted = await _promoted(member)
    errors = _mistakes(data, promoted, sandbox=settings.sandbox)
    if errors:
        return await _page(member, settings, _Tried(data, promoted, errors), _asked(request))
    await actions.create_link(
        settings,
        asking=member,
        partnership_id=addresses.in_body("prt", data.partnership, field="partnership"),
        name=data.name,
        destination_url=data.destination_url.strip(),
    )
    return portal.back_to("/links", "link-made")


@post("/links/{link:str}/end", guards=[guards.must_manage_links])
async def end_link(link: FromPath[str], member: NamedDependency[Member]) -> Redirect:
    """Switch a link off."""
    await actions.disable_link(asking=member, link_id=addresses.in_path("lnk", link))
    return portal.back_to("/links", "link-off")


def _mistakes(form: LinkForm, promoted: Sequence[_Promoted], *, sandbox: bool) -> dict[str, str]:
    """Collect what is wrong with each field, where the action stops at the first."""
    mistakes: dict[str, str] = {}
    chosen = next((one for one in promoted if ids.shown("prt", one.partnership.id) == form.partnership), None)
    if chosen is None:
        mistakes["partnership"] = say("Choose the program that the link promotes.")
    hosts = () if chosen is None else chosen.program.destination_hosts
    for name, check in (
        ("name", lambda: rules.must_be_name(form.name)),
        (
            "destination_url",
            lambda: rules.must_be_destination(form.destination_url.strip(), hosts=hosts, sandbox=sandbox),
        ),
    ):
        try:
            check()
        except InvalidError as error:
            # Without a program nobody can say which hosts are allowed: one mistake at a time there.
            if name == "name" or chosen is not None or not form.destination_url.strip():
                mistakes[name] = translated(error.sentence)
    return mistakes


async def _promoted(member: Member) -> list[_Promoted]:
    """List the active partnerships in which the member's brand promotes."""
    brand_id = guards.brand_of(member)
    known = {one.id: one for one in await programs.programs_of(member, after=None, limit=ROWS_MAX)}
    partnerships = await programs.partnerships_of(member, after=None, limit=ROWS_MAX)
    return [
        _Promoted(one, known[one.program_id])
        for one in partnerships
        if one.partner_id == brand_id and one.status == "active" and one.program_id in known
    ]


def _asked(request: AnyRequest) -> Listing:
    return Listing.read(
        request.query_params, listed_links.ORDERS, "-created", filters={"state": listed_links.STATES}
    )


async def _page(
    member: Member, settings: Settings, tried: _Tried, listing: Listing, *, told: str = ""
) -> Template:
    brand_id = guards.brand_of(member)
    async with connections.transaction(eyes=brand_id) as connection:
        listing, links = await listed_links.links_of(connection, brand_id, listing)
    return Template(
        "portal/links.html",
        context={
            "links": links,
            "listing": listing,
            "address_of": partial(links_api.address_of, settings=settings),
            "promoted": tried.promoted,
            "form": tried.form,
            "errors": tried.errors,
            "told": told,
        },
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if tried.errors else HTTP_200_OK,
    )


async def _file(member: Member, settings: Settings, listing: Listing) -> Response[bytes]:
    brand_id = guards.brand_of(member)
    async with connections.transaction(eyes=brand_id) as connection:
        _, links = await listed_links.links_of(connection, brand_id, listing)
    return csv_answer(
        "links",
        ["name", "program", "address", "leads_to", "made", "off_since", "gross", "unique", "valid"],
        [
            (
                one.name,
                one.program,
                links_api.address_of(one.token, settings),
                one.destination_url,
                one.created_at.isoformat(),
                one.disabled_at.isoformat() if one.disabled_at else "",
                one.clicks_gross,
                one.clicks_unique,
                one.clicks_valid,
            )
            for one in links
        ],
        numbers=frozenset({6, 7, 8}),
    )
