"""How long money has waited, in the four steps that finance people read: pure."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from partner_network.payouts.ages import STEPS_DAYS, step_of


class Waited(msgspec.Struct, frozen=True):
    """What somebody owes or waits for in one currency since so many whole days; minor units."""

    brand_id: UUID
    who: str
    currency: str
    days: int
    minor: int


class Aged(msgspec.Struct, frozen=True):
    """What a brand, or None for all, owes or waits for in one currency, by how long; minor units."""

    brand_id: UUID | None
    who: str
    currency: str
    steps_minor: tuple[int, int, int, int]

    @property
    def sum_minor(self) -> int:
        """All of it."""
        return sum(self.steps_minor)


def aged(waited: Iterable[Waited]) -> Sequence[Aged]:
    """Sum by brand and currency, those who waited longest first, and of equals the largest sum."""
    sums: dict[tuple[UUID, str, str], list[int]] = {}
    for one in waited:
        steps = sums.setdefault((one.brand_id, one.who, one.currency), [0] * (len(STEPS_DAYS) + 1))
        steps[step_of(one.days)] += one.minor
    rows = [Aged(*key, _four(steps)) for key, steps in sums.items()]
    return sorted(rows, key=lambda row: (tuple(-minor for minor in reversed(row.steps_minor)), row.who))


def summed(rows: Iterable[Aged]) -> Sequence[Aged]:
    """Return one row a currency, with the sums of the others."""
    sums: dict[str, list[int]] = {}
    for row in rows:
        steps = sums.setdefault(row.currency, [0] * (len(STEPS_DAYS) + 1))
        for place, minor in enumerate(row.steps_minor):
            steps[place] += minor
    return [Aged(None, "", currency, _four(sums[currency])) for currency in sorted(sums)]


def _four(steps: Sequence[int]) -> tuple[int, int, int, int]:
    first, second, third, fourth = steps
    return first, second, third, fourth
