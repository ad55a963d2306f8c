"""Walks every link that a person is shown, a few of each kind, and tells what is wrong on the way."""

import re
from collections import Counter, deque
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from playwright.sync_api import Response

from tests.browser.watching import Watched

AXE = (Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js").read_text()
LOOKING = (Path(__file__).parent / "looking.js").read_text()
SAME_KIND = 3
"""How many addresses of one kind a person goes to: the first page, the next, the last, say."""
ONE_OF_MANY = re.compile(r"[a-z]{3}_[0-9A-Za-z]{16,}|[0-9a-f]{8}-[0-9a-f-]{27}|\d+|[A-Z0-9-]{12,}")
DOWNLOADS = {
    "text": "text/plain",
    "pdf": "application/pdf",
    "csv": "text/csv",
    "json": "application/json",
    "api": "application/vnd.oai.openapi",
    "png": "image/png",
    "svg": "image/svg+xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
}
FILES = {
    "commissions": "json",
    "document": "pdf",
    "export": "json",
    "file": "png",
    "invoice": "pdf",
    "receipt": "json",
    "schema": "api",
}
"""What the doors give whose address does not end in the kind."""
ELSEWHERE = "/admin/data/"
"""Piccolo's own pages, which are no part of what is drawn here; tests/admin walks them."""
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted += one.value;
}).observe({ type: "layout-shift", buffered: true });
"""
SETTLED = """async () => {
    await document.fonts.ready;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return window.shifted;
}"""
LINKS = """() => [...document.querySelectorAll("a[href]")].map((one) => one.getAttribute("href"))"""
EXAMINE = """async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    const told = await axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
    const why = (node) => node.any.map((one) => one.message).join(" ");
    return told.violations.flatMap((rule) => rule.nodes.map((node) =>
        `${rule.impact} ${rule.id}: ${node.target.join(" ")} ${why(node)}`));
}"""


SHAPE = """() => [...new Set([...document.querySelectorAll("body *")].map((one) =>
    `${one.parentElement.tagName}.${one.parentElement.className} ${one.tagName}.${one.className}`
    + ["type", "role", "disabled", "open", "aria-current"].map((name) => one.getAttribute(name)).join()
))].sort()"""


class Inline(HTMLParser):
    """Finds what the policy of content forbids, in the page as the server sent it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.found.append(f"inline <{tag}>")
        self.found += [f"<{tag} {name}>" for name in given if name == "style" or name.startswith("on")]


class Crawler:
    """One person's walk."""

    def __init__(
        self,
        tab: Watched,
        *,
        starts: tuple[str, ...] = ("/",),
        same_kind: int = SAME_KIND,
        has_script: bool = True,
    ) -> None:
        self.tab = tab
        self._has_script = has_script
        self._same_kind = same_kind
        self.findings: list[str] = []
        self.pages: list[str] = []
        self._waiting = deque(starts)
        self._known = set(starts)
        self._seen_of_kind: Counter[str] = Counter()
        self._from: dict[str, str] = {}
        tab.context.add_init_script(SHIFTS)
        tab.page.on("request", lambda request: self._must_stay_here(request.url))

    def _must_stay_here(self, url: str) -> None:
        if not url.startswith((self.tab.address + "/", "data:", "blob:")):
            self.findings.append(f"{self.tab.path}: asks {url}")

    def pages_ahead(self) -> Iterator[str]:
        """Go to each page in turn, and stand on it while the caller looks around."""
        while self._waiting:
            path = self._waiting.popleft()
            kind = kind_of(path)
            if self._seen_of_kind[kind] >= self._same_kind:
                continue
            self._seen_of_kind[kind] += 1
            ending = download_of(path)
            if ending is not None:
                self._download(path, ending)
            elif self._open(path):
                self.pages.append(path)
                yield path
                self._follow()

    def tell(self, findings: list[str], *, about: str = "") -> None:
        """Remember what is wrong with the page that is open."""
        self.findings += [f"{self.tab.path}{about}: {one}" for one in findings]

    def _open(self, path: str) -> bool:
        page, faults = self.tab.page, len(self.tab.faults)
        answer = page.goto(self.tab.address + path, wait_until="load")
        if answer is None:
            return True  # only another part of the page that was open
        if answer.status >= 400:
            self.findings.append(f"{path}: answered {answer.status}, linked from {self._from.get(path)}")
        # Where no script runs, no promise is ever kept, and nothing moves a page that was laid out.
        shifted: float = (page.evaluate(SETTLED) or 0) if self._has_script else 0
        if shifted > 0.1:
            self.tell([f"moved by {shifted:.3f} while it was loaded"])
        self.tell(self.tab.faults[faults:])
        self.tell(inline_in(answer))
        return True

    def _download(self, path: str, ending: str) -> None:
        answer = self.tab.context.request.get(self.tab.address + path)
        kind = answer.headers.get("content-type", "")
        if answer.status != 200 or not kind.startswith(DOWNLOADS[ending]):
            self.findings.append(f"{path}: answered {answer.status}, {kind}")
        elif ending == "pdf" and not answer.body().startswith(b"%PDF-"):
            self.findings.append(f"{path}: no PDF")

    def _follow(self) -> None:
        hrefs: list[str] = self.tab.page.evaluate(LINKS)
        for href in hrefs:
            url = urlsplit(urljoin(self.tab.page.url, href))
            if url.scheme not in {"http", "https"}:
                continue
            if f"{url.scheme}://{url.netloc}" != self.tab.address:
                continue  # a brand's own site
            path = url.path + (f"?{url.query}" if url.query else "")
            if path not in self._known and not path.startswith(ELSEWHERE):
                self._known.add(path)
                self._from[path] = self.tab.path
                self._waiting.append(path)


def kind_of(path: str) -> str:
    """Return what addresses of one kind share: the route, and which words its question has."""
    parts = urlsplit(path)
    route = ONE_OF_MANY.sub("*", parts.path)
    asked = ",".join(sorted(name for name, _ in parse_qsl(parts.query, keep_blank_values=True)))
    return f"{route}?{asked}"


def download_of(path: str) -> str | None:
    """Say what kind of file an address gives, or None where it is a page."""
    parts = urlsplit(path)
    wanted = dict(parse_qsl(parts.query)).get("format")
    if wanted in DOWNLOADS:
        return wanted
    last = parts.path.rpartition("/")[2]
    ending = last.rpartition(".")[2]
    found = FILES.get(last) or (ending if ending in DOWNLOADS else None)
    return found or ("json" if parts.path.startswith("/api/v1/") else None)


def inline_in(answer: Response) -> list[str]:
    """List the inline scripts and styles of a page as it was sent."""
    if "text/html" not in answer.headers.get("content-type", ""):
        return []
    parser = Inline()
    parser.feed(answer.text())
    return parser.found


def look(tab: Watched) -> list[str]:
    """List what eyes would find wrong with the page that is open."""
    tab.page.evaluate(SETTLED)
    return tab.page.evaluate(LOOKING)


def shape_of(tab: Watched) -> tuple[str, ...]:
    """Return what the open page is built of; pages of one shape differ only in their words and numbers."""
    return tuple(tab.page.evaluate(SHAPE))


def examine(tab: Watched) -> list[str]:
    """List what axe finds on the page that is open."""
    page: Any = tab.page
    page.evaluate(SETTLED)
    page.evaluate(AXE)
    return page.evaluate(EXAMINE)
