"""The terms file: what two brands sign, as one immutable value the engines read.

The schema is the public interface of MONEY, section 1. Durations say their unit in the name, money is
whole minor units of `settlement.currency`, rates are parts per million.
"""

from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from partner_network.agreements.donation_terms import Donation
from partner_network.agreements.quality_terms import Quality
from partner_network.agreements.reward_terms import Reward
from partner_network.agreements.term_values import (
    CodePolicy,
    Days,
    Event,
    Evidence,
    Exclusion,
    Match,
    Metric,
    Minor,
    Model,
    Months,
    Multiplier,
    Name,
    Positive,
    Raise,
    Share,
    SomeDays,
    Structure,
    Table,
    TouchKind,
)
from partner_network.kernel.periods import Lock, PeriodKind


class ProgramPolicy(Table, frozen=True):
    """How a program chooses among the touches of several partners: `[program.attribution]`."""

    model: Model = "last_click"
    half_life_days: SomeDays = 7
    position_ppm: tuple[Share, Share, Share] = (400_000, 200_000, 400_000)
    evidence: tuple[Evidence, ...] = ("click_id", "code", "cookie", "self_report")
    code_policy: CodePolicy = "click_required"
    binding_months: Months = 0
    customers: Literal["all", "new_only"] = "all"
    exclusions: tuple[Exclusion, ...] = (
        "bot",
        "prefetch",
        "no_consent",
        "self_referral",
        "stand_down",
        "test_mode",
    )


class Program(Table, frozen=True):
    """The tables that belong to a program version, not to one agreement."""

    attribution: ProgramPolicy = ProgramPolicy()


class EventWindows(Table, frozen=True):
    """Windows of single events; an event without one has the window of clicks."""

    lead: Days | None = 30
    sale: Days | None = None
    activation: Days | None = None


class Windows(Table, frozen=True):
    """How long before a conversion a touch still counts, by kind and event."""

    click_days: Days = 30
    view_days: Days = 0
    events: EventWindows = EventWindows()
    run_off_days: Days = 30

    def days(self, kind: TouchKind, event: Event) -> int:
        """Return the window in days for a touch of that kind before that event."""
        if kind == "view":
            return self.view_days
        own: int | None = getattr(self.events, event)
        return self.click_days if own is None else own


class Tier(Table, frozen=True, rename={"starts": "from"}):
    """From which metric on a rate, or an amount per action, holds."""

    starts: Minor
    rate_ppm: Share | None = None
    amount_minor: Minor | None = None


class ComponentCaps(Table, frozen=True):
    """The most a component pays on one order, one customer in a period, and one period."""

    order: Minor | None = None
    customer: Minor | None = None
    period: Minor | None = None


class Component(Table, frozen=True):
    """One way to earn: an event, what it matches, and the tiers it pays by."""

    name: Name
    event: Event
    tiers: Annotated[tuple[Tier, ...], Meta(min_length=1, max_length=100)]
    match: Match = Match()
    min_order_minor: Minor = 0
    structure: Structure = "graduated"
    metric: Metric = "net_amount"
    period: PeriodKind = "month"
    recurring_months: Months = 12
    invoice_ppm: tuple[Multiplier, ...] = ()
    decay_ppm_per_day: Share = 0
    cap_minor: ComponentCaps = ComponentCaps()

    @property
    def pays_per_action(self) -> bool:
        """Tell whether the tiers name an amount per action instead of a rate on the net."""
        return self.tiers[0].amount_minor is not None


class Bonus(Table, frozen=True):
    """Money for a number reached within a period."""

    name: Name
    kind: Literal["first_n", "milestone"]
    event: Event
    metric: Metric
    n: Positive
    period: PeriodKind
    amount_minor: Minor
    refund_frees_place: bool = False


class Boost(Table, frozen=True, rename={"starts": "from"}):
    """A dated multiplier on one component: 00:00 of `from` up to 00:00 of `until`, in the zone."""

    name: Name
    component: Name
    starts: date
    until: date
    multiplier_ppm: Raise
    cap_minor: Minor
    stacking: Literal["best", "multiply"] = "best"


class Commission(Table, frozen=True):
    """What is paid: components, bonuses, boosts, and what quality makes of it."""

    combine: Literal["first", "sum"] = "first"
    components: tuple[Component, ...] = ()
    bonuses: tuple[Bonus, ...] = ()
    boosts: tuple[Boost, ...] = ()
    quality: tuple[Quality, ...] | UnsetType = UNSET
    """Unset where there is none, so that terms of before there was this key print as they did."""

    @property
    def quality_rules(self) -> tuple[Quality, ...]:
        """Return the rules of quality, if any."""
        return self.quality or ()


class Clawback(Table, frozen=True):
    """What a refund takes back, how long, and how much of one statement."""

    mode: Literal["recompute", "line_only"] = "recompute"
    max_age_days: Days = 180
    max_share_ppm: Share = 500_000
    contest_days: Days = 14


class Settlement(Table, frozen=True):
    """When and in what money two brands settle; equal for all agreements one statement covers."""

    currency: str
    time_zone: str
    period: Literal["month", "quarter", "year"] = "month"
    hold_days: Days = 30
    lock: Lock = Lock()
    minimum_payout_minor: Minor = 5_000
    clawback: Clawback = Clawback()
    late_policy: Literal["true_up", "as_of_receipt"] = "true_up"
    netting: Literal["reciprocal", "none"] = "reciprocal"
    notice_days: Days = 30


class Terms(Table, frozen=True):
    """The whole file."""

    settlement: Settlement
    valid_from: date | None = None
    program: Program = Program()
    windows: Windows = Windows()
    commission: Commission = Commission()
    rewards: Annotated[tuple[Reward, ...], Meta(max_length=100)] = ()
    donations: Annotated[tuple[Donation, ...], Meta(max_length=100)] = ()
