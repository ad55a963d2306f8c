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
from partner_network.dashboards.web import portal
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


@get("/links/{link:str}/qr/{kind:str}", guards=[guards.must_read_links])
async def send_code(
    link: FromPath[str],
    kind: FromPath[Literal["svg", "png"]],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Response[bytes]:
    """Send a link's code as a file."""
    found = await _link_of(member, link)
    drawn = io.BytesIO()
    segno.make(links_api.address_of(found.token, settings), error="m", micro=False).save(
        drawn, kind=kind, scale=_DOTS, border=4
    )
    headers = {"content-disposition": f'attachment; filename="{found.token}.{kind}"'}
    return Response(drawn.getvalue(), media_type=_TYPES[kind], headers=headers)


async def _link_of(member: Member, shown: str) -> NamedLink:
    brand_id = portal.brand_of(member)
    link_id = addresses.in_path("lnk", shown)
    async with connections.transaction(eyes=brand_id) as connection:
        return await listed_links.link_of(connection, brand_id, link_id)
