"""Links over the API: make, list, switch off."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation
from litestar.status_codes import HTTP_200_OK
from litestar.types import ControllerRouterHandler

from partner_network.database import connections
from partner_network.identity.web import addresses, guards
from partner_network.kernel import ids
from partner_network.kernel.errors import ForbiddenError
from partner_network.links import actions, queries
from partner_network.links.queries import TrackedLink
from partner_network.settings import Settings


class NewLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a partnership's link leads, and what its makers call it."""

    partnership: str
    name: str
    destination_url: str


class LinkBody(msgspec.Struct, frozen=True):
    """A tracked link; its clicks are counted apart: all, by different visitors, and those that count."""

    id: str
    url: str
    partnership: str
    name: str
    destination_url: str
    created_at: datetime
    disabled_at: datetime | None
    clicks_gross: int
    clicks_unique: int
    clicks_valid: int


class LinkList(msgspec.Struct, frozen=True):
    """All links of a brand, newest first."""

    items: list[LinkBody]
    next: str | None = None


@post("/api/v1/links", guards=[guards.must_manage_links])
async def create_link(
    data: JSONBody[NewLink],
    asking: guards.WhoAsks,
    settings: NamedDependency[SkipValidation[Settings]],
) -> LinkBody:
    """Make a tracked link for a partnership in which the asking brand promotes."""
    link = await actions.create_link(
        settings,
        asking=asking,
        partnership_id=addresses.in_body("prt", data.partnership, field="partnership"),
        name=data.name,
        destination_url=data.destination_url,
    )
    return _shown(link, settings)


@get("/api/v1/links", guards=[guards.must_read_links])
async def list_links(asking: guards.WhoAsks, settings: NamedDependency[SkipValidation[Settings]]) -> LinkList:
    """List the links with which the asking brand promotes others."""
    if asking.brand_id is None:
        raise ForbiddenError("Links belong to a brand; act for one to see its links.")
    async with connections.transaction(eyes=asking.eyes) as connection:
        links = await queries.links_of(connection, asking.brand_id)
    return LinkList([_shown(link, settings) for link in links])


@delete("/api/v1/links/{link:str}", guards=[guards.must_manage_links], status_code=HTTP_200_OK)
async def disable_link(
    link: FromPath[str],
    asking: guards.WhoAsks,
    settings: NamedDependency[SkipValidation[Settings]],
) -> LinkBody:
    """Switch a link off; its clicks stay."""
    disabled = await actions.disable_link(asking=asking, link_id=addresses.in_path("lnk", link))
    return _shown(disabled, settings)


def address_of(token: str, settings: Settings) -> str:
    """Return the address that a partner publishes."""
    return f"{settings.base_url}/l/{token}"


def _shown(link: TrackedLink, settings: Settings) -> LinkBody:
    return LinkBody(
        id=ids.shown("lnk", link.id),
        url=address_of(link.token, settings),
        partnership=ids.shown("prt", link.partnership_id),
        name=link.name,
        destination_url=link.destination_url,
        created_at=link.created_at,
        disabled_at=link.disabled_at,
        clicks_gross=link.clicks_gross,
        clicks_unique=link.clicks_unique,
        clicks_valid=link.clicks_valid,
    )


ROUTES: Sequence[ControllerRouterHandler] = (create_link, list_links, disable_link)
