"""The JSON of the commissions on a conversion; every amount in minor units of the currency beside it."""

from datetime import date, datetime

from msgspec import Struct

from partner_network.kernel import ids
from partner_network.receipts.commission import wording
from partner_network.receipts.commission.composing import Commission, Composed


class RateAnswer(Struct, frozen=True):
    """What one tier's rate paid: parts per million of net, or an amount for each action (in millionths)."""

    rate: int
    units: int
    exact_minor: str
    clause: str | None


class FactorAnswer(Struct, frozen=True):
    """A multiplier, exact."""

    name: str
    value: str
    clause: str | None


class CapAnswer(Struct, frozen=True):
    """A cap that cut the line."""

    name: str
    clause: str | None


class FiguresAnswer(Struct, frozen=True):
    """The arithmetic: rates, multipliers, caps, rounding of the running sum, refunds, adjustments."""

    period: str
    structure: str
    metric_before: int
    metric_after: int
    metric_total: int
    rates: list[RateAnswer]
    factors: list[FactorAnswer]
    capped_by: list[CapAnswer]
    earned_exact_minor: str
    line_minor: int
    taken_back_minor: int
    adjusted_minor: int
    holds: bool
    """Whether the figures, computed again for this answer, come to what is booked."""


class RevisedAnswer(Struct, frozen=True):
    """One state of a commission, with the nearest cause since the one before."""

    rev: int
    recorded_at: datetime
    previous_minor: int
    target_minor: int
    cause: str | None
    reason: str | None


class HoldAnswer(Struct, frozen=True):
    """A hold, and how it ended."""

    at: datetime
    reason: str
    released_at: datetime | None
    release_reason: str | None


class StatedAnswer(Struct, frozen=True):
    """What stands on a statement."""

    statement: str
    number: str
    kind: str
    amount_minor: int
    is_paid: bool


class ClawbackAnswer(Struct, frozen=True):
    """What was taken back of matured commission, why, and how it stands."""

    id: int
    amount_minor: int
    due_minor: int
    recovered_minor: int
    contest_until: datetime
    cause: str | None
    reason: str | None
    contested_at: datetime | None
    outcome: str | None


class LyingAnswer(Struct, frozen=True):
    """Where the money lies that stands on no statement yet."""

    pending_minor: int
    held_minor: int
    disputed_minor: int
    payable_minor: int


class EarnedAnswer(Struct, frozen=True):
    """One commission, with everything that explains it."""

    id: int
    kind: str
    partner: str
    component: str
    currency: str
    amount_minor: int
    agreement: str
    clause: str | None
    matures_at: datetime
    matured_at: datetime | None
    exchange_rate: str | None
    exchange_rate_of: date | None
    exchange_rate_how: str | None
    """Whether that rate was published as it is (`direct`), the other way round, or follows from two."""
    figures: FiguresAnswer
    revisions: list[RevisedAnswer]
    lying: LyingAnswer
    stated: list[StatedAnswer]
    holds: list[HoldAnswer]
    clawbacks: list[ClawbackAnswer]
    charity: str | None = None
    """Whom it pays in place of the partner: it is a donation."""


class CommissionsAnswer(Struct, frozen=True):
    """The commissions on one conversion."""

    conversion: str
    commissions: list[EarnedAnswer]


def answer(composed: Composed) -> CommissionsAnswer:
    """Return the commissions on a conversion as JSON says them."""
    return CommissionsAnswer(
        ids.shown("cnv", composed.reported.id), [_earned(one) for one in composed.commissions]
    )


def _earned(one: Commission) -> EarnedAnswer:
    row, lying = one.row, one.lying
    return EarnedAnswer(
        id=row.id,
        kind=row.kind,
        partner=ids.shown("bnd", row.partner_id),
        component=row.component,
        currency=row.currency,
        amount_minor=one.target_minor,
        agreement=ids.shown("agr", row.agreement_id),
        clause=one.clause(one.figures.clause or one.revisions[0].clause),
        matures_at=row.matures_at,
        matured_at=row.matured_at,
        exchange_rate=row.rate,
        exchange_rate_of=row.rate_of,
        exchange_rate_how=row.rate_how,
        figures=_figures(one),
        revisions=[
            RevisedAnswer(r.rev, r.recorded_at, r.previous_minor, r.target_minor, r.cause, r.reason)
            for r in one.revisions
        ],
        lying=LyingAnswer(lying.pending_minor, lying.held_minor, lying.disputed_minor, lying.payable_minor),
        stated=[
            StatedAnswer(ids.shown("stm", s.statement_id), s.number, s.kind, s.amount_minor, s.is_paid)
            for s in one.stated
        ],
        holds=[HoldAnswer(h.at, h.reason, h.released_at, h.release_reason) for h in one.holds],
        clawbacks=[
            ClawbackAnswer(
                k.id,
                k.amount_minor,
                k.due_minor,
                k.recovered_minor,
                k.contest_until,
                k.cause,
                k.reason,
                k.contested_at,
                k.outcome,
            )
            for k in one.taken
        ],
        charity=row.charity,
    )


def _figures(one: Commission) -> FiguresAnswer:
    figures = one.figures
    tiers = one.clause(one.paying("tiers"))
    return FiguresAnswer(
        period=figures.period,
        structure=figures.rule,
        metric_before=figures.metric_before,
        metric_after=figures.metric_after,
        metric_total=figures.metric_total,
        rates=[RateAnswer(p.rate, p.units, str(p.exact), tiers) for p in figures.pieces],
        factors=[
            FactorAnswer(name, str(value), one.clause(wording.factor(name)[1]))
            for name, value in figures.multiplied
        ],
        capped_by=[
            CapAnswer(name, one.clause(one.paying(f"cap_minor.{name}"))) for name in figures.capped_by
        ],
        earned_exact_minor=str(figures.earned),
        line_minor=figures.line_minor,
        taken_back_minor=figures.taken_back_minor,
        adjusted_minor=figures.adjusted_minor,
        holds=one.holds_good,
    )
