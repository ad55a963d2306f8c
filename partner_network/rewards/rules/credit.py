"""What credit an order grants, and what of it is left at an instant: pure.

Source: docs/algorithms/rewards.md.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from msgspec import Struct

from partner_network.agreements.reward_terms import GrowthStep, Reward
from partner_network.agreements.term_values import Match
from partner_network.commissions.rules import shares
from partner_network.commissions.rules.facts import Order
from partner_network.commissions.rules.plan import VersionPlan
from partner_network.commissions.rules.shares import Net
from partner_network.kernel.money import PPM_PER_WHOLE, round_half_away


class Worth(Struct, frozen=True, gc=False):
    """From an instant on what is left counts for a part, in ppm; 0 is the end."""

    at: datetime
    ppm: int


class Credit(Struct, frozen=True):
    """What one order grants by one reward: its face value, and how that is lost with time."""

    reward: str
    clause: str
    face_minor: int
    granted_at: datetime
    ends_at: datetime | None
    steps: tuple[Worth, ...]


def credits_of(
    order: Order, later_sales: int, rewards: Sequence[Reward], version: VersionPlan
) -> list[tuple[Reward, Credit]]:
    """Return the credit that an order grants under the rewards of its terms, those of nothing included.

    Units: minor units of the agreement's currency. ``later_sales`` are the customer's sales in the program
    after this order. Rounding: half away from zero, once, on the exact product.
    Errors: InvalidError for facts that cannot be, as `targets`.
    """
    return [
        (reward, _credit(order, later_sales, reward, f"rewards[{index}]", version))
        for index, reward in enumerate(rewards)
        if reward.is_credit and _is_for(order, reward)
    ]


def worth_steps(reward: Reward, granted_at: datetime) -> tuple[Worth, ...]:
    """Return when credit under a reward loses what part of its worth, the end included."""
    steps = [Worth(granted_at + timedelta(days=step.after_days), step.ppm) for step in reward.worth]
    ends_at = end_of(reward, granted_at)
    return (*steps, Worth(ends_at, 0)) if ends_at is not None else tuple(steps)


def end_of(reward: Reward, granted_at: datetime) -> datetime | None:
    """Return when credit under a reward ends: elapsed days after its order; None where it never does."""
    return granted_at + timedelta(days=reward.valid_days) if reward.valid_days else None


def worth_at(steps: Iterable[Worth], at: datetime) -> int:
    """Return what part of its face a credit has left at an instant, in ppm; a step holds from its instant."""
    return next((step.ppm for step in reversed(tuple(steps)) if step.at <= at), PPM_PER_WHOLE)


def left_of(face_minor: int, used: Fraction, worth_ppm: int) -> int:
    """Return what may still be redeemed: the unused part of the face at its present worth, rounded down.

    ``used`` is in minor units of face: what was redeemed, by the worth it had when it was redeemed.
    """
    return int(max(Fraction(0), face_minor - used) * worth_ppm / PPM_PER_WHOLE)


def growth_ppm(steps: Sequence[GrowthStep], later_sales: int) -> int:
    """Return by what credit is multiplied after so many later sales of the customer."""
    return next((step.ppm for step in reversed(steps) if step.orders <= later_sales), PPM_PER_WHOLE)


def _credit(order: Order, later_sales: int, reward: Reward, clause: str, version: VersionPlan) -> Credit:
    exact = _earned(order, reward, version) * growth_ppm(reward.growth, later_sales) / PPM_PER_WHOLE
    return Credit(
        reward=reward.name,
        clause=clause,
        face_minor=round_half_away(exact),
        granted_at=order.at,
        ends_at=end_of(reward, order.at),
        steps=worth_steps(reward, order.at),
    )


def _is_for(order: Order, reward: Reward) -> bool:
    customer = reward.match.customer
    fits = customer == "any" or (customer == "new") == order.new_customer
    return fits and order.event == reward.event and not order.rejected


def _earned(order: Order, reward: Reward, version: VersionPlan) -> Fraction:
    """Return what is granted before growth: the partner's part of a fixed sum, or a rate of its share."""
    net = _net(order, reward.match, version.settlement.clawback.max_age_days)
    if net is None:
        return Fraction(0)
    if reward.amount_minor is not None:
        return Fraction(0) if net.is_fully_refunded else reward.amount_minor * _weight(order)
    parts = shares.own_parts(order, net.gross - net.refunded)
    share = shares.in_agreement_currency(order, sum(parts), version)
    return Fraction(share * (reward.rate_ppm or 0), PPM_PER_WHOLE)


def _weight(order: Order) -> Fraction:
    return sum((order.weights[place] for place in order.own), Fraction(0)) if order.weights else Fraction(1)


def _net(order: Order, match: Match, max_age_days: int) -> Net | None:
    """Return the net of the lines that match, with what refunds in force took; None where none does."""
    refunds = shares.refunds_in_force(order, max_age_days) if order.refunds else []
    if not order.lines:
        return None if match.categories or match.skus else shares.whole_net(order, refunds)
    nets = [net for line, net in shares.nets_by_line(order, refunds) if shares.matches(match, line)]
    if not nets:
        return None
    touched = any(net.touched for net in nets)
    return Net(sum(net.gross for net in nets), sum(net.refunded for net in nets), touched)
