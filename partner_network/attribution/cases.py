"""What a batch of decisions is made from, as values: conversions in their order, partnerships, policies."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from uuid import UUID

from msgspec import Struct

from partner_network.agreements import rules as agreements
from partner_network.agreements.terms import Event, ProgramPolicy, Terms
from partner_network.attribution.facts import Candidate, Clauses, Credit, Decision, Reach, Touch
from partner_network.attribution.receipt import Facts
from partner_network.kernel import periods

Place = tuple[datetime, str, str]
"""Where a conversion stands in canonical order: instant, order id by bytes, event."""
Customer = tuple[UUID, UUID]
"""A customer, in one program."""


class Case(Struct, frozen=True, gc=False):
    """A conversion to decide."""

    id: UUID
    program_id: UUID
    customer_id: UUID
    event: Event
    order_id: str
    occurred_at: datetime
    recorded_at: datetime
    click_id: UUID | None
    currency: str
    net_minor: int
    customer_pseudonym: str
    """In hexadecimal digits."""
    was_decided: bool = False

    @property
    def place(self) -> Place:
        """Where it stands; text compares by code point, which is its order by bytes in UTF-8."""
        return (self.occurred_at, self.order_id, self.event)

    @property
    def customer(self) -> Customer:
        """Among whose orders it stands."""
        return (self.customer_id, self.program_id)


class Found(Struct, frozen=True, gc=False):
    """A touch, and the partnership whose it is."""

    touch: Touch
    partnership_id: UUID


class Signed(Struct, frozen=True, gc=False):
    """Terms and the half-open span in which they hold (None is open), by which agreement and clauses."""

    valid_from: datetime | None
    valid_until: datetime | None
    terms: Terms
    agreement: str | None = None
    clauses: Clauses | None = None


class Partnership(Struct, frozen=True, gc=False):
    """One partner's part in a program, with its signed terms, at least one, in the order they hold."""

    active_from: datetime | None
    ended_at: datetime | None
    versions: tuple[Signed, ...]

    def terms_at(self, instant: datetime) -> Terms | None:
        """Return the terms that hold at an instant, else the last ones that held before it."""
        signed = self._signed_at(instant)
        return None if signed is None else signed.terms

    def reach_at(self, instant: datetime) -> Reach | None:
        """Return how far the agreement reaches for a conversion of that instant; None without terms."""
        signed = self._signed_at(instant)
        if signed is None:
            return None
        ends = [end for end in (self.ended_at, self.versions[-1].valid_until) if end is not None]
        return Reach(
            windows=signed.terms.windows,
            active_from=self.active_from or self.versions[0].valid_from,
            ended_at=min(ends, default=None),
            locked_at=locked_at(signed.terms, instant),
            agreement=signed.agreement,
            clauses=signed.clauses,
        )

    def _signed_at(self, instant: datetime) -> Signed | None:
        started = [v for v in self.versions if v.valid_from is None or v.valid_from <= instant]
        return started[-1] if started else None


class Bond(Struct, frozen=True, gc=False):
    """A customer's attributed sale, whose credits later conversions may inherit."""

    conversion_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    credits: tuple[Credit, ...]
    partnership_of: Mapping[str, UUID]
    """By touch."""


class Standing(Struct, frozen=True, gc=False):
    """What was decided of a conversion last; credits are (touch, partnership, weight)."""

    rev: int
    bound_to: UUID | None
    credits: frozenset[tuple[str, UUID, Fraction]]
    candidates: tuple[Candidate, ...]
    has_receipt: bool


class PolicyVersion(Struct, frozen=True, gc=False):
    """A program's rule of choice, from when it was recorded."""

    id: UUID
    number: int
    recorded_at: datetime
    policy: ProgramPolicy

    @property
    def looks_back(self) -> bool:
        """Tell whether a decision depends on the customer's earlier conversions."""
        return self.policy.binding_months > 0 or self.policy.customers == "new_only"


class Outcome(Struct, frozen=True, gc=False):
    """A decision of one case, under which version, from what, and whose partnerships its credits are."""

    case: Case
    version: PolicyVersion
    facts: Facts
    decision: Decision
    bound_to: UUID | None
    partnership_of: Mapping[str, UUID]

    @property
    def credits(self) -> frozenset[tuple[str, UUID, Fraction]]:
        """Who gets what, to be compared with what stands."""
        return frozenset(
            (credit.touch, self.partnership_of[credit.touch], credit.weight)
            for credit in self.decision.credits
        )

    @property
    def partners(self) -> list[str]:
        """Whom the receipt concerns: each partner with a touch that was looked at, or with credit."""
        seen = {touch.partner for touch in self.facts.touches if touch.partner is not None}
        return sorted(seen.union(credit.partner for credit in self.decision.credits))


class Known(Struct, frozen=True, gc=False):
    """Everything that is known about a batch of cases; lists are parallel to it."""

    touches: Sequence[Sequence[Found]]
    policies: Mapping[UUID, Sequence[PolicyVersion]]
    partnerships: Mapping[UUID, Partnership]
    bonds: Mapping[Customer, Sequence[Bond]]
    """Attributed sales from before the batch, in canonical order."""
    converted_before: Mapping[UUID, datetime]
    """By conversion: since when an earlier one of the same customer is known, where the policy asks."""


def locked_at(terms: Terms, occurred_at: datetime) -> datetime:
    """Return the lock date of a conversion of that instant under those terms."""
    zone = periods.zone_named(terms.settlement.time_zone)
    return periods.lock_at(occurred_at, terms.settlement.lock, zone)


@lru_cache(maxsize=1024)
def read_policy(policy_toml: str) -> ProgramPolicy:
    """Return how a program version chooses among touches."""
    return agreements.program_in(policy_toml).attribution


def version_at(versions: Sequence[PolicyVersion], instant: datetime) -> PolicyVersion:
    """Return the version in force for a conversion of an instant: the last recorded by then, or the first."""
    return versions[max(0, bisect_right(versions, instant, key=lambda version: version.recorded_at) - 1)]
