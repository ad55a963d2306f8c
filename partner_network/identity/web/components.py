"""What the components of parts.html compute: two texts side by side, a QR code."""

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec
import segno
from markupsafe import Markup

from partner_network.identity.web import coded_words, themes

COMPARED_MAX = 4_000
"""Words or lines that are compared one by one; what is longer is shown as a whole, before and after."""
_WORD = re.compile(r"\s+|[^\s]+")


class Piece(msgspec.Struct, frozen=True):
    """A stretch of text that stayed, went or came."""

    kind: Literal["same", "gone", "new"]
    text: str


def pieces(before: str, after: str) -> Sequence[Piece]:
    """Return what stayed, what went and what came, by lines where there are several and else by words."""
    if "\n" in before or "\n" in after:
        return list(_compared(before.splitlines(keepends=True), after.splitlines(keepends=True)))
    return list(_compared(_WORD.findall(before), _WORD.findall(after)))


def qr_code(text: str) -> Markup:
    """Draw a text as a QR code, in the colours of the paper it is printed on."""
    drawn = segno.make(text, error="m", micro=False).svg_inline(scale=4, border=4, omitsize=True)
    return Markup(drawn)  # noqa: S704 - drawn by segno; the text is only dots in it


def swapping(element_id: str) -> Markup:
    """Return the attributes by which the links below exchange one part of the page and no more."""
    if not element_id:
        return Markup("")
    return Markup(' hx-boost="true" hx-target="#{0}" hx-select="#{0}" hx-swap="outerHTML show:none"').format(
        element_id
    )


def described_by(name: str, error: object, hint: object) -> Markup:
    """Return the attribute that ties an input to its error and its hint."""
    ids = [f"{name}-{kind}" for kind, said in (("error", error), ("hint", hint)) if said]
    return Markup(' aria-describedby="{}"').format(" ".join(ids)) if ids else Markup("")


FUNCTIONS = {
    "status_of": coded_words.status,
    "role_words": coded_words.roles,
    "pieces_of": pieces,
    "qr_code": qr_code,
    "swapping": swapping,
    "described_by": described_by,
    "theme": themes.theme_here,
    "themes": themes.WORDS,
}
"""What every template knows besides the words of `pages`."""


def _compared(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    if len(before) + len(after) > COMPARED_MAX:
        yield from _piece("gone", before)
        yield from _piece("new", after)
        return
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind == "equal":
            yield from _piece("same", before[first:last])
            continue
        yield from _piece("gone", before[first:last])
        yield from _piece("new", after[start:end])


def _piece(kind: Literal["same", "gone", "new"], texts: Sequence[str]) -> Iterator[Piece]:
    if texts:
        yield Piece(kind, "".join(texts))
