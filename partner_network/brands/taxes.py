"""What a company is at the tax office, and which tax its services to another carry: pure."""

from collections.abc import Sequence
from datetime import date
from typing import Literal, TypeAlias

import msgspec

from partner_network.kernel.sentences import Sentence

TaxStatus: TypeAlias = Literal["standard", "small_business", "non_eu"]
Treatment: TypeAlias = Literal["standard", "reverse_charge", "exempt", "outside"]

EU = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
"""Where the common system of value added tax holds, by ISO 3166."""

STATUSES: dict[TaxStatus, Sentence] = {
    "standard": Sentence("charges tax on its services"),
    "small_business": Sentence("small business, exempt from tax"),
    "non_eu": Sentence("outside the European Union, charges no tax"),
}


class TaxProfile(msgspec.Struct, frozen=True):
    """A company at the tax office from a day on; the rate is in parts per million."""

    legal_name: str
    address: str
    country: str
    status: TaxStatus
    valid_from: date
    tax_rate_ppm: int = 0
    vat_id: str | None = None
    tax_number: str | None = None

    @property
    def shown_number(self) -> str | None:
        """The number by which an invoice names the company."""
        return self.vat_id or self.tax_number


def treatment(seller: TaxProfile, buyer: TaxProfile) -> Treatment:
    """Return how a service of one company to another is taxed.

    Source: Directive 2006/112/EC, articles 44, 196 and 284: a service between companies is taxed where the
    buyer is; between two member states the buyer owes the tax, if its number shows it to be a company.
    """
    if seller.status == "small_business":
        return "exempt"
    if seller.status == "non_eu":
        return "outside"
    if seller.country == buyer.country:
        return "standard"
    if {seller.country, buyer.country} <= EU:
        return "reverse_charge" if buyer.vat_id else "standard"
    return "outside"


def rate_ppm(seller: TaxProfile, buyer: TaxProfile) -> int:
    """Return the rate that the seller charges the buyer, in parts per million."""
    return seller.tax_rate_ppm if treatment(seller, buyer) == "standard" else 0


def in_force(profiles: Sequence[TaxProfile], on: date) -> TaxProfile | None:
    """Return the profile in force on a day, of those in the order they were recorded; None before the first.

    Of two that begin on the same day the later recorded one holds.
    """
    begun = [one for one in reversed(profiles) if one.valid_from <= on]
    return max(begun, key=lambda one: one.valid_from, default=None)


def before_any(
    *, legal_name: str, address: str, country: str, tax_rate_ppm: int, tax_id: str | None
) -> TaxProfile:
    """Return what a company is at the tax office until it records a profile: what it was taken in as."""
    return TaxProfile(
        legal_name=legal_name,
        address=address,
        country=country,
        status="standard",
        valid_from=date.min,
        tax_rate_ppm=tax_rate_ppm,
        vat_id=tax_id,
    )


class Taxed(msgspec.Struct, frozen=True):
    """A company with all its profiles as they were recorded, and what it was called before the first."""

    before: TaxProfile
    profiles: tuple[TaxProfile, ...] = ()


def rate_on(seller: Taxed, buyer: Taxed, on: date) -> int:
    """Return the rate of tax on what one company earns from another on a day, in parts per million.

    Until a company has recorded a profile it charges the one rate it was taken in with, whoever pays.
    """
    selling = in_force(seller.profiles, on)
    if selling is None:
        return seller.before.tax_rate_ppm
    return rate_ppm(selling, in_force(buyer.profiles, on) or buyer.before)
