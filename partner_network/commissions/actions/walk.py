"""Compute whole spans of a stream from all their orders, and book what has changed."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.commissions import checkpoint_queries, queries, span_queries, wanted
from partner_network.commissions.actions import revise
from partner_network.commissions.queries import Fact, Stream, WaitingOrder
from partner_network.commissions.rules import span as spans
from partner_network.commissions.rules import targets as engine
from partner_network.commissions.rules.facts import Checkpoint
from partner_network.commissions.rules.span import Span
from partner_network.commissions.span_queries import History
from partner_network.database.connections import Connection
from partner_network.kernel import periods

ORDERS_AT_ONCE = 10_000
"""How many waiting orders make a batch full, so that memory does not grow with a stream."""


class Batch(msgspec.Struct, frozen=True):
    """Spans that are computed together, and the waiting orders that touch them."""

    spans: list[Span]
    waiting: list[WaitingOrder]


async def walk(connection: Connection, stream: Stream, waiting: Sequence[WaitingOrder], now: datetime) -> int:
    """Compute all spans that waiting orders touch, and book what has changed; return how many revisions.

    The caller holds the stream's lock.
    """
    history = await span_queries.history_asked(connection, stream)
    revisions = 0
    for batch in batches(stream, waiting):
        revisions += await _walk_batch(connection, stream, batch, history, now)
    return revisions


def batches(stream: Stream, waiting: Sequence[WaitingOrder]) -> Iterator[Batch]:
    """Part waiting orders into batches of whole spans that follow one another."""
    ordered = sorted(waiting, key=lambda order: order.occurred_at)
    if any(version.settlement.late_policy == "as_of_receipt" for version in stream.plan.versions):
        # A late order counts in the span of its receipt: where it was and where it is go together.
        yield Batch(_touched(stream, ordered), ordered)
        return
    batch: Batch | None = None
    for order in ordered:
        if batch is not None and order.occurred_at < batch.spans[-1].ends_at:
            batch.waiting.append(order)
            continue
        span = spans.needed(stream.plan, order.occurred_at)
        if batch is None or batch.spans[-1].ends_at < span.starts_at or len(batch.waiting) >= ORDERS_AT_ONCE:
            if batch is not None:
                yield batch
            batch = Batch([], [])
        batch.spans.append(span)
        batch.waiting.append(order)
    if batch is not None:
        yield batch


def _touched(stream: Stream, waiting: Iterable[WaitingOrder]) -> list[Span]:
    touched: list[Span] = []
    for order in waiting:
        for at in (order.occurred_at, order.recorded_at):
            if not any(span.starts_at <= at < span.ends_at for span in touched):
                touched.append(spans.needed(stream.plan, at))
    return sorted(touched, key=lambda span: span.starts_at)


async def _walk_batch(
    connection: Connection, stream: Stream, batch: Batch, history: History, now: datetime
) -> int:
    facts = await _facts_of(connection, stream, batch, history)
    computed = engine.targets([fact.order for fact in facts], stream.plan)
    asked = wanted.wanted_by(stream, facts, computed)
    conversion_ids = {fact.conversion_id for fact in facts} | {one.conversion_id for one in batch.waiting}
    booked = [
        one
        for one in await queries.booked_for(connection, stream.partnership_id, conversion_ids)
        if one.conversion_id is not None or _is_within(one.period, stream, batch.spans)
    ]
    revisions = await revise.revise(connection, stream, asked, booked, now)
    await _keep_last(connection, stream, batch, computed.checkpoint, now)
    return revisions


async def _facts_of(connection: Connection, stream: Stream, batch: Batch, history: History) -> list[Fact]:
    facts: dict[UUID, Fact] = {}
    # A plan that is kept would suit a short span or a long one. For what follows plans are kept as ever: the
    # checks of references are planned for each row else.
    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    for starts_at, ends_at in _ranges(batch.spans):
        for fact in await span_queries.orders_between(
            connection, stream, starts_at, ends_at, history=history
        ):
            facts[fact.conversion_id] = fact
    await connection.execute("SET LOCAL plan_cache_mode = auto")
    return list(facts.values())


def _ranges(touched: Iterable[Span]) -> list[tuple[datetime, datetime]]:
    ranges: list[tuple[datetime, datetime]] = []
    for span in touched:
        if ranges and ranges[-1][1] == span.starts_at:
            ranges[-1] = (ranges[-1][0], span.ends_at)
        else:
            ranges.append((span.starts_at, span.ends_at))
    return ranges


def _is_within(period: str, stream: Stream, touched: Iterable[Span]) -> bool:
    named = periods.parse_period(period, stream.plan.versions[0].zone)
    return any(span.starts_at <= named.starts_at < span.ends_at for span in touched)


async def _keep_last(
    connection: Connection, stream: Stream, batch: Batch, checkpoint: Checkpoint | None, now: datetime
) -> None:
    """Keep where the last span stands; the others of the batch are walked again when they change."""
    first, last = batch.spans[0], batch.spans[-1]
    await checkpoint_queries.drop(connection, stream.partnership_id, first.starts_at, last.ends_at)
    if checkpoint is not None and last.starts_at <= checkpoint.last_at < last.ends_at:
        await checkpoint_queries.keep(connection, stream, last, checkpoint, now)
