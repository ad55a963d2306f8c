"""What credit shall stand for, by order and reward: pure."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from partner_network.agreements.reward_terms import Reward, RewardKind
from partner_network.commissions.rules.facts import Order
from partner_network.commissions.rules.plan import Plan
from partner_network.rewards.rules import credit
from partner_network.rewards.rules.credit import Credit

Key = tuple[UUID, UUID, UUID, str]
"""A conversion, a partnership, an agreement and the name of a reward."""


class Earned(Struct, frozen=True):
    """An order credited to a partnership, and how many sales the customer made after it."""

    conversion_id: UUID
    customer_id: UUID
    order: Order
    later_sales: int


class Wanted(Struct, frozen=True):
    """What one credit shall be."""

    key: Key
    kind: RewardKind
    customer_id: UUID
    credit: Credit


def rewards_of(
    earned: Iterable[Earned], partnership_id: UUID, plan: Plan, rewards: Mapping[str, Sequence[Reward]]
) -> list[Wanted]:
    """Return the credit that orders of one partnership shall grant; whatever has no row shall be nothing.

    Each order is rewarded by the terms that price it. The order in which they come does not matter.
    Errors: InvalidError for facts or terms that cannot be.
    """
    wanted: list[Wanted] = []
    for one in earned:
        version = plan.version_at(one.order.at)
        for reward, granted in credit.credits_of(
            one.order, one.later_sales, rewards.get(version.key, ()), version
        ):
            key = (one.conversion_id, partnership_id, UUID(version.key), reward.name)
            wanted.append(Wanted(key, reward.kind, one.customer_id, granted))
    return wanted
