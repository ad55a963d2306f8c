"""What a customer sees whose link cannot be followed: each page once in every language, made at start-up.

The pages stand alone, without style sheet or script of ours: they are for when something is amiss.
"""

import base64
import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from partner_network.languages import catalogs, spoken
from partner_network.languages.spoken import Language

Pages = Mapping[Language, bytes]


def _made() -> tuple[Pages, Pages, bytes]:
    environment = Environment(
        loader=PackageLoader("partner_network.clicks"), autoescape=True, undefined=StrictUndefined
    )
    words: dict[str, Any] = {"_": catalogs.say}
    environment.globals.update(words)
    style = environment.get_template("link_page.css").render()
    unknown = _pages(environment, "unknown_link.html", style)
    unavailable = _pages(environment, "unavailable_link.html", style)
    return unknown, unavailable, base64.b64encode(hashlib.sha256(style.encode()).digest())


def _pages(environment: Environment, name: str, style: str) -> Pages:
    pages: dict[Language, bytes] = {one: _page(environment, name, one, style) for one in spoken.LANGUAGES}
    return MappingProxyType(pages)


def _page(environment: Environment, name: str, language: Language, style: str) -> bytes:
    with spoken.speaking(language):
        page = environment.get_template(name).render(
            language=language,
            others=[(one, spoken.NAME_OF[one]) for one in spoken.LANGUAGES if one != language],
            style=Markup(style),  # noqa: S704 - our own file, and the policy holds its hash
        )
    return page.encode()


UNKNOWN, UNAVAILABLE, _STYLE_HASH = _made()
POLICY = (
    b"default-src 'none'; style-src 'sha256-" + _STYLE_HASH + b"'; base-uri 'none'; form-action 'none'; "
    b"frame-ancestors 'none'"
)
"""The Content-Security-Policy of these pages: nothing but their own style."""
