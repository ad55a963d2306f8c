"""Checkpoints: what the next live order of a stream would be priced from, summed up again from its orders."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID

import msgspec
from msgspec.structs import replace

from partner_network.commissions import checkpoint_queries
from partner_network.commissions.rules import checkpoints, span
from partner_network.commissions.rules import targets as engine
from partner_network.commissions.rules.facts import NOTHING_YET, BonusState, Checkpoint, StreamState
from partner_network.commissions.rules.plan import Plan
from partner_network.commissions.rules.span import Span
from partner_network.dashboards.verification.books import Books
from partner_network.dashboards.verification.money_rows import StreamCheckpoint
from partner_network.dashboards.verification.orders import Priced
from partner_network.kernel import periods

Summed: TypeAlias = dict[str, StreamState | BonusState]
"""What is known of each component and bonus in one span."""


def differences(books: Books, priced_of: Mapping[UUID, Priced], waiting: set[UUID]) -> Iterator[str]:
    """Yield what is wrong with the checkpoints that are read: those of the terms that hold, nothing waiting.

    The orders they stand for were priced before by the caller, so they can be.
    """
    for row in books.checkpoints:
        priced = priced_of.get(row.partnership_id)
        if priced is None or row.partnership_id in waiting:
            continue
        if row.terms_key == checkpoint_queries.terms_key(priced.plan):
            yield from _difference(books, row, priced)


def _difference(books: Books, row: StreamCheckpoint, priced: Priced) -> Iterator[str]:
    partnership = books.partnership[row.partnership_id]
    name = (
        f"The checkpoint of {books.slug_of[partnership.partner_id]} with "
        f"{books.slug_of[partnership.advertiser_id]} from {row.starts_at} on"
    )
    try:
        stored = checkpoints.from_json(row.last_at, row.last_order, row.state)
    except (msgspec.DecodeError, ValueError) as unreadable:
        yield f"{name} cannot be read: {unreadable}"
        return
    if not checkpoints.may_follow(stored, (), priced.plan):
        return  # with such terms nothing is ever priced from it
    whole = span.needed(priced.plan, row.last_at)
    if whole != Span(_instant(row.starts_at), _instant(row.ends_at)):
        yield f"{name} is of no span of its terms."
        return
    before = [
        order
        for order in priced.orders
        if whole.starts_at <= order.at and (order.at, order.id) <= (row.last_at, row.last_order)
    ]
    summed = engine.targets(before, priced.plan).checkpoint
    if summed is None or (summed.last_at, summed.last_id) != (row.last_at, row.last_order):
        yield f"{name} ends with an order at {row.last_at} that the stream does not have."
        return
    found, wanted = _known(stored, whole, priced.plan), _known(summed, whole, priced.plan)
    for what in sorted({*found, *wanted}):
        if found.get(what) != wanted.get(what):
            yield (
                f"{name} sums {what} up as {_said(found.get(what))}; "
                f"the orders up to its last one come to {_said(wanted.get(what))}."
            )


def _instant(read: datetime) -> datetime:
    """Return an instant as it was stored: without beginning and without end are read without a zone."""
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def _known(checkpoint: Checkpoint, whole: Span, plan: Plan) -> Summed:
    """Return what can matter of a checkpoint: the periods within its span, the boosts that reach into it.

    Spans that are computed together leave what they knew of the earlier ones too, which nobody asks for.
    """
    zone = plan.versions[0].zone

    def is_within(label: str) -> bool:
        period = periods.parse_period(label, zone)
        return whole.starts_at <= period.starts_at and period.ends_at <= whole.ends_at

    in_force = {
        boost.boost.name
        for version in plan.versions
        for many in version.components.values()
        for ready in many
        for boost in ready.boosts
        if boost.starts_at < whole.ends_at and whole.starts_at < boost.ends_at
    }
    known: Summed = {}
    for name, state in checkpoint.components.items():
        own = state if state.period and is_within(state.period) else NOTHING_YET
        boosted = {one: extra for one, extra in state.boosted.items() if extra and one in in_force}
        if (left := replace(own, boosted=boosted)) != NOTHING_YET:
            known[f"component {name!r}"] = left
    for name, bonus in checkpoint.bonuses.items():
        if is_within(bonus.period):
            known[f"bonus {name!r}"] = bonus
    return known


def _said(state: StreamState | BonusState | None) -> str:
    if state is None:
        return "nothing"
    if isinstance(state, StreamState):
        return f"{state.metric} in {state.period}, earning {state.earned} millionths"
    return (
        f"{state.running} in {state.period}, earning {state.earned} millionths for {len(state.conversions)}"
    )
