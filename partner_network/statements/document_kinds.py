"""The documents that a statement has: what they are called, and in which form they are."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

from partner_network.kernel.sentences import Sentence

DocumentKind: TypeAlias = Literal["pdf", "csv", "xlsx", "json", "invoice", "xml"]

SUFFIX: Mapping[str, str] = MappingProxyType(
    {"pdf": "pdf", "csv": "csv", "xlsx": "xlsx", "json": "json", "invoice": "pdf", "xml": "xml"}
)
MEDIA: Mapping[str, str] = MappingProxyType(
    {
        "pdf": "application/pdf",
        "csv": "text/csv; charset=utf-8",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "json": "application/json",
        "xml": "application/xml",
    }
)
"""By suffix."""
NAMES: Mapping[str, Sentence] = MappingProxyType(
    {
        "pdf": Sentence("PDF"),
        "csv": Sentence("CSV"),
        "xlsx": Sentence("XLSX"),
        "json": Sentence("JSON"),
        "invoice": Sentence("Invoice"),
        "xml": Sentence("Invoice as XML"),
    }
)
"""As a button says them, in the order in which they stand."""


def file_name(number: str, kind: DocumentKind) -> str:
    """Return under which name a document is saved: by the number of its statement."""
    return f"{number}{'-invoice' if kind in {'invoice', 'xml'} else ''}.{SUFFIX[kind]}"
