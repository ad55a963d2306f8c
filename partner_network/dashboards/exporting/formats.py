"""What an export's own files hold besides the rows of our tables: amounts are minor units."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from partner_network.dashboards.exporting.chained import Sealed

FORMAT = 2
"""Form 1 told nothing of what a brand paid in, and what went back of it."""
MANIFEST = "manifest.json"


class Manifest(Struct, frozen=True):
    """What an export is, and what proves each of its files."""

    format: int
    engine_version: str
    brand: str
    brand_id: UUID
    exported_at: datetime
    files: dict[str, Sealed]
    statements: dict[str, str]
    """The content hash of each statement by its number, in hexadecimal."""


class History(Struct, frozen=True, gc=False):
    """What an order's customer had bought before in its program; the engine asks for no more than this."""

    conversion_id: UUID
    new_customer: bool
    order_number: int
    first_order_at: datetime | None


class Share(Struct, frozen=True, gc=False):
    """One credit of an order as it stands; of another partner's only its weight is told.

    `n` is its place among all credits of the order, by partner and touch: rounding follows that order.
    """

    conversion_id: UUID
    rev: int
    n: int
    partnership_id: UUID | None
    touch_id: UUID | None
    touched_at: datetime | None
    weight_numerator: str
    weight_denominator: str


class FixedRate(Struct, frozen=True, gc=False):
    """What one order is converted at, exactly."""

    conversion_id: UUID
    quote: str
    day: str
    numerator: str
    denominator: str


class ReceiptLeaf(Struct, frozen=True):
    """One leaf that the brand may read: the text that was hashed, after its salt in hexadecimal."""

    n: int
    content: str
    salt: str


class Receipt(Struct, frozen=True):
    """One decision's receipt: the hashes of all leaves, and those that the brand may read.

    Where no leaf is another partner's, the facts are told too, with the salt of the whole: then the decision
    can be made again from them.
    """

    conversion_id: UUID
    rev: int
    root: str
    hashes: list[str]
    leaves: list[ReceiptLeaf]
    facts: str | None
    salt: str | None
