"""Facts and signed terms as the database holds them; each struct names the columns that are read."""

from datetime import date, datetime
from fractions import Fraction
from functools import lru_cache
from typing import Literal
from uuid import UUID

from msgspec import Struct

from partner_network.agreements.terms import Event, Evidence, TouchKind
from partner_network.brands import taxes
from partner_network.conversions.rules.reports import Consent


class Brand(Struct, frozen=True, gc=False):
    """A company, and the tax it charges."""

    id: UUID
    slug: str
    tax_rate_ppm: int
    legal_name: str
    address: str
    country: str
    tax_id: str | None

    @property
    def before(self) -> taxes.TaxProfile:
        """What it is at the tax office until it records a profile."""
        return taxes.before_any(
            legal_name=self.legal_name,
            address=self.address,
            country=self.country,
            tax_rate_ppm=self.tax_rate_ppm,
            tax_id=self.tax_id,
        )


class AgreementCharity(Struct, frozen=True, gc=False):
    """A charity that an agreement gives to."""

    agreement_id: UUID
    charity_id: UUID


class Program(Struct, frozen=True, gc=False):
    """What an advertiser wants promoted."""

    id: UUID
    brand_id: UUID
    slug: str
    created_at: datetime


class ProgramVersion(Struct, frozen=True, gc=False):
    """A program's policy, from when it was recorded."""

    id: UUID
    program_id: UUID
    version: int
    policy_toml: str
    recorded_at: datetime


class Partnership(Struct, frozen=True, gc=False):
    """A program joined to a partner brand."""

    id: UUID
    program_id: UUID
    advertiser_id: UUID
    partner_id: UUID
    active_from: datetime | None
    ended_at: datetime | None


class Membership(Struct, frozen=True, gc=False):
    """A role that a person holds or held, at a brand or at the operator."""

    member_id: UUID
    brand_id: UUID | None
    role: str
    created_at: datetime
    ended_at: datetime | None

    def holds(self, at: datetime) -> bool:
        """Say whether it was theirs at an instant."""
        return self.created_at <= at and (self.ended_at is None or at <= self.ended_at)


class Agreement(Struct, frozen=True, gc=False):
    """A drafted agreement with the parties as it named them."""

    id: UUID
    number: str
    partnership_id: UUID
    program_version_id: UUID
    contract_name: str
    contract_version: str
    terms_toml: str
    content_hash: bytes
    drafted_at: datetime
    parties: str | None


class Signature(Struct, frozen=True, gc=False):
    """One brand's signature."""

    agreement_id: UUID
    brand_id: UUID
    signed_hash: bytes
    member_id: UUID
    signed_at: datetime


class Terms(Struct, frozen=True, gc=False):
    """Which agreement held when, as known when; None is open."""

    partnership_id: UUID
    agreement_id: UUID
    valid_from: datetime | None
    valid_until: datetime | None
    known_from: datetime
    known_until: datetime | None


class Customer(Struct, frozen=True, gc=False):
    """A customer of one brand, and the pseudonym that stands for that brand's own id."""

    id: UUID
    brand_id: UUID
    external_id: str | None
    """None once the customer was erased, as is the key."""
    pseudonym: bytes
    pseudonym_key: bytes | None


class Click(Struct, frozen=True, gc=False):
    """A click that somebody stands behind, or that a conversion names."""

    click_id: UUID
    at: datetime
    recorded_at: datetime
    partnership_id: UUID
    program_id: UUID
    partner_id: UUID
    consent: str
    excluded: str | None


class Identification(Struct, frozen=True, gc=False):
    """Who stands behind a click, as the advertiser said."""

    customer_id: UUID
    click_id: UUID
    recorded_at: datetime


class Conversion(Struct, frozen=True, gc=False):
    """A sale, lead or activation as it was reported."""

    id: UUID
    brand_id: UUID
    program_id: UUID
    customer_id: UUID
    event: Event
    order_id: str
    occurred_at: datetime
    recorded_at: datetime
    currency: str
    net_minor: int
    click_id: UUID | None
    lines: str
    payload_hash: bytes
    code: str | None


class Code(Struct, frozen=True, gc=False):
    """A promo code, and whose it is for good."""

    id: UUID
    code: str
    folded: str
    partnership_id: UUID
    program_id: UUID
    advertiser_id: UUID
    partner_id: UUID
    created_at: datetime
    withdrawn_at: datetime | None


class Touch(Struct, frozen=True, gc=False):
    """A touch that is no click, as it was reported or named by an order."""

    id: UUID
    brand_id: UUID
    program_id: UUID
    partnership_id: UUID | None
    partner_id: UUID | None
    customer_id: UUID
    kind: TouchKind
    evidence: Evidence
    channel: Literal["partner", "direct"]
    at: datetime
    recorded_at: datetime
    consent: Consent
    code: str | None
    conversion_id: UUID | None
    touch_id: str | None
    payload_hash: bytes


class Refund(Struct, frozen=True, gc=False):
    """Money given back on a conversion, as it was reported."""

    id: UUID
    brand_id: UUID
    conversion_id: UUID
    refund_id: str
    at: datetime
    recorded_at: datetime
    net_minor: int
    line: str | None
    reason: str
    payload_hash: bytes
    cancels: str | None


class Adjustment(Struct, frozen=True, gc=False):
    """An outcome that adds to what one order pays one partnership, or takes from it."""

    id: UUID
    conversion_id: UUID
    partnership_id: UUID
    at: datetime
    minor: int
    component: str | None
    bonus: str | None


class QualityMeasure(Struct, frozen=True, gc=False):
    """How many of a partner's earlier customers stayed, as it was measured at a date."""

    partnership_id: UUID
    rule: str
    measured_on: date
    customers: int
    retained: int
    recorded_at: datetime


class Decision(Struct, frozen=True, gc=False):
    """One decision on a conversion, with its candidates as JSON."""

    conversion_id: UUID
    rev: int
    program_version_id: UUID
    model: str
    outcome: str
    bound_to: UUID | None
    candidates: str
    decided_at: datetime


class Credit(Struct, frozen=True, gc=False):
    """One part of a decision."""

    conversion_id: UUID
    rev: int
    touch_id: UUID
    partnership_id: UUID
    touched_at: datetime
    weight_numerator: str
    weight_denominator: str

    @property
    def weight(self) -> Fraction:
        """The exact part of the conversion."""
        return _fraction(self.weight_numerator, self.weight_denominator)


@lru_cache(maxsize=4096)
def _fraction(numerator: str, denominator: str) -> Fraction:
    return Fraction(int(numerator), int(denominator))


class Waiting(Struct, frozen=True, gc=False):
    """Something on a work list: the worker has not come to it yet."""

    conversion_id: UUID
    partnership_id: UUID | None
