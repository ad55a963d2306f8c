"""The one sheet that all letters are written on: as HTML that a build laid out, and the same as text."""

import functools
from pathlib import Path

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, TemplateNotFound

from partner_network.languages import spoken

LAID_OUT = Path(__file__).parents[3] / "assets" / "build" / "mail"
"""Where `node assets/build.mjs` puts the sheet; a letter without it is plain text."""
_SHEET = "letter.html"


class Link(msgspec.Struct, frozen=True):
    """Words that lead somewhere; without an address, words alone."""

    words: str
    address: str = ""


class Item(msgspec.Struct, frozen=True):
    """One of several things that a letter tells together."""

    words: str
    aside: str
    address: str


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """What a letter says, in the language of its reader."""

    network: str
    """Who writes."""
    subject: str
    heading: str
    paragraphs: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    items: tuple[Item, ...] = ()
    button: Link | None = None
    closing: tuple[str, ...] = ()
    """What follows the button."""
    links: tuple[Link, ...] = ()
    foot: tuple[Link, ...] = ()
    """Why one gets it, and how to get no more."""


def html_of(sheet: Sheet) -> str | None:
    """Return the sheet as HTML; names of people and companies stay text whatever they contain."""
    template = _template(LAID_OUT)
    return None if template is None else template.render(sheet=sheet, language=spoken.present())


def text_of(sheet: Sheet) -> str:
    """Return all that the HTML says, for whoever reads letters as text."""
    parts = [sheet.heading, *sheet.paragraphs]
    if sheet.facts:
        parts.append("\n".join(f"{label}: {value}" for label, value in sheet.facts))
    parts += [f"{item.words}\n{item.aside}\n{item.address}" for item in sheet.items]
    if sheet.button is not None:
        parts.append(_as_text(sheet.button))
    parts += [*sheet.closing, *(_as_text(link) for link in sheet.links)]
    parts += [f"-- \n{sheet.network}", *(_as_text(link) for link in sheet.foot)]
    return "\n\n".join(parts) + "\n"


def line(name: str, most: int = 60) -> str:
    """Return a name as it fits into a subject: people choose their own names, and a subject is one line."""
    shown = "".join(one if one.isprintable() else " " for one in name)
    return shown if len(shown) <= most else f"{shown[:most]}…"


def _as_text(link: Link) -> str:
    return f"{link.words}:\n{link.address}" if link.address else link.words


@functools.cache
def _template(folder: Path) -> Template | None:
    made = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)
    try:
        return made.get_template(_SHEET)
    except TemplateNotFound:
        return None
