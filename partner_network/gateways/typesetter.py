"""Sets the pages; the one module that imports WeasyPrint, and `pdf` imports it only where pages are set."""

import hashlib
import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import cssselect2
import weasyprint
from weasyprint.pdf.metadata import DocumentMetadata
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from partner_network.gateways import pdf_claims, pdf_tags

# PDF/A-3 for the archive and the attached terms; level A carries the tags that a screen reader follows.
VARIANT = "pdf/a-3a"
XML_DECLARATION = '<?xml version="1.0"?>'
_LAST_DICTIONARY = b"/Type /XRef"
_UNDATED = datetime(2000, 1, 1, tzinfo=UTC)


class Typesetter:
    """WeasyPrint with our assets, our typefaces and no way out to a network."""

    def __init__(self, folder: Path) -> None:
        # Font subsets carry a time stamp: one constant, never the hour of rendering.
        os.environ["SOURCE_DATE_EPOCH"] = "0"
        logging.getLogger("weasyprint").setLevel(logging.ERROR)
        self._folder = folder.resolve()
        self._fonts = FontConfiguration()  # kept: unpacking the typefaces costs as much as two pages
        self._fetcher = _OurFilesOnly(self._folder)
        self._sheets: dict[tuple[str, ...], weasyprint.CSS] = {}

    def pdf(self, html: str) -> bytes:
        """Return the document's pages; the same text gives the same bytes."""
        source = _source(html, f"{self._folder.as_uri()}/", self._fetcher)
        try:
            sheets = self._sheets_of(source.linked) if isinstance(source, _WellFormed) else []
            document = source.render(stylesheets=sheets, font_config=self._fonts, pdf_variant=VARIANT)
            _name_and_date(document)
            document.metadata = _claiming(document.metadata)
            content = document.write_pdf(finisher=pdf_tags.mend, pdf_variant=VARIANT, pdf_identifier=False)
        except FatalURLFetchingError as error:  # a BaseException: it would end the process
            raise ValueError(str(error)) from error.__cause__
        assert content is not None  # noqa: S101 - without a target the pages come back
        return _identified(content)

    def _sheets_of(self, linked: tuple[str, ...]) -> list[weasyprint.CSS]:
        """Return the style sheets that a document links to, parsed once and as one.

        Each sheet of its own is tried on every cell of a long statement.
        """
        if linked and linked not in self._sheets:
            self._sheets[linked] = weasyprint.CSS(
                string="".join(f'@import url("{href}");' for href in linked),
                base_url=f"{self._folder.as_uri()}/",
                url_fetcher=self._fetcher,
                font_config=self._fonts,
            )
        return [self._sheets[linked]] if linked else []


def _source(html: str, base_url: str, fetcher: URLFetcher) -> weasyprint.HTML:
    """Read a document that says it is XML as XML, in a fiftieth of the time; all others as browsers do."""
    if html.startswith(XML_DECLARATION):
        try:
            return _WellFormed(html, base_url, fetcher)
        except ET.ParseError:  # a name or an order id with a character that XML does not know
            pass
    return weasyprint.HTML(string=html, base_url=base_url, url_fetcher=fetcher)


class _WellFormed(weasyprint.HTML):
    """A document whose tree needs no guessing; the same fields as those that the library fills.

    The style sheets that it links to are taken out of it, for they are the same in all of its kind.
    """

    def __init__(self, html: str, base_url: str, fetcher: URLFetcher) -> None:  # pyright: ignore[reportMissingSuperCall] - it would parse
        root = ET.fromstring(html)  # noqa: S314 - of our own templates, which declare no entities
        self.linked = _taken_out(root)
        self.base_url = base_url
        self.url_fetcher = fetcher
        self.media_type = "print"
        self.wrapper_element = cssselect2.ElementWrapper.from_html_root(root, content_language=None)
        self.etree_element = root


def _taken_out(root: ET.Element) -> tuple[str, ...]:
    head = root.find("head")
    if head is None:
        return ()
    links = [link for link in head.findall("link") if link.get("rel") == "stylesheet"]
    for link in links:
        head.remove(link)
    return tuple(link.get("href", "") for link in links)


def _identified(content: bytes) -> bytes:
    """Add the identifier that PDF/A asks for to the last dictionary, after which no offset counts.

    Asked for it, the library would write and compress the whole document a second time.
    """
    before, key, after = content.rpartition(_LAST_DICTIONARY)
    if not key:
        raise ValueError("the document has no table of its objects that could name it")
    name = hashlib.sha256(content).hexdigest()[:32].encode()
    return before + b"/ID [<%b> <%b>]" % (name, name) + key + after


def _name_and_date(document: weasyprint.Document) -> None:
    """Give attachments their title as file name and the document's date, not that of rendering."""
    stamp = document.metadata.modified
    at = datetime.fromisoformat(stamp) if stamp else _UNDATED
    for attachment in document.metadata.attachments:
        attachment.name = attachment.description
        attachment.created = attachment.modified = at
        if attachment.name == pdf_claims.INVOICE_FILE:
            attachment.relationship = "Alternative"


class _Claiming(DocumentMetadata):
    """Metadata that also says what else the document keeps; PDF/A wants all of it in one description."""

    def generate_rdf_metadata(self, variant: str, version: int, conformance: str | None) -> bytes:
        rdf = super().generate_rdf_metadata(variant, version, conformance)
        has_invoice = any(one.name == pdf_claims.INVOICE_FILE for one in self.attachments)
        return pdf_claims.with_claims(rdf, has_invoice=has_invoice)


def _claiming(metadata: DocumentMetadata) -> DocumentMetadata:
    claiming = _Claiming()
    vars(claiming).update(vars(metadata))
    return claiming


class _OurFilesOnly(URLFetcher):
    """Fetches from one folder and from `data:` addresses; anything else ends the rendering."""

    def __init__(self, folder: Path) -> None:
        super().__init__(allowed_protocols=("file", "data"), allow_redirects=False, fail_on_errors=True)
        self._within = folder

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        parts = urlsplit(url)
        if parts.scheme == "file":
            path = Path(unquote(parts.path)).resolve()
            if parts.netloc or not path.is_relative_to(self._within):
                raise PermissionError(f"{url} lies outside of the folder of assets")
        return super().fetch(url, headers)
