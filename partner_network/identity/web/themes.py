"""Light or dark: what the system wants, unless somebody chose otherwise in this browser.

The choice is a cookie that the server reads, so that a page comes in its colours and needs no script.
"""

from typing import Any, Literal, TypeAlias

import msgspec
from jinja2 import pass_context
from jinja2.runtime import Context
from litestar import Request, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import SkipValidation, URLEncodedBody
from litestar.response import Redirect

from partner_network.identity.rules import credentials
from partner_network.kernel.sentences import Sentence
from partner_network.settings import Settings

Theme: TypeAlias = Literal["system", "light", "dark"]
WORDS: dict[Theme, Sentence] = {
    "system": Sentence("As the system"),
    "light": Sentence("Light"),
    "dark": Sentence("Dark"),
}
ASKED = "theme"
"""The parameter by which an address asks for a theme, for one page alone."""
_COOKIE = "partner_network_theme"
_SAFE_COOKIE = f"__Host-{_COOKIE}"
_KEPT_S = 365 * 86_400


class ThemeForm(msgspec.Struct):
    """What the choice at the foot of every page sends."""

    theme: str = ""
    next: str = ""


def known(name: str | None) -> Theme | None:
    """Return a theme by its name, if it is one."""
    return next((theme for theme in WORDS if theme == name), None)


def theme_of(request: Request[Any, Any, Any]) -> Theme:
    """Return in which colours a page comes: as its address asks, else as this browser's user once chose."""
    kept = request.cookies.get(_SAFE_COOKIE) or request.cookies.get(_COOKIE)
    return known(request.query_params.get(ASKED)) or known(kept) or "system"


@pass_context
def theme_here(context: Context) -> Theme:
    """Return the theme of the page at hand, for its template."""
    return theme_of(context["request"])


@post("/appearance", include_in_schema=False)
async def choose_theme(
    data: URLEncodedBody[ThemeForm], settings: NamedDependency[SkipValidation[Settings]]
) -> Redirect:
    """Show every later page of this browser in the colours chosen; what is no theme is the system's."""
    is_secure = settings.base_url.startswith("https://")
    theme = known(data.theme) or "system"
    cookie = Cookie(
        key=_SAFE_COOKIE if is_secure else _COOKIE,
        value=theme,
        max_age=0 if theme == "system" else _KEPT_S,
        path="/",
        secure=is_secure,
        httponly=True,
        samesite="lax",
    )
    return Redirect(credentials.local_path(data.next), status_code=303, cookies=[cookie])
