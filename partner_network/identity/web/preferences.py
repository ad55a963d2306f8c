"""The choice of language at the foot of every page, and the page of one's own preferences."""

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ControllerRouterHandler

from partner_network.identity.actions import preferences
from partner_network.identity.queries import Session
from partner_network.identity.rules import credentials
from partner_network.identity.rules import preferences as rules
from partner_network.identity.rules.permissions import Member
from partner_network.identity.rules.preferences import Preferences
from partner_network.identity.web import guards, languages
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.languages import spoken, zones
from partner_network.settings import Settings

_SIGNED_IN = [guards.must_be_signed_in]
_PATH = "/account/preferences"
_AREA_NAME = {
    "Africa": Sentence("Africa"),
    "America": Sentence("America"),
    "Antarctica": Sentence("Antarctica"),
    "Asia": Sentence("Asia"),
    "Atlantic": Sentence("Atlantic Ocean"),
    "Australia": Sentence("Australia"),
    "Europe": Sentence("Europe"),
    "Indian": Sentence("Indian Ocean"),
    "Pacific": Sentence("Pacific Ocean"),
}


class LanguageForm(msgspec.Struct):
    """What the choice of language sends from wherever it stands."""

    language: str = ""
    next: str = ""


class PreferencesForm(msgspec.Struct):
    """What the page sends; an empty language is the browser's."""

    name: str = ""
    language: str = ""
    time_zone: str = ""


@post("/language", include_in_schema=False)
async def choose_language(
    data: URLEncodedBody[LanguageForm],
    visitor: NamedDependency[SkipValidation[Session | None]],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Redirect:
    """Go on in another language on this and every later page: kept with the person, else in this browser."""
    language = rules.must_be_language(data.language)
    if visitor is not None:
        await preferences.choose_language(visitor.member, language)
    is_secure = settings.base_url.startswith("https://")
    # Kept in the browser too: its sign-in page then greets in the same language.
    cookie = languages.remembered(language, is_secure=is_secure)
    return Redirect(credentials.local_path(data.next), status_code=303, cookies=[cookie])


@get(_PATH, guards=_SIGNED_IN, include_in_schema=False)
async def show_preferences(member: NamedDependency[Member], done: FromQuery[str] = "") -> Template:
    """Show one's name, language and time zone."""
    kept = await preferences.preferences_of(member)
    form = PreferencesForm(kept.name, kept.language or "", kept.time_zone)
    return _page(form, is_done=done == "1")


@post(_PATH, guards=_SIGNED_IN, include_in_schema=False)
async def keep_by_form(
    data: URLEncodedBody[PreferencesForm], member: NamedDependency[Member], request: Request[Any, Any, Any]
) -> Response[Any]:
    """Keep one's name, language and time zone."""
    del request
    try:
        await preferences.keep_preferences(
            member, Preferences(data.name, data.language or None, data.time_zone)
        )
    except InvalidError as error:
        return _page(data, errors=dict(error.sentence_of))
    return Redirect(f"{_PATH}?done=1", status_code=303)


@get("/api/v1/preferences", guards=_SIGNED_IN)
async def read_preferences(member: NamedDependency[Member]) -> Preferences:
    """Say how one is called and spoken to, and by whose clock."""
    return await preferences.preferences_of(member)


@put("/api/v1/preferences", guards=_SIGNED_IN)
async def keep_preferences(data: JSONBody[Preferences], member: NamedDependency[Member]) -> Preferences:
    """Change how one is called and spoken to, and by whose clock; no language is the browser's."""
    await preferences.keep_preferences(member, data)
    return await preferences.preferences_of(member)


ROUTES: Sequence[ControllerRouterHandler] = (
    choose_language,
    show_preferences,
    keep_by_form,
    read_preferences,
    keep_preferences,
)


def _page(form: PreferencesForm, *, is_done: bool = False, errors: dict[str, str] | None = None) -> Template:
    areas = [(_AREA_NAME[area], cities) for area, cities in zones.by_area(spoken.present()).items()]
    return Template(
        "identity/preferences.html",
        context={"form": form, "is_done": is_done, "errors": errors or {}, "areas": areas},
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
    )
