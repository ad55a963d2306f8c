"""The units in which the ledger holds credit: one for each advertiser and currency, never money."""

from uuid import UUID

_DIGITS_OF_BRAND = 12


def unit_of(advertiser_id: UUID, currency: str) -> str:
    """Return the unit of an advertiser's credit: `X-EUR-` and the last digits of its id."""
    return f"X-{currency}-{advertiser_id.hex[-_DIGITS_OF_BRAND:].upper()}"
