"""What a decision is made from and what it says: slim immutable values, built from rows or a facts file."""

from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from typing import Literal

from msgspec import Struct

from partner_network.agreements.terms import Event, Evidence, Model, TouchKind, Windows

Verdict = Literal["credited", "not_credited", "excluded"]


class Touch(Struct, frozen=True, gc=False, kw_only=True):
    """Evidence that somebody reached the customer; a direct visit has no partner.

    `excluded` is null, one of the program's exclusions, or another reason in words, which always excludes
    (a partnership paused at the touch, say).
    """

    id: str
    partner: str | None
    program: str
    at: datetime
    recorded_at: datetime
    kind: TouchKind = "click"
    evidence: Evidence = "click_id"
    channel: Literal["partner", "direct"] = "partner"
    consent: bool = True
    excluded: str | None = None

    @property
    def is_direct(self) -> bool:
        """Tell whether the customer came without any partner."""
        return self.partner is None or self.channel == "direct"


class Credit(Struct, frozen=True, gc=False):
    """An exact part of one conversion; the weights of a decision sum to one, or there is none."""

    partner: str
    touch: str
    touched_at: datetime
    weight: Fraction


class Binding(Struct, frozen=True, gc=False):
    """An earlier conversion whose credits its customer's later ones inherit, within [at, until)."""

    conversion: str
    at: datetime
    until: datetime
    credits: tuple[Credit, ...]


class Conversion(Struct, frozen=True, gc=False, kw_only=True):
    """The conversion to decide; `click_id` is its own click's touch id, whatever that touch's customer."""

    id: str
    program: str
    event: Event
    at: datetime
    recorded_at: datetime
    new_customer: bool = False
    click_id: str | None = None
    binding: Binding | None = None


class Clauses(Struct, frozen=True, gc=False, array_like=True):
    """The numbers of the clauses that a decision follows, in the contract behind one agreement.

    Stored as a plain list in this order, so a new one goes to the end and has a default.
    """

    counted: str
    click_days: str
    view_days: str
    event_days: str
    run_off: str
    evidence: str
    code_policy: str
    exclusions: str
    model: str
    customers: str
    binding: str
    lock: str


UNNAMED = Clauses(*[""] * len(Clauses.__struct_fields__))
"""The clauses where no contract is known: reasons name none."""


class Reach(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """How far one partner's agreement reaches for one conversion.

    The partnership is active in [active_from, ended_at). `locked_at` is the conversion's lock date under
    this agreement: touches recorded from then on, and after the conversion, change nothing. `agreement` is
    the number of the agreement in force, for the receipt; without `clauses` no reason names one.
    """

    windows: Windows
    active_from: datetime | None = None
    ended_at: datetime | None = None
    locked_at: datetime | None = None
    agreement: str | None = None
    clauses: Clauses | None = None


WindowsOf = Callable[[str], Reach | None]
"""Give a partner's reach for the conversion at hand; None when it never had an agreement."""


class Candidate(Struct, frozen=True, gc=False):
    """One touch that was looked at, the verdict, and why, in one sentence with its numbers."""

    touch: str
    partner: str | None
    at: datetime
    kind: TouchKind
    verdict: Verdict
    reason: str


class Decision(Struct, frozen=True, gc=False):
    """Who gets a conversion: credits by (partner, touch), and every candidate by (at, recorded_at, id)."""

    conversion: str
    model: Model
    credits: tuple[Credit, ...]
    candidates: tuple[Candidate, ...]
    bound_to: str | None = None

    @property
    def is_attributed(self) -> bool:
        """Tell whether any partner gets a part."""
        return bool(self.credits)


def own_code_touch(conversion: Conversion, partner: str) -> Touch:
    """Return the touch that a conversion's own code is: at its instant, of the partner who owns the code."""
    return Touch(
        id=f"code:{conversion.id}",
        partner=partner,
        program=conversion.program,
        at=conversion.at,
        recorded_at=conversion.recorded_at,
        kind="code",
        evidence="code",
    )
