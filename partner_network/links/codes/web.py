"""Promo codes over the API: give, list, withdraw."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK
from litestar.types import ControllerRouterHandler

from partner_network.database import connections
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.addresses import After, Limit, Page
from partner_network.kernel import ids
from partner_network.kernel.errors import ForbiddenError
from partner_network.links.codes import actions, queries
from partner_network.links.codes.rules import Code


class NewCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which partnership gets which code; case and outer blanks make no difference to it."""

    partnership: str
    code: str


class CodeBody(msgspec.Struct, frozen=True):
    """A promo code; orders that name it speak for its partner, from when it was given until withdrawn."""

    id: str
    code: str
    partnership: str
    program: str
    advertiser: str
    partner: str
    created_at: datetime
    withdrawn_at: datetime | None


@post("/api/v1/codes", guards=[guards.must_manage_codes])
async def give_code(data: JSONBody[NewCode], asking: guards.WhoAsks) -> CodeBody:
    """Give a promo code to a partnership in which the asking brand is promoted; it never changes hands."""
    partnership_id = addresses.in_body("prt", data.partnership, field="partnership")
    return _shown(await actions.give_code(asking=asking, partnership_id=partnership_id, code=data.code))


@get("/api/v1/codes", guards=[guards.must_read_links])
async def list_codes(
    asking: guards.WhoAsks, after: After = None, limit: Limit = addresses.LIMIT
) -> Page[CodeBody]:
    """List the codes that the asking brand gave, and those that it was given, the first given first."""
    if asking.brand_id is None:
        raise ForbiddenError("Codes belong to a brand; act for one to see its codes.")
    async with connections.transaction(eyes=asking.eyes) as connection:
        rows = await queries.codes_of(
            connection, asking.brand_id, after=addresses.cursor("cod", after), limit=limit + 1
        )
    return addresses.page(rows, limit, _shown, lambda row: row.id)


@delete("/api/v1/codes/{code:str}", guards=[guards.must_manage_codes], status_code=HTTP_200_OK)
async def withdraw_code(code: FromPath[str], asking: guards.WhoAsks) -> CodeBody:
    """Withdraw a code; what it brought before stays."""
    return _shown(await actions.withdraw_code(asking=asking, code_id=addresses.in_path("cod", code)))


def _shown(code: Code) -> CodeBody:
    return CodeBody(
        id=ids.shown("cod", code.id),
        code=code.code,
        partnership=ids.shown("prt", code.partnership_id),
        program=ids.shown("prg", code.program_id),
        advertiser=ids.shown("bnd", code.advertiser_id),
        partner=ids.shown("bnd", code.partner_id),
        created_at=code.created_at,
        withdrawn_at=code.withdrawn_at,
    )


ROUTES: Sequence[ControllerRouterHandler] = (give_code, list_codes, withdraw_code)
