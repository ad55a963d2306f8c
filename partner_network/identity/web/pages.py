"""What every page shares: whose eyes look, the business date, and the words that templates know."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date
from functools import partial
from pathlib import Path
from typing import Any, cast

import msgspec
import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from litestar import route
from litestar.enums import HttpMethod, ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.params import FromPath
from litestar.types import ASGIApp, Receive, Scope, Send
from markupsafe import Markup

from partner_network.gateways import clock
from partner_network.identity import queries
from partner_network.identity.queries import Session
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member, Verb
from partner_network.identity.web import components, field_words, languages
from partner_network.identity.web.requests import WITHOUT_SESSION
from partner_network.kernel import ids
from partner_network.kernel.errors import NotFoundError
from partner_network.languages import catalogs, formats, spoken

_log = structlog.get_logger(__name__)
_FRAME = "frame"
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_METHODS = (HttpMethod.GET, HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH, HttpMethod.DELETE)


class Frame(msgspec.Struct, frozen=True):
    """What stands around a page: the business date, and who looks at it for which company."""

    today: date | None = None
    is_sandbox: bool = False
    """Whether the date is simulated and no real money moves."""
    member: Member | None = None
    place: str = ""
    has_other_places: bool = False
    csrf_token: str = ""
    unread: int = 0
    """How many messages wait to be read."""


_NOBODYS = Frame()


class PageMiddleware(ASGIMiddleware):
    """Look up what stands around a page before its handler runs, since templates cannot wait."""

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = WITHOUT_SESSION

    def __init__(self, *, is_sandbox: bool) -> None:
        self._is_sandbox = is_sandbox

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Add the frame to the request's state; programs, which see no page, do not pay for it."""
        if not scope["path"].startswith("/api/"):
            auth: object = scope.get("auth")
            session = auth if isinstance(auth, Session) else None
            scope["state"][_FRAME] = await frame_of(session, is_sandbox=self._is_sandbox)
        await next_app(scope, receive, send)


@route("/{path:path}", http_method=[*_METHODS], include_in_schema=False)
async def nothing_here(path: FromPath[str]) -> None:
    """Refuse an address of nobody's inside a page's frame, which the framework's own refusal has not."""
    del path
    raise NotFoundError("There is nothing at this address. Check it, or begin from the start.")


async def frame_of(session: Session | None, *, is_sandbox: bool) -> Frame:
    """Return what stands around a page for whoever looks; a database that fails never hides the page."""
    try:
        today = (await clock.now()).astimezone(UTC).date()
        if session is None:
            return Frame(today=today, is_sandbox=is_sandbox)
        places, unread = await queries.around(session.member)
    except Exception as error:  # noqa: BLE001 - the page itself says better what went wrong
        _log.warning("page without its frame", error=repr(error))
        return _NOBODYS
    brand_id = session.member.brand_id
    return Frame(
        today=today,
        is_sandbox=is_sandbox,
        member=session.member,
        place=str(catalogs.shown(next((place.name for place in places if place.brand_id == brand_id), ""))),
        has_other_places=len(places) > 1,
        csrf_token=session.csrf_token,
        unread=unread,
    )


def environment(folders: Sequence[Path], built_assets: Path) -> Environment:
    """Build what renders every page: templates by name, and the words of layout.html and parts.html."""
    made = Environment(loader=FileSystemLoader(folders), autoescape=True, undefined=StrictUndefined)
    filters = {
        "money": formats.money,
        "number": formats.number,
        "percent": formats.percent,
        "day": formats.day,
        "rate": formats.rate,
        "short_day": formats.short_day,
        "instant": formats.instant,
        "month": formats.month,
        "translated": catalogs.translated,
        "shown": catalogs.shown,
    }
    functions = {
        "frame": _frame,
        "_": _said,
        "_n": _said_of_many,
        "language": spoken.present,
        "languages": spoken.NAME_OF,
        "here": _here,
        "may": _may,
        "asset": partial(asset_address, asset_names(built_assets)),
        "shown_id": ids.shown,
        "field_words": field_words.words,
    }
    made.filters.update({name: _when_shown(one) for name, one in filters.items()})
    made.globals.update(cast("dict[str, Any]", functions | components.FUNCTIONS))
    return made


def _when_shown(filter_of: Callable[..., Any]) -> Callable[..., Any]:
    """Keep Jinja from folding `"2026-03" | month` into the language of whoever opens a page first."""

    @pass_context
    def shown(_: Context, *values: object) -> object:
        return filter_of(*values)

    return shown


def asset_names(built_assets: Path) -> Mapping[str, str]:
    """Return under which hashed name each file of assets/ is served."""
    manifest = built_assets / "manifest.json"
    return json.loads(manifest.read_text()) if manifest.is_file() else {}


def asset_address(names: Mapping[str, str], name: str) -> str:
    """Return the address of a style, script or picture."""
    return f"/assets/{names.get(name, name)}"


def _said(pattern: str, /, **values: object) -> Markup:
    """Say a template's words: markup in the pattern is ours and stays, what fills it is escaped."""
    return Markup(catalogs.say(pattern)).format(**{name: _filling(value) for name, value in values.items()})  # noqa: S704 - patterns are our own words


def _said_of_many(one: str, many: str, count: int, /, **values: object) -> Markup:
    pattern = catalogs.pattern_of_many(one, many, count)
    filled = {name: _filling(value) for name, value in values.items()}
    return Markup(pattern).format(count=formats.number(count), **filled)  # noqa: S704 - the same


def _filling(value: object) -> object:
    """Return what fills a sentence; a name from right to left may not turn its neighbours around."""
    if isinstance(value, Markup):
        return value
    shown = catalogs.shown(value)
    return f"\u2068{shown}\u2069" if isinstance(shown, str) and _RIGHT_TO_LEFT.search(shown) else shown


@pass_context
def _frame(context: Context) -> Frame:
    return context["request"].scope["state"].get(_FRAME, _NOBODYS)


@pass_context
def _here(context: Context) -> str:
    return languages.page_of(context["request"])


@pass_context
def _may(context: Context, verb: Verb) -> bool:
    looking = _frame(context).member
    return looking is not None and permissions.may(looking, verb)
