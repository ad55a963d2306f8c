"""A document's words without its looks: what is signed must not depend on a style sheet."""

from html.parser import HTMLParser

_BLOCKS = frozenset(
    {"caption", "div", "h1", "h2", "h3", "li", "main", "ol", "p", "section", "table", "tr", "ul"}
)
_CELLS = frozenset({"td", "th"})


def plain_text(html: str) -> str:
    """Return one line per block of text, cells joined by ` | `, runs of white space as one space."""
    words = _Words()
    words.feed(html)
    words.close()
    return words.text()


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = [""]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _CELLS:
            self._lines[-1] += " | " if self._lines[-1].strip() else ""
        elif tag in _BLOCKS or tag == "br":
            self._lines.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._lines.append("")

    def handle_data(self, data: str) -> None:
        self._lines[-1] += data

    def text(self) -> str:
        lines = (" ".join(line.split()) for line in self._lines)
        return "".join(f"{line}\n" for line in lines if line)
