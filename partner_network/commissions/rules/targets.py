"""The one function that says what everything shall pay."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from partner_network.commissions.rules import bonuses, checkpoints, shares, streams, unpriceable
from partner_network.commissions.rules.facts import (
    NOTHING_YET,
    Adjustment,
    Alike,
    Checkpoint,
    Order,
    Target,
    Targets,
)
from partner_network.commissions.rules.plan import ComponentPlan, Plan, VersionPlan
from partner_network.commissions.rules.shares import Net
from partner_network.commissions.rules.streams import Entry
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence


def targets(orders: Iterable[Order], plan: Plan, alike: Iterable[Alike] = ()) -> Targets:
    """Return what each order shall pay one partner under one agreement, by component, and its bonuses.

    Units: minor units of the agreement's currency. Rounding: half away from zero on the period's running
    sum, so lines add up to it exactly. The order in which `orders` come does not matter, but all orders
    of every period touched must be there (`span.needed` says which); nothing else is read. Orders that
    are `alike` may be given as one where `grouping.may_group` says so: their target is then the sum.
    Errors: InvalidError for facts that cannot be (lines that do not sum, refunds above the net, a foreign
    currency without rate, an order before the first terms).
    Source: MONEY, section 4.
    """
    return _computed(orders, plan, alike, None)


def append(checkpoint: Checkpoint, orders: Iterable[Order], plan: Plan) -> Targets | None:
    """Return what orders later than all before them shall pay, and the bonuses they change.

    The checkpoint stands for all orders of their span before them. None: it does not tell, or an earlier
    line would change, so that the span is to be computed from all its orders.
    Units, rounding, errors: as `targets`, which would say the same of these orders.
    """
    given = list(orders)
    if not checkpoints.may_follow(checkpoint, given, plan) or not bonuses.may_follow(
        checkpoint.bonuses, given, plan
    ):
        return None
    computed = _computed(given, plan, (), checkpoint)
    new = computed.checkpoint
    return computed if new is not None and checkpoints.reprices_nothing(checkpoint, new, plan) else None


def _computed(
    orders: Iterable[Order], plan: Plan, alike: Iterable[Alike], after: Checkpoint | None
) -> Targets:
    ordered = sorted(orders, key=_canonical)
    _must_be_possible(ordered)
    counted = [order for order in ordered if not order.rejected]
    entries = [entry for order in counted for entry in _entries_of(order, plan.version_at(order.at))]
    grouped = [entry for one in alike for entry in _entries_of_alike(one, plan.version_at(one.order.at))]
    if grouped:
        entries = sorted([*entries, *grouped], key=lambda entry: _canonical(entry.order))
    by_component: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_component[entry.plan.name].append(entry)
    states = {} if after is None else dict(after.components)
    for name, members in by_component.items():
        states[name] = streams.price(members, states.get(name, NOTHING_YET))
    entries += _only_adjusted(ordered, entries, plan)
    paid, bonus_states = bonuses.price(ordered, plan, {} if after is None else after.bonuses)
    has_donations = any(version.donations for version in plan.versions)
    reached = Checkpoint(ordered[-1].at, ordered[-1].id, states, bonus_states) if ordered else after
    found = list(_adjusted(entries))
    return Targets(
        commissions=tuple(one for one in found if not one.charity) if has_donations else tuple(found),
        donations=tuple(one for one in found if one.charity) if has_donations else (),
        bonuses=tuple(paid),
        checkpoint=reached,
    )


def _must_be_possible(ordered: Sequence[Order]) -> None:
    for order in ordered:
        if order.net_minor < 0 or (order.refunds and any(refund.net_minor < 0 for refund in order.refunds)):
            raise InvalidError(
                Sentence(
                    "Order {id!r} has a negative amount; what goes back is a refund above zero.", id=order.id
                )
            )
        if len(order.weights) < len(order.own) or bool(order.weights) != bool(order.own):
            raise InvalidError(
                Sentence("Order {id!r} does not say which of its credits are this partner's.", id=order.id)
            )
    if len({(order.event, order.id) for order in ordered}) != len(ordered):
        raise InvalidError("One order was given twice; each must be there once.")


def _canonical(order: Order) -> tuple[datetime, str]:
    # Code points sort as their UTF-8 bytes do, so the text itself is the canonical tie-breaker.
    return order.at, order.id


def _entries_of(order: Order, version: VersionPlan) -> list[Entry]:
    clause = "commission.components"
    try:
        chosen = shares.components_of(order, version)
        if version.donations:
            chosen += shares.donations_of(order, version)
        if not chosen:
            return []
        clause = "settlement.currency"
        placed_at = version.placed_at(order)
        return [streams.entry_of(order, ready, net, placed_at) for ready, net in chosen]
    except InvalidError as error:
        raise unpriceable.said_of(error, version=version.key, clause=clause) from error


def _entries_of_alike(alike: Alike, version: VersionPlan) -> list[Entry]:
    """Return the entries of many orders as one: what chooses and dates them is the same for each of them."""
    entries: list[Entry] = []
    chosen = shares.components_of(alike.order, version) + shares.donations_of(alike.order, version)
    for ready, _ in chosen:
        net = Net(alike.net_minor, 0)
        entry = streams.entry_of(alike.order, ready, net, version.placed_at(alike.order))
        if ready.component.metric == "count":
            entry.metric = alike.weight_ppm
        if ready.component.pays_per_action:
            entry.units = alike.weight_ppm
        entries.append(entry)
    return entries


def _only_adjusted(orders: Iterable[Order], entries: Iterable[Entry], plan: Plan) -> list[Entry]:
    """Return an entry of nothing for each adjustment whose component does not price its order."""
    adjusted = [order for order in orders if order.adjustments]
    if not adjusted:
        return []
    priced: dict[str, set[str]] = defaultdict(set)
    paying: set[str] = set()
    for entry in entries:
        priced[entry.order.id].add(entry.plan.name)
        if not entry.plan.charity:
            paying.add(entry.order.id)
    missing: list[Entry] = []
    for order in adjusted:
        for adjustment in order.adjustments:
            names = priced[order.id]
            if adjustment.bonus is not None:
                continue
            if adjustment.component in names or (adjustment.component is None and order.id in paying):
                continue
            version = plan.version_at(order.at)
            ready = _component_for(order, adjustment, version)
            missing.append(streams.entry_of(order, ready, Net(0, 0), version.placed_at(order)))
            names.add(ready.name)
            if not ready.charity:
                paying.add(order.id)
    return missing


def _component_for(order: Order, adjustment: Adjustment, version: VersionPlan) -> ComponentPlan:
    for ready in version.components.get(order.event, ()):
        if adjustment.component in {None, ready.name}:
            return ready
    for ready in version.donations.get(order.event, ()):
        if adjustment.component == ready.name:
            return ready
    raise InvalidError(
        Sentence(
            "Adjustment {id!r} of order {order!r} names no component of its terms.",
            id=adjustment.id,
            order=order.id,
        )
    )


def _adjusted(entries: Iterable[Entry]) -> Iterator[Target]:
    seen: set[str] = set()
    for entry in entries:
        order = entry.order
        own = 0
        if order.adjustments:
            is_first = order.id not in seen and not entry.plan.charity
            if is_first:
                seen.add(order.id)
            own = sum(
                adjustment.minor
                for adjustment in order.adjustments
                if adjustment.bonus is None
                and (adjustment.component == entry.plan.name or (adjustment.component is None and is_first))
            )
        yield streams.target_of(entry, own)
