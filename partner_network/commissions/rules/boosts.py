"""Boosts: dated multipliers that only raise, each up to a cap on its running extra."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Protocol

from partner_network.commissions.rules.facts import Exact, Order
from partner_network.commissions.rules.plan import BoostPlan, ComponentPlan
from partner_network.kernel.money import PPM_PER_WHOLE

NOTHING_USED: Mapping[str, Exact] = {}


class Boostable(Protocol):
    """What a boost reads and raises; `earned` is in millionths of a minor unit."""

    order: Order
    plan: ComponentPlan
    earned: Exact
    factors: tuple[tuple[str, Fraction], ...]


def apply(entries: Iterable[Boostable], before: Mapping[str, Exact] = NOTHING_USED) -> dict[str, Exact]:
    """Raise what the entries of one stream earned, in canonical order over all its periods.

    Returned is the extra that each boost has given by then, those before these entries included.

    A boost's `cap_minor` limits the running sum of its extra in the stream, exact, before decay and caps.
    """
    used: dict[str, Exact] = defaultdict(int, before)
    for entry in entries:
        for ready in _in_force(entry.plan.boosts, entry.order.at):
            extra = entry.earned * Fraction(ready.boost.multiplier_ppm - PPM_PER_WHOLE, PPM_PER_WHOLE)
            room = max(0, ready.boost.cap_minor * PPM_PER_WHOLE - used[ready.name])
            extra = min(extra, room)
            used[ready.name] += extra
            if entry.earned:
                entry.factors += ((f"boost {ready.name}", 1 + Fraction(extra) / entry.earned),)
            entry.earned += extra
    return dict(used)


def _in_force(boosts: Sequence[BoostPlan], at: datetime) -> list[BoostPlan]:
    """Return all `multiply` boosts in force and the highest of the `best` ones, in name order."""
    active = [ready for ready in boosts if ready.starts_at <= at < ready.ends_at]
    best = [ready for ready in active if ready.boost.stacking == "best"]
    if len(best) <= 1:
        return active
    highest = max(ready.boost.multiplier_ppm for ready in best)
    winner = next(ready for ready in best if ready.boost.multiplier_ppm == highest)
    return [ready for ready in active if ready.boost.stacking == "multiply" or ready is winner]
