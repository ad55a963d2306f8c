"""Where the last period of each stream stands, so that an order later than all before is added alone."""

from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction
from typing import TypeAlias

import msgspec
from msgspec import Struct

from partner_network.commissions.rules.facts import BonusState, Checkpoint, Exact, Order, StreamState
from partner_network.commissions.rules.plan import ComponentPlan, Plan

MOST_PLACES = 500
"""Of a bonus whose every paid order is remembered; one with more is computed from all orders again."""

Stored: TypeAlias = int | str
"""An exact number as it is stored: a whole one, or `numerator/denominator`."""


def may_follow(checkpoint: Checkpoint, orders: Iterable[Order], plan: Plan) -> bool:
    """Tell whether orders can be priced by a checkpoint alone, as far as one can tell before pricing them.

    A late order that counts in the period of its receipt is not the last of that period, and what a customer
    has used of a cap is not stored.
    """
    return (
        all((order.at, order.id) > (checkpoint.last_at, checkpoint.last_id) for order in orders)
        and all(version.settlement.late_policy == "true_up" for version in plan.versions)
        and not any(ready.component.cap_minor.customer is not None for ready in _components(plan))
        and not any(
            ready.bonus.kind == "first_n" and ready.bonus.n > MOST_PLACES
            for version in plan.versions
            for many in version.bonuses.values()
            for ready in many
        )
    )


def reprices_nothing(before: Checkpoint, after: Checkpoint, plan: Plan) -> bool:
    """Tell whether the orders between two checkpoints leave every earlier line of their periods as it was."""
    for ready in _components(plan):
        if ready.component.structure != "retroactive":
            continue
        old, new = before.components.get(ready.name), after.components.get(ready.name)
        if old is None or new is None or old.period != new.period:
            continue
        if ready.tier_at(old.metric) != ready.tier_at(new.metric):
            return False
    return True


def _components(plan: Plan) -> Iterable[ComponentPlan]:
    return (ready for version in plan.versions for many in version.components.values() for ready in many)


class _StoredStream(Struct, frozen=True, forbid_unknown_fields=True):
    period: str
    metric: int
    earned: Stored
    boosted: dict[str, Stored]


class _StoredState(Struct, frozen=True, forbid_unknown_fields=True):
    components: dict[str, _StoredStream]
    bonuses: dict[str, BonusState]


def to_json(checkpoint: Checkpoint) -> str:
    """Return what is stored of a checkpoint beside its last order."""
    components = {
        name: _StoredStream(
            state.period,
            state.metric,
            _stored(state.earned),
            {boost: _stored(extra) for boost, extra in sorted(state.boosted.items())},
        )
        for name, state in sorted(checkpoint.components.items())
    }
    return msgspec.json.encode(_StoredState(components, dict(checkpoint.bonuses))).decode()


def from_json(last_at: datetime, last_id: str, stored: str) -> Checkpoint:
    """Return the checkpoint that `to_json` wrote."""
    state = msgspec.json.decode(stored, type=_StoredState)
    components = {
        name: StreamState(
            one.period,
            one.metric,
            _exact(one.earned),
            {boost: _exact(extra) for boost, extra in one.boosted.items()},
        )
        for name, one in state.components.items()
    }
    return Checkpoint(last_at, last_id, components, state.bonuses)


def _stored(exact: Exact) -> Stored:
    if isinstance(exact, int):
        return exact
    return exact.numerator if exact.denominator == 1 else f"{exact.numerator}/{exact.denominator}"


def _exact(stored: Stored) -> Exact:
    return stored if isinstance(stored, int) else Fraction(stored)
