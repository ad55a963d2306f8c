"""Read the orders of a stream, all of a span or a few of them, with no more than its terms ask for."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from partner_network.commissions import queries
from partner_network.commissions.queries import Fact, Stream
from partner_network.commissions.rules import grouping
from partner_network.database.connections import Connection

History = Literal["none", "first", "all"]
"""What of the customers' earlier orders is read: nothing, when the first one was, or their number too."""

# The newest decision is the one whose credits hold.
_ORDERS = """
    SELECT v.id, v.event, v.order_id, v.occurred_at, v.recorded_at, v.currency, v.net_minor, v.lines,
        v.customer_id, {history},
        array(SELECT (c.partnership_id, c.touched_at, c.weight_numerator::text, c.weight_denominator::text)
              FROM credits c JOIN partnerships h ON h.id = c.partnership_id
              WHERE c.conversion_id = v.id
                  AND c.rev = (SELECT max(d.rev) FROM decisions d WHERE d.conversion_id = v.id)
              ORDER BY h.partner_id, c.touch_id) AS credits
    FROM conversions v {bought}
    WHERE v.program_id = $1 AND {wanted}
"""
_ITS = """v.id IN (SELECT conversion_id FROM credits WHERE partnership_id = $2
                 UNION ALL SELECT conversion_id FROM adjustments WHERE partnership_id = $2)"""
_SPAN = f"v.occurred_at >= $3 AND v.occurred_at < $4 AND {_ITS}"
_SPAN_OR_RECEIPT = f"""(v.occurred_at >= $3 AND v.occurred_at < $4
    OR v.recorded_at >= $3 AND v.recorded_at < $4) AND {_ITS}"""
_FEW = "v.id = ANY($2::uuid[])"

_NOTHING = "1::bigint AS order_number, NULL::timestamptz AS first_order_at, false AS is_known_customer"
_FIRST = """1::bigint AS order_number, false AS is_known_customer,
    (SELECT min(s.occurred_at) FROM conversions s WHERE s.customer_id = v.customer_id
        AND s.program_id = v.program_id AND s.event = 'sale') AS first_order_at"""
_ALL = """bought.number AS order_number, bought.first_at AS first_order_at,
    bought.is_known AS is_known_customer"""
_BOUGHT = """LEFT JOIN LATERAL (
        SELECT count(*) FILTER (WHERE s.event = 'sale' AND (s.occurred_at, s.order_id COLLATE "C")
                                <= (v.occurred_at, v.order_id COLLATE "C")) AS number,
            min(s.occurred_at) FILTER (WHERE s.event = 'sale') AS first_at,
            bool_or((s.occurred_at, s.order_id COLLATE "C", s.event)
                    < (v.occurred_at, v.order_id COLLATE "C", v.event)) AS is_known
        FROM conversions s WHERE s.customer_id = v.customer_id AND s.program_id = v.program_id
    ) bought ON true"""
_READ: dict[History, tuple[str, str]] = {
    "none": (_NOTHING, ""),
    "first": (_FIRST, ""),
    "all": (_ALL, _BOUGHT),
}


async def history_asked(connection: Connection, stream: Stream) -> History:
    """Return how much of what customers bought before can matter to a stream."""
    if grouping.asks_for_history(stream.plan, timedelta()):
        return "all"
    row = await connection.fetchrow(
        """SELECT (SELECT min(occurred_at) FROM conversions WHERE program_id = $1) AS first_at,
               (SELECT max(occurred_at) FROM conversions WHERE program_id = $1) AS last_at""",
        stream.program_id,
    )
    if row is None or row["first_at"] is None:
        return "none"
    return "first" if grouping.asks_for_history(stream.plan, row["last_at"] - row["first_at"]) else "none"


async def orders_between(
    connection: Connection,
    stream: Stream,
    starts_at: datetime,
    ends_at: datetime,
    *,
    history: History = "all",
) -> list[Fact]:
    """Return the orders of a stream that count in a span, as the engine reads them.

    They are those credited to it, and those adjusted for it whose credit went elsewhere since.
    """
    by_receipt = any(v.settlement.late_policy == "as_of_receipt" for v in stream.plan.versions)
    wanted = _SPAN_OR_RECEIPT if by_receipt else _SPAN
    facts = await _read(connection, stream, wanted, history, stream.partnership_id, starts_at, ends_at)
    return [
        fact
        for fact in facts
        if starts_at <= stream.plan.version_at(fact.order.at).placed_at(fact.order) < ends_at
    ]


async def orders_of(
    connection: Connection, stream: Stream, conversion_ids: Sequence[UUID], history: History
) -> list[Fact]:
    """Return these orders, as far as they are credited to the stream or adjusted for it."""
    return await _read(connection, stream, _FEW, history, conversion_ids)


async def _read(
    connection: Connection, stream: Stream, wanted: str, history: History, *given: object
) -> list[Fact]:
    columns, bought = _READ[history]
    rows = await connection.fetch(
        _ORDERS.format(history=columns, bought=bought, wanted=wanted),
        stream.program_id,
        *given,
    )
    return await queries.facts_in(connection, stream, rows)
