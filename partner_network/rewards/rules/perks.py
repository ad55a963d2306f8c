"""Which perks a partner has reached, by which order, and from when until when they hold: pure.

Source: docs/algorithms/rewards.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from partner_network.agreements.reward_terms import Perk, Reward
from partner_network.commissions.rules import shares
from partner_network.commissions.rules.facts import Order
from partner_network.commissions.rules.plan import Plan, VersionPlan, unit
from partner_network.kernel import periods
from partner_network.kernel.periods import Period, PeriodKind

PerkKey = tuple[str, str, str]
"""An agreement, the name of a reward, and a period."""


class Reached(Struct, frozen=True):
    """A perk that the orders of one period grant; ``reached`` is minor units, or ppm of one action."""

    key: PerkKey
    perk: Perk
    clause: str
    conversion_id: UUID
    reached: int
    granted_at: datetime
    ends_at: datetime


class Counted(Struct, frozen=True):
    """An order with the row it came from."""

    conversion_id: UUID
    order: Order


def perks_of(
    counted: Iterable[Counted], plan: Plan, rewards: Mapping[str, Sequence[Reward]]
) -> dict[PerkKey, Reached]:
    """Return the perks that orders of one partnership reach, all orders of each period among them.

    A perk is granted by the first order, in canonical order, with which its metric reaches the bound that
    the order's own terms name. A name is an identity: its metric goes on across versions.
    Errors: InvalidError for facts that cannot be, as `targets`.
    """
    running: defaultdict[tuple[str, str], int] = defaultdict(int)
    found: dict[tuple[str, str], Reached] = {}
    for one in sorted(counted, key=lambda one: (one.order.at, one.order.id)):
        version = plan.version_at(one.order.at)
        for index, reward in enumerate(rewards.get(version.key, ())):
            if reward.perk is None or reward.event != one.order.event or one.order.rejected:
                continue
            period = periods.period_of(version.placed_at(one.order), reward.period, version.zone)
            place = (reward.name, period.label)
            running[place] += shares.metric(one.order, reward.metric, version)
            if place not in found and running[place] >= _bound(reward):
                found[place] = Reached(
                    key=(version.key, *place),
                    perk=reward.perk,
                    clause=f"rewards[{index}]",
                    conversion_id=one.conversion_id,
                    reached=running[place],
                    granted_at=one.order.at,
                    ends_at=_end_of_next(period, version),
                )
    return {one.key: one for one in found.values()}


def periods_touched(
    instants: Iterable[datetime], plan: Plan, rewards: Mapping[str, Sequence[Reward]]
) -> set[Period]:
    """Return the periods whose perks orders at those instants may change, by any version's rewards."""
    kinds: set[PeriodKind] = {one.period for many in rewards.values() for one in many if one.perk is not None}
    zone = plan.versions[0].zone
    return {periods.period_of(at, kind, zone) for at in instants for kind in kinds}


def _bound(reward: Reward) -> int:
    return (reward.starts or 1) * unit(reward.metric)


def _end_of_next(period: Period, version: VersionPlan) -> datetime:
    return periods.next_period(period, version.zone).ends_at
