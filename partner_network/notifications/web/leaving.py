"""The way out of letters, without signing in: by a button of the mail program (RFC 8058), or of a page."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from partner_network.identity.web.requests import WITHOUT_SESSION
from partner_network.notifications import queries
from partner_network.notifications.actions import choose
from partner_network.notifications.rules import leaving
from partner_network.notifications.rules.registry import KINDS
from partner_network.settings import Settings

_PATH = "/unsubscribe/{token:str}"
_NOBODYS = {"referrer-policy": "no-referrer"}  # the address is the right to do it


@get(_PATH, include_in_schema=False)
async def ask_leaving(token: FromPath[str], settings: NamedDependency[SkipValidation[Settings]]) -> Template:
    """Ask whether letters shall stop: programs that look at links ahead of their reader change nothing."""
    found = leaving.read_token(token, settings.keyring)
    mails = (await queries.choices_of(found.member_id)).mails
    return Template(
        "notifications/leaving.html",
        context={
            "token": token,
            "names": [KINDS[key].name for key in found.kinds],
            "is_done": all(mails.get(key) == "never" for key in found.kinds),
        },
        headers=_NOBODYS,
    )


@post(_PATH, include_in_schema=False, opt={WITHOUT_SESSION: True}, status_code=HTTP_200_OK)
async def leave(
    token: FromPath[str],
    request: Request[Any, Any, Any],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Response[Any]:
    """Stop the letters: what a mail program posts, and what the page's button does."""
    await choose.leave(leaving.read_token(token, settings.keyring))
    if "text/html" in request.headers.get("accept", ""):
        return Redirect(f"/unsubscribe/{token}", status_code=HTTP_303_SEE_OTHER, headers=_NOBODYS)
    return Response("", media_type="text/plain", headers=_NOBODYS)


ROUTES: Sequence[ControllerRouterHandler] = (ask_leaving, leave)
