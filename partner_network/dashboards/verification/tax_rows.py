"""What companies are at the tax office, as the database holds it."""

from datetime import date
from uuid import UUID

from msgspec import Struct

from partner_network.brands import taxes
from partner_network.brands.taxes import TaxStatus


class TaxProfile(Struct, frozen=True, gc=False):
    """What a company is at the tax office from a day on."""

    brand_id: UUID
    valid_from: date
    legal_name: str
    address: str
    country: str
    status: TaxStatus
    vat_id: str | None
    tax_number: str | None
    tax_rate_ppm: int

    @property
    def profile(self) -> taxes.TaxProfile:
        """The same, as the rule takes it."""
        return taxes.TaxProfile(
            legal_name=self.legal_name,
            address=self.address,
            country=self.country,
            status=self.status,
            valid_from=self.valid_from,
            tax_rate_ppm=self.tax_rate_ppm,
            vat_id=self.vat_id,
            tax_number=self.tax_number,
        )
