"""Book the orders that come after all before them, from what those were summed up to."""

from collections.abc import Sequence
from datetime import datetime

from partner_network.commissions import checkpoint_queries, queries, span_queries, wanted
from partner_network.commissions.actions import revise
from partner_network.commissions.queries import Booked, Stream, WaitingOrder
from partner_network.commissions.rules import span as spans
from partner_network.commissions.rules import targets as engine
from partner_network.commissions.rules.facts import Targets
from partner_network.database.connections import Connection

AT_ONCE = 1_000


async def append(
    connection: Connection, stream: Stream, waiting: Sequence[WaitingOrder], now: datetime
) -> int | None:
    """Book orders by their span's checkpoint alone and move it on; return how many revisions were made.

    None, and nothing is booked, where the whole span is to be computed: an order that is not the last, or was
    booked before, no checkpoint, or one that cannot tell. The caller holds the stream's lock.
    Source: MONEY section 4, Live.
    """
    if len(waiting) > AT_ONCE or any(order.is_booked for order in waiting):
        return None
    span = spans.needed(stream.plan, waiting[0].occurred_at)
    if not all(span.starts_at <= order.occurred_at < span.ends_at for order in waiting):
        return None
    checkpoint = await checkpoint_queries.checkpoint_of(connection, stream, span)
    if checkpoint is None:
        return None
    conversion_ids = [order.conversion_id for order in waiting]
    facts = await span_queries.orders_of(connection, stream, conversion_ids, "all")
    if len(facts) < len(waiting):
        return None
    computed = engine.append(checkpoint, [fact.order for fact in facts], stream.plan)
    if computed is None or computed.checkpoint is None:
        return None
    asked = wanted.wanted_by(stream, facts, computed)
    standing = await _standing(connection, stream, computed)
    revisions = await revise.revise(connection, stream, asked, standing, now)
    await checkpoint_queries.keep(connection, stream, span, computed.checkpoint, now)
    return revisions


async def _standing(connection: Connection, stream: Stream, computed: Targets) -> list[Booked]:
    """Return what is booked of the bonuses that these orders change."""
    changed = {(paid.bonus, paid.period) for paid in computed.bonuses}
    if not changed:
        return []
    bonuses = await queries.booked_for(connection, stream.partnership_id, ())
    return [one for one in bonuses if (one.component, one.period) in changed]
