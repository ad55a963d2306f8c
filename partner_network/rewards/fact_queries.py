"""Read the orders and terms that rewards follow from."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.agreements import terms_reading
from partner_network.agreements.reward_terms import Reward
from partner_network.commissions import queries as commissions
from partner_network.commissions.queries import Stream
from partner_network.database.connections import Connection
from partner_network.rewards.rules.targets import Earned


class Pair(msgspec.Struct, frozen=True):
    """A partnership in which rewards may be earned."""

    partnership_id: UUID
    advertiser_id: UUID
    partner_id: UUID


class Rewarding(msgspec.Struct, frozen=True):
    """A partnership with rewards in its terms: its stream, and the rewards of each version by its key."""

    stream: Stream
    rewards: dict[str, tuple[Reward, ...]]


async def rewarding_in(connection: Connection, program_id: UUID) -> list[Pair]:
    """Return whose terms in a program grant rewards, or ever did, in the order of their ids."""
    rows = await connection.fetch(
        """SELECT DISTINCT p.id AS partnership_id, p.advertiser_id, p.partner_id
           FROM partnerships p JOIN terms t ON t.partnership_id = p.id
           JOIN agreements a ON a.id = t.agreement_id
           WHERE p.program_id = $1 AND a.terms_toml ~ 'rewards' ORDER BY 1""",
        program_id,
    )
    return [Pair(**row) for row in rows]


async def forget_waiting(connection: Connection, program_id: UUID, customers: Sequence[UUID]) -> None:
    """Take customers off the work list, in the transaction that computed their rewards."""
    await connection.execute(
        "DELETE FROM unrewarded_customers WHERE program_id = $1 AND customer_id = ANY($2::uuid[])",
        program_id,
        list(customers),
    )


async def rewarding(connection: Connection, partnership_id: UUID) -> Rewarding:
    """Return one partnership with its rewards."""
    stream = await commissions.stream_of(connection, partnership_id)
    rows = await connection.fetch(
        "SELECT id, terms_toml FROM agreements WHERE id = ANY($1::uuid[])",
        [UUID(version.key) for version in stream.plan.versions],
    )
    return Rewarding(
        stream, {str(row["id"]): terms_reading.read_terms(row["terms_toml"]).rewards for row in rows}
    )


# The columns that `commissions.queries.facts_in` reads, for some customers instead of some span.
_ORDERS = """
    WITH wanted AS (
        SELECT v.* FROM conversions v
        WHERE v.program_id = $2 AND v.customer_id = ANY($3::uuid[])
            AND EXISTS (SELECT FROM credits c JOIN current_decisions d USING (conversion_id, rev)
                        WHERE c.conversion_id = v.id AND c.partnership_id = $1)
    )
    SELECT w.id, w.event, w.order_id, w.occurred_at, w.recorded_at, w.currency, w.net_minor, w.lines,
        w.customer_id, bought.number AS order_number, bought.first_at AS first_order_at,
        bought.is_known AS is_known_customer, bought.later AS later_sales,
        array(SELECT (c.partnership_id, c.touched_at, c.weight_numerator::text, c.weight_denominator::text)
              FROM credits c JOIN current_decisions d USING (conversion_id, rev)
              JOIN partnerships h ON h.id = c.partnership_id
              WHERE c.conversion_id = w.id ORDER BY h.partner_id, c.touch_id) AS credits
    FROM wanted w
    LEFT JOIN LATERAL (
        SELECT count(*) FILTER (WHERE s.event = 'sale' AND (s.occurred_at, s.order_id COLLATE "C")
                                <= (w.occurred_at, w.order_id COLLATE "C")) AS number,
            count(*) FILTER (WHERE s.event = 'sale' AND (s.occurred_at, s.order_id COLLATE "C")
                             > (w.occurred_at, w.order_id COLLATE "C")) AS later,
            min(s.occurred_at) FILTER (WHERE s.event = 'sale') AS first_at,
            bool_or((s.occurred_at, s.order_id COLLATE "C", s.event)
                    < (w.occurred_at, w.order_id COLLATE "C", w.event)) AS is_known
        FROM conversions s WHERE s.customer_id = w.customer_id AND s.program_id = w.program_id
    ) bought ON true
"""


async def orders_of(connection: Connection, stream: Stream, customer_ids: Sequence[UUID]) -> list[Earned]:
    """Return the orders of customers that are credited to a stream."""
    rows = await connection.fetch(_ORDERS, stream.partnership_id, stream.program_id, list(customer_ids))
    facts = await commissions.facts_in(connection, stream, rows)
    return [
        Earned(fact.conversion_id, row["customer_id"], fact.order, row["later_sales"])
        for row, fact in zip(rows, facts, strict=True)
    ]


async def instants_of(connection: Connection, program_id: UUID, customers: Sequence[UUID]) -> set[datetime]:
    """Return when the orders of customers occurred and were recorded, whoever has the credit now."""
    rows = await connection.fetch(
        """SELECT occurred_at, recorded_at FROM conversions
           WHERE program_id = $1 AND customer_id = ANY($2::uuid[])""",
        program_id,
        list(customers),
    )
    return {at for row in rows for at in row}
