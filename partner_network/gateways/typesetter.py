"""Sets the pages; the one module that imports WeasyPrint, and `pdf` imports it only where pages are set."""

import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import weasyprint
from weasyprint.pdf.metadata import DocumentMetadata
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from partner_network.gateways import pdf_claims

# PDF/A-3 for the archive and the attached terms; level A carries the tags that a screen reader follows.
VARIANT = "pdf/a-3a"
_UNDATED = datetime(2000, 1, 1, tzinfo=UTC)


class Typesetter:
    """WeasyPrint with our assets, our typefaces and no way out to a network."""

    def __init__(self, folder: Path) -> None:
        # Font subsets carry a time stamp: one constant, never the hour of rendering.
        os.environ["SOURCE_DATE_EPOCH"] = "0"
        logging.getLogger("weasyprint").setLevel(logging.ERROR)
        self._folder = folder.resolve()
        self._fonts = FontConfiguration()  # kept: unpacking the typefaces costs as much as two pages

    def pdf(self, html: str) -> bytes:
        """Return the document's pages; the same text gives the same bytes."""
        source = weasyprint.HTML(
            string=html, base_url=f"{self._folder.as_uri()}/", url_fetcher=_OurFilesOnly(self._folder)
        )
        try:
            document = source.render(font_config=self._fonts, pdf_variant=VARIANT)
            _name_and_date(document)
            document.metadata = _claiming(document.metadata)
            content = document.write_pdf(pdf_variant=VARIANT)
        except FatalURLFetchingError as error:  # a BaseException: it would end the process
            raise ValueError(str(error)) from error.__cause__
        assert content is not None  # noqa: S101 - without a target the pages come back
        return content


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
