"""The promo codes of a brand: the list, giving one to a partner, withdrawing one."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from partner_network.dashboards.queries import listed_codes
from partner_network.dashboards.web import portal
from partner_network.dashboards.web.portal import Told
from partner_network.database import connections
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.listings import Listing, csv_answer
from partner_network.identity.web.requests import AnyRequest
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, InvalidError
from partner_network.languages.catalogs import say, translated
from partner_network.links.codes import actions, rules
from partner_network.programs import queries as programs
from partner_network.programs.queries import Partnership

PARTNERSHIPS_MAX = 200


class CodeForm(msgspec.Struct):
    """What the form sends; nothing is required, so that the page itself can say what is missing."""

    partnership: str = ""
    code: str = ""
    csrf_token: str = ""


class _Tried(msgspec.Struct, frozen=True):
    """The form as it is shown: what was typed, whom it offers, and everything that is wrong with it."""

    form: CodeForm
    partnerships: Sequence[Partnership]
    errors: Mapping[str, str] = {}


@get("/codes", guards=[guards.must_read_links])
async def show_codes(member: NamedDependency[Member], request: AnyRequest, told: Told = "") -> Response[Any]:
    """List the codes that a brand was given and gave, and offer the form for a new one; or as a file."""
    listing = _asked(request)
    if listing.wants_csv:
        return await _file(member, listing)
    tried = _Tried(CodeForm(), await _partnerships(member))
    return await _page(member, tried, listing, told=portal.told(told))


@post("/codes", guards=[guards.must_manage_codes])
async def give_code(
    data: URLEncodedBody[CodeForm], member: NamedDependency[Member], request: AnyRequest
) -> Response[Any]:
    """Give a code, or show the form again with everything that is wrong with it."""
    partnerships = await _partnerships(member)
    errors = _mistakes(data, partnerships)
    if not errors:
        try:
            await actions.give_code(
                asking=member,
                partnership_id=addresses.in_body("prt", data.partnership, field="partnership"),
                code=data.code,
            )
        except ConflictError as error:
            errors = {"code": translated(error.sentence)}
    if errors:
        return await _page(member, _Tried(data, partnerships, errors), _asked(request))
    return portal.back_to("/codes", "code-given")


@post("/codes/{code:str}/end", guards=[guards.must_manage_codes])
async def withdraw_code(code: FromPath[str], member: NamedDependency[Member]) -> Redirect:
    """Withdraw a code."""
    await actions.withdraw_code(asking=member, code_id=addresses.in_path("cod", code))
    return portal.back_to("/codes", "code-withdrawn")


def _mistakes(form: CodeForm, partnerships: Sequence[Partnership]) -> dict[str, str]:
    mistakes: dict[str, str] = {}
    if form.partnership not in {ids.shown("prt", one.id) for one in partnerships}:
        mistakes["partnership"] = say("Choose the partner who gets the code.")
    try:
        rules.must_be_code(form.code)
    except InvalidError as error:
        mistakes["code"] = translated(error.sentence)
    return mistakes


async def _partnerships(member: Member) -> list[Partnership]:
    """List the active partnerships in which the member's brand is promoted."""
    brand_id = guards.brand_of(member)
    known = await programs.partnerships_of(member, after=None, limit=PARTNERSHIPS_MAX)
    return [one for one in known if one.advertiser_id == brand_id and one.status == "active"]


def _asked(request: AnyRequest) -> Listing:
    return Listing.read(
        request.query_params, listed_codes.ORDERS, "-given", filters={"state": listed_codes.STATES}
    )


async def _page(member: Member, tried: _Tried, listing: Listing, *, told: str = "") -> Template:
    brand_id = guards.brand_of(member)
    async with connections.transaction(eyes=brand_id) as connection:
        listing, codes = await listed_codes.codes_of(connection, brand_id, listing)
    return Template(
        "portal/codes.html",
        context={
            "codes": codes,
            "listing": listing,
            "partnerships": tried.partnerships,
            "form": tried.form,
            "errors": tried.errors,
            "told": told,
        },
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if tried.errors else HTTP_200_OK,
    )


async def _file(member: Member, listing: Listing) -> Response[bytes]:
    brand_id = guards.brand_of(member)
    async with connections.transaction(eyes=brand_id) as connection:
        _, codes = await listed_codes.codes_of(connection, brand_id, listing)
    return csv_answer(
        "codes",
        ["code", "brand", "program", "given_by_us", "given", "withdrawn"],
        [
            (
                one.code,
                one.brand,
                one.program,
                "yes" if one.is_given else "no",
                one.created_at.isoformat(),
                one.withdrawn_at.isoformat() if one.withdrawn_at else "",
            )
            for one in codes
        ],
    )
