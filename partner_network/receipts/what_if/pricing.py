"""What the credited orders come to in commission and bonuses, by the engine that books them."""

from collections import defaultdict
from uuid import UUID

from msgspec import Struct

from partner_network.commissions import queries as commissions
from partner_network.commissions.queries import Fact, Stream
from partner_network.commissions.rules import targets as engine
from partner_network.database.connections import Connection
from partner_network.kernel.errors import InvalidError
from partner_network.receipts.what_if.sides import Joined, Side
from partner_network.receipts.what_if.values import Asked


class Paid(Struct, frozen=True):
    """What one partnership gets for the orders of the asked span, in minor units by currency."""

    commission_minor: dict[str, int]
    bonus_minor: dict[str, int]
    unpriced: str | None = None


async def paid_by_partnership(
    connection: Connection, side: Side, credits_: str, asked: Asked
) -> dict[UUID, Paid]:
    """Return what each credited partnership of a side gets."""
    rows = await connection.fetch(f"SELECT DISTINCT partnership_id FROM {credits_}")
    return {
        row["partnership_id"]: await _paid(
            connection, side, side.joined[row["partnership_id"]], credits_, asked
        )
        for row in rows
    }


async def _paid(connection: Connection, side: Side, joined: Joined, credits_: str, asked: Asked) -> Paid:
    stream = Stream(joined.id, joined.advertiser_id, joined.partner_id, side.program_id, joined.plan)
    try:
        facts = await _credited_orders(connection, stream, credits_)
        computed = engine.targets([fact.order for fact in facts], stream.plan)
    except InvalidError as error:
        return Paid({}, {}, error.sentence)
    at_of = {fact.order.id: fact.order.at for fact in facts}
    commission: dict[str, int] = defaultdict(int)
    bonus: dict[str, int] = defaultdict(int)
    for target in computed.commissions:
        if asked.since <= at_of[target.conversion] < asked.until:
            commission[target.currency] += target.minor
    for paid in computed.bonuses:
        if asked.since <= paid.earned_at < asked.until:
            bonus[paid.currency] += paid.minor
    return Paid(dict(commission), dict(bonus))


_ORDERS = """
    SELECT w.id, w.event, w.order_id, w.occurred_at, w.recorded_at, w.currency, w.net_minor, v.lines,
        w.customer_id, bought.number AS order_number, bought.first_at AS first_order_at,
        bought.is_known AS is_known_customer,
        array(SELECT (c.partnership_id, c.touched_at, c.numerator::text, c.denominator::text)
              FROM {credits} c WHERE c.n = w.n ORDER BY c.partner_id, c.touch_id) AS credits
    FROM trial_orders w JOIN conversions v ON v.id = w.id
    LEFT JOIN LATERAL (
        SELECT count(*) FILTER (WHERE s.event = 'sale' AND (s.occurred_at, s.order_id COLLATE "C")
                                <= (w.occurred_at, w.order_id COLLATE "C")) AS number,
            min(s.occurred_at) FILTER (WHERE s.event = 'sale') AS first_at,
            bool_or((s.occurred_at, s.order_id COLLATE "C", s.event)
                    < (w.occurred_at, w.order_id COLLATE "C", w.event)) AS is_known
        FROM conversions s WHERE s.customer_id = w.customer_id AND s.program_id = $2
    ) bought ON true
    WHERE w.n IN (SELECT n FROM {credits} WHERE partnership_id = $1)
"""


async def _credited_orders(connection: Connection, stream: Stream, credits_: str) -> list[Fact]:
    rows = await connection.fetch(_ORDERS.format(credits=credits_), stream.partnership_id, stream.program_id)
    return await commissions.facts_in(connection, stream, rows)
