"""Rewards that are not commission: credit with the advertiser, and perks that a partner is granted."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated, Literal

from msgspec import Meta

from partner_network.agreements.term_values import (
    Days,
    Event,
    Match,
    Metric,
    Minor,
    Name,
    Positive,
    Raise,
    Share,
    SomeDays,
    Table,
)
from partner_network.kernel.money import PPM_PER_WHOLE
from partner_network.kernel.reading import Mistake
from partner_network.kernel.sentences import Sentence

RewardKind = Literal["customer_credit", "partner_credit", "perk"]
Perk = Literal["co_branded_event", "lead_routing", "enhanced_analytics"]
SomeOrders = Annotated[int, Meta(ge=1, le=10_000)]

_OF_CREDIT = ("amount_minor", "rate_ppm", "valid_days", "worth", "growth", "match")
_OF_PERK = ("perk", "metric", "period", "from")


class WorthStep(Table, frozen=True):
    """From how many days after the order on what is left of a credit counts for only a part."""

    after_days: SomeDays
    ppm: Share


class GrowthStep(Table, frozen=True):
    """From how many later sales of the customer on a credit is multiplied."""

    orders: SomeOrders
    ppm: Raise


class Reward(Table, frozen=True, rename={"starts": "from"}):
    """Credit for each order that matches, or a perk for a number reached within a period."""

    name: Name
    kind: RewardKind
    event: Event
    match: Match = Match()
    amount_minor: Minor | None = None
    rate_ppm: Share | None = None
    valid_days: Days = 0
    worth: Annotated[tuple[WorthStep, ...], Meta(max_length=100)] = ()
    growth: Annotated[tuple[GrowthStep, ...], Meta(max_length=100)] = ()
    perk: Perk | None = None
    metric: Metric = "net_amount"
    period: Literal["month", "quarter", "year"] = "quarter"
    starts: Positive | None = None

    @property
    def is_credit(self) -> bool:
        """Tell whether the reward is credit, for a customer or for the partner."""
        return self.kind != "perk"


def mistakes_in(rewards: Sequence[Reward]) -> Iterator[Mistake]:
    """Yield which keys of rewards contradict each other, by path."""
    for index, reward in enumerate(rewards):
        path = f"rewards[{index}]"
        yield from _strangers(path, reward)
        yield from _credit_mistakes(path, reward) if reward.is_credit else _perk_mistakes(path, reward)


def _strangers(path: str, reward: Reward) -> Iterator[Mistake]:
    usual = Reward(name=reward.name, kind=reward.kind, event=reward.event)
    for key in _OF_PERK if reward.is_credit else _OF_CREDIT:
        attribute = "starts" if key == "from" else key
        if getattr(reward, attribute) != getattr(usual, attribute):
            yield (
                f"{path}.{key}",
                Sentence("does not belong to a reward of the kind {kind}", kind=reward.kind),
            )


def _credit_mistakes(path: str, reward: Reward) -> Iterator[Mistake]:
    if (reward.amount_minor is None) == (reward.rate_ppm is None):
        yield f"{path}.amount_minor", Sentence("give a credit either amount_minor or rate_ppm")
    if reward.rate_ppm is not None and reward.event != "sale":
        yield f"{path}.rate_ppm", Sentence("only a sale has a net to take a rate of; give amount_minor")
    steps = reward.worth
    if any(later.after_days <= step.after_days for step, later in pairwise(steps)):
        yield f"{path}.worth", Sentence("each step begins after the one before")
    if any(later.ppm >= step for step, later in zip(_fallen(reward), steps, strict=False)):
        yield (
            f"{path}.worth",
            Sentence("each step is worth less than the one before, the first less than whole"),
        )
    if reward.valid_days and any(step.after_days >= reward.valid_days for step in steps):
        yield f"{path}.worth", Sentence("a step begins before the credit ends")
    if any(later.orders <= step.orders or later.ppm <= step.ppm for step, later in pairwise(reward.growth)):
        yield f"{path}.growth", Sentence("each step needs more orders than the one before, and gives more")


def _fallen(reward: Reward) -> list[int]:
    return [PPM_PER_WHOLE, *(step.ppm for step in reward.worth)]


def _perk_mistakes(path: str, reward: Reward) -> Iterator[Mistake]:
    if reward.perk is None:
        yield f"{path}.perk", Sentence("is required for a perk")
    if reward.starts is None:
        yield f"{path}.from", Sentence("is required for a perk")
