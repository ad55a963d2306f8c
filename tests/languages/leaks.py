"""Finds English on a page that says it is German, outside of what is marked as English."""

import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser

_FUNCTION_WORDS = (
    "the of your you yours we our us they their them are is was were be been has have had do does did can "
    "could may must should would will shall and or but if then than that this these those there here with "
    "without for to from by at on as into about after before until since only each every all any some no not "
    "yet already nothing nobody who whom whose which what when where why how its it an"
)
_WORDS_OF_THE_TRADE = (
    "statement statements agreement agreements payout payouts commission commissions partnership "
    "partnerships creative creatives clause clauses signed paid approved issued prepared pending owner "
    "viewer marketer invited ended sign back next today month day days line lines amount date pages search "
    "save cancel delete close add choose open show more less"
)
_SPOKEN_IN_BOTH = {"an", "was", "all", "will"}
"""German has these too, so they prove nothing."""
_ENGLISH = re.compile(
    r"(?<![\w@/._\u2011-])(?:"
    # Small or with a capital, never in capitals alone: US is a country.
    + "|".join(
        f"[{word[0].upper()}{word[0]}]{word[1:]}"
        for word in sorted({*_FUNCTION_WORDS.split(), *_WORDS_OF_THE_TRADE.split()} - _SPOKEN_IN_BOTH)
    )
    + r")(?![\w@/_\u2011-]|\.\w)"
)
_SPOKEN_ATTRIBUTES = {"aria-label", "alt", "title", "placeholder", "data-label", "data-close-words"}
_DATA = {"script", "style", "code", "pre", "samp", "kbd", "textarea", "template"}
"""What holds no sentence of ours: programs, and text that people or machines wrote."""
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


def english_in(html: str, names: Sequence[str] = ()) -> Sequence[str]:
    """Return the texts of a German page that hold an English word; ``names`` are data and do not count."""
    page = _Page()
    page.feed(html)
    page.close()
    return [text for text in page.texts if _ENGLISH.search(_without(text, names))]


def _without(text: str, names: Sequence[str]) -> str:
    for name in names:
        text = text.replace(name, "")
    return text


class _Page(HTMLParser):
    """Collects what is seen or read out, block by block, but for what is marked as another language."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_ours = (
            given.get("lang", "de") == "de"
            and given.get("translate") != "no"
            and tag not in _DATA
            and self._is_ours()
        )
        if is_ours:
            self.texts += [" ".join(value.split()) for value in self._spoken(tag, given)]
        if tag not in _VOID:
            self._open.append((tag, is_ours))

    def handle_endtag(self, tag: str) -> None:
        while self._open and tag in {name for name, _ in self._open}:
            if self._open.pop()[0] == tag:
                return

    def handle_data(self, data: str) -> None:
        if data.strip() and self._is_ours():
            self.texts.append(" ".join(data.split()))

    def _is_ours(self) -> bool:
        return self._open[-1][1] if self._open else True

    def _spoken(self, tag: str, given: dict[str, str | None]) -> Iterator[str]:
        for name, value in given.items():
            is_button = tag == "input" and name == "value" and given.get("type") == "submit"
            if value and (is_button or name in _SPOKEN_ATTRIBUTES):
                yield value
