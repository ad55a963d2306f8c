"""A link as a QR code: a page to print, and files for layouts."""

import io
from typing import Literal

import segno
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from litestar.response import Template

from partner_network.dashboards.queries import listed_links
from partner_network.dashboards.queries.listed_links import NamedLink
from partner_network.database import connections
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.links import web as links_api
from partner_network.settings import Settings

_DOTS = 16
"""How many dots wide a picture draws each square: enough for a poster."""
_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


@get("/links/{link:str}/qr", guards=[guards.must_read_links])
async def show_code(
    link: FromPath[str],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Template:
    """Show a link's code alone, large, to be printed or put on a table."""
    found = await _link_of(member, link)
    address = links_api.address_of(found.token, settings)
    return Template("portal/link_code.html", context={"link": found, "address": address})


@get("/links/{link:str}/qr/svg", guards=[guards.must_read_links])
async def send_drawing(
    link: FromPath[str],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Response[bytes]:
    """Send a link's code as a drawing that stays sharp at any size."""
    return _file(await _link_of(member, link), settings, "svg")


@get("/links/{link:str}/qr/png", guards=[guards.must_read_links])
async def send_picture(
    link: FromPath[str],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Response[bytes]:
    """Send a link's code as a picture, for programs that take no drawings."""
    return _file(await _link_of(member, link), settings, "png")


def _file(link: NamedLink, settings: Settings, kind: Literal["svg", "png"]) -> Response[bytes]:
    drawn = io.BytesIO()
    code = segno.make(links_api.address_of(link.token, settings), error="m", micro=False)
    code.save(drawn, kind=kind, scale=_DOTS, border=4)
    headers = {"content-disposition": f'attachment; filename="{link.token}.{kind}"'}
    return Response(drawn.getvalue(), media_type=_TYPES[kind], headers=headers)


async def _link_of(member: Member, shown: str) -> NamedLink:
    brand_id = guards.brand_of(member)
    link_id = addresses.in_path("lnk", shown)
    async with connections.transaction(eyes=brand_id) as connection:
        return await listed_links.link_of(connection, brand_id, link_id)
