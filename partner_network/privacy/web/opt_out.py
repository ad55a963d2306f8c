"""The page on which anybody asks not to be told apart from others; it needs no account and no script."""

from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import urlencode

import msgspec
from litestar import Request, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template

from partner_network.clicks import rules as clicks
from partner_network.clicks import web as redirect
from partner_network.identity.web import languages
from partner_network.kernel import ids
from partner_network.kernel.errors import InvalidError
from partner_network.privacy.rules import periods
from partner_network.settings import Settings

PATH = "/privacy/opt-out"
Brand: TypeAlias = Annotated[str, QueryParameter(max_length=80)]
"""Whose customer reads the page: it is written in the language that the brand chose."""


class Wish(msgspec.Struct):
    """What the page sends; anything but opting in again opts out."""

    wish: Literal["out", "in"] = "out"
    brand: str = ""


@get(PATH)
async def show_opt_out(request: Request[Any, Any, Any], brand: Brand = "") -> Template:
    """Say what a click leaves behind, and whether this browser has opted out, as the brand speaks."""
    await _speak_for(request, brand)
    return Template(
        "privacy/opt_out.html",
        context={
            "has_opted_out": request.cookies.get(clicks.OPT_OUT_COOKIE) == "1",
            "origin_months": periods.CLICK_ORIGINS_AFTER_MONTHS,
            "brand": brand,
        },
    )


@post(PATH)
async def choose(data: URLEncodedBody[Wish], settings: NamedDependency[SkipValidation[Settings]]) -> Redirect:
    """Remember the choice in this browser, and take away what would tell its next order from others."""
    is_secure = settings.base_url.startswith("https:")
    if data.wish == "in":
        cookies = [_cookie(clicks.OPT_OUT_COOKIE, "", 0, is_secure=is_secure)]
    else:
        cookies = [
            _cookie(clicks.OPT_OUT_COOKIE, "1", periods.OPT_OUT_LASTS_S, is_secure=is_secure),
            _cookie(redirect.COOKIE, "", 0, is_secure=is_secure),
        ]
    path = f"{PATH}?{urlencode({'brand': data.brand})}" if data.brand else PATH
    return Redirect(path, status_code=303, cookies=cookies)


async def _speak_for(request: Request[Any, Any, Any], brand: str) -> None:
    try:
        brand_id = ids.parse("bnd", brand)
    except InvalidError:
        return  # a page that everybody may read does not fail over who sent them
    await languages.write_for_customers_of(request.scope, brand_id)


def _cookie(name: str, value: str, max_age: int, *, is_secure: bool) -> Cookie:
    # Lax, so that it comes along when a link on somebody else's page is followed to ours.
    return Cookie(
        key=name, value=value, max_age=max_age, path="/", secure=is_secure, httponly=True, samesite="lax"
    )
