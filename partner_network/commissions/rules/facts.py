"""What the engine is given and what it answers: slim immutable values, built from rows or a facts file."""

from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction

from msgspec import Struct, field

from partner_network.agreements.terms import Event, Terms

Exact = int | Fraction
"""An exact number; whole ones stay `int`, which is many times faster."""


class TermsVersion(Struct, frozen=True, kw_only=True):
    """Terms and the half-open span of `occurred_at` they price; None is open."""

    key: str
    terms: Terms
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class Line(Struct, frozen=True, gc=False, kw_only=True):
    """One line of an order; `net_minor` is before refunds, in the order's currency, never negative."""

    id: str
    net_minor: int
    sku: str | None = None
    category: str | None = None


class Refund(Struct, frozen=True, gc=False, kw_only=True):
    """Net given back on an order, or the undoing of an earlier refund that `cancels` names."""

    id: str
    at: datetime
    net_minor: int = 0
    line: str | None = None
    cancels: str | None = None


class Adjustment(Struct, frozen=True, gc=False, kw_only=True):
    """An outcome that adds to (or takes from) what this partner gets for one order, in minor units.

    Without `component` it belongs to the first component that pays on the order. With `bonus` it belongs to
    that bonus of the order's terms, in the period that the order counts in, whether or not it earned it.
    """

    id: str
    minor: int
    component: str | None = None
    bonus: str | None = None


class Measure(Struct, frozen=True, gc=False):
    """How many of a partner's earlier customers stayed, as a quality rule measured it at a date's 00:00."""

    rule: str
    measured_on: date
    customers: int
    retained: int


class Order(Struct, frozen=True, gc=False, kw_only=True):
    """One conversion credited, at least in part, to the partner whose targets are asked for.

    `id` is the external id: it breaks ties of `at`, by bytes. `net_minor` is the whole order before
    refunds, in `currency`. `weights` are those of *all* credits of the conversion, sorted by (partner,
    touch); `own` are the positions of this partner's; both empty: the whole order is this partner's.
    `touched_at`, parallel to `own`, says when those touches were (empty: no decay). `order_number` counts
    the customer's sales in the program up to this order from 1, and `first_order_at` is the first of
    them, attributed or not, refunded or not. A `rejected` order pays nothing and counts nowhere.
    `rate` converts one major unit of `currency` to the agreement's (None: they are the same). `measures`
    are those of the partner's quality that were taken for the periods the order occurred in.
    """

    id: str
    event: Event
    at: datetime
    recorded_at: datetime
    customer: str
    currency: str
    net_minor: int
    new_customer: bool = False
    order_number: int = 1
    first_order_at: datetime | None = None
    lines: tuple[Line, ...] = ()
    weights: tuple[Fraction, ...] = ()
    own: tuple[int, ...] = ()
    touched_at: tuple[datetime, ...] = ()
    refunds: tuple[Refund, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    rejected: bool = False
    rate: Fraction | None = None
    measures: tuple[Measure, ...] = ()


class Alike(Struct, frozen=True, gc=False):
    """Many orders of one partner that its plan cannot tell apart but by their amounts, given as one.

    `order` stands for each of them: every condition of the plan answers for it as for them, and nothing was
    refunded on it. `net_minor` is the sum of this partner's shares after refunds, in the agreement's
    currency; `weight_ppm` the sum of its parts of the actions that count.
    """

    order: Order
    net_minor: int
    weight_ppm: int


class Target(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What one conversion shall pay by one component, and every figure that explains it.

    `metric_*` are minor units of net or, for count, parts per million of one action: the period's
    running metric before and after this order, and the period's total. `rates` are (rate, units) pairs:
    ppm on minor units of net, or minor units of amount on ppm of an action. `factors` are the multipliers
    that followed, exact. `line_minor` is the order's line of the period; `taken_back_minor` is what
    refunds took from it under line_only; `adjusted_minor` is the sum of its adjustments; `minor` is the
    final target: line - taken back + adjusted, never below zero. `measures` are what quality went by.
    `charity` is whom a donation pays.
    """

    conversion: str
    component: str
    period: str
    minor: int
    currency: str
    version: str
    clause: str
    rule: str
    metric_before: int
    metric_after: int
    metric_total: int
    rates: tuple[tuple[int, int], ...]
    factors: tuple[tuple[str, Fraction], ...]
    capped_by: tuple[str, ...]
    line_minor: int
    taken_back_minor: int
    adjusted_minor: int
    measures: tuple[Measure, ...] = ()
    charity: str = ""


class BonusTarget(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What one bonus shall pay for one period; `earned_at` is the order that last added to it.

    `adjusted_minor` is the sum of its adjustments: what they leave is never below zero.
    """

    bonus: str
    period: str
    minor: int
    currency: str
    version: str
    clause: str
    earned_at: datetime
    conversions: tuple[str, ...]
    adjusted_minor: int = 0


class StreamState(Struct, frozen=True):
    """The last period of one component: its running metric, and the exact sum of its lines in millionths.

    `boosted` is the extra that each boost has given by then. What the lines add up to in whole minor units is
    the sum, rounded.
    """

    period: str = ""
    metric: int = 0
    earned: Exact = 0
    boosted: Mapping[str, Exact] = field(default_factory=dict[str, Exact])

    def in_period(self, label: str) -> "StreamState":
        """Return what is known of a period: another one than the last has no orders yet."""
        return self if label == self.period else NOTHING_YET


NOTHING_YET = StreamState()


class BonusState(Struct, frozen=True):
    """The last period of one bonus: its running count or metric, and whom it paid.

    `earned` is in millionths of a minor unit. A milestone that is `reached` stays so; `until` is the latest
    moment it looked at, an order's or a refund's. What is `adjusted` is computed from all orders again.
    """

    period: str
    running: int
    earned: int = 0
    conversions: tuple[str, ...] = ()
    reached: bool = False
    frees_place: bool = False
    until: datetime | None = None
    adjusted: bool = False


class Checkpoint(Struct, frozen=True):
    """All that the orders up to the last one, in canonical order, leave for those after them to know."""

    last_at: datetime
    last_id: str
    components: Mapping[str, StreamState]
    bonuses: Mapping[str, BonusState]


class Targets(Struct, frozen=True, kw_only=True):
    """The final targets of the orders given; whatever has no row here shall pay nothing."""

    commissions: tuple[Target, ...]
    bonuses: tuple[BonusTarget, ...]
    donations: tuple[Target, ...] = ()
    """What charities shall be paid, by donation, for orders credited to this partner."""
    checkpoint: Checkpoint | None = None
    """Where the orders given leave their streams; None without any."""
