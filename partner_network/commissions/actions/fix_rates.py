"""Fix the rate of each order in another currency than its agreement's, once and for good."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID

from partner_network.commissions import rate_queries
from partner_network.commissions.queries import Stream
from partner_network.commissions.rules.rates import Found
from partner_network.commissions.rules.unpriceable import UnpriceableError
from partner_network.database.connections import Connection
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence


async def fix_rates(connection: Connection, stream: Stream, now: datetime) -> int:
    """Store the rate of every order on a stream's work list that needs one; return how many were stored.

    The rate is the last one published on or before the order's date in the agreement's zone, of those
    loaded by now. It is a fact from here on: rates loaded later change nothing.
    Errors: InvalidError that names the pair, the day and what to do, for the first order without one.
    Source: MONEY section 4, FX.
    """
    quote, zone = stream.currency, stream.plan.versions[0].zone
    rows = [
        row
        for row in await connection.fetch(_FOREIGN, stream.partnership_id, quote)
        if row["occurred_at"].astimezone(zone).date() not in row["fixed_for"]
    ]
    if not rows:
        return 0
    load_id = await rate_queries.newest_load(connection)
    days = [row["occurred_at"].astimezone(zone).date() for row in rows]
    rates = await rate_queries.rates_between(
        connection, min(days), max(days), {quote, *(row["currency"] for row in rows)}, load_id
    )
    found: list[_Fixed] = []
    for row, day in zip(rows, days, strict=True):
        try:
            found.append((row["id"], day, rates.found(day, row["currency"], quote)))
        except InvalidError:
            told = _missing(row["order_id"], row["currency"], quote, day)
            version = stream.plan.version_at(row["occurred_at"]).key
            raise UnpriceableError(told, version=version, clause="settlement.currency") from None
    await _store(connection, quote, found, load_id, now)
    return len(found)


_FOREIGN = """
    SELECT v.id, v.currency, v.occurred_at, v.order_id,
        array(SELECT r.day FROM order_rates r WHERE r.conversion_id = v.id AND r.quote = $2) AS fixed_for
    FROM unaccrued_conversions u CROSS JOIN LATERAL (
        SELECT * FROM conversions WHERE id = u.conversion_id OFFSET 0) v
    WHERE u.partnership_id = $1 AND v.currency <> $2
        AND EXISTS (SELECT FROM credits c JOIN current_decisions d USING (conversion_id, rev)
                    WHERE c.conversion_id = v.id AND c.partnership_id = $1)
    ORDER BY v.occurred_at, v.order_id COLLATE "C"
"""
_Fixed: TypeAlias = tuple[UUID, date, Found]


async def _store(
    connection: Connection, quote: str, found: Sequence[_Fixed], load_id: int | None, now: datetime
) -> None:
    # A partnership that shares the order may have stored it meanwhile, perhaps knowing fewer loads.
    await connection.execute(
        """INSERT INTO order_rates (conversion_id, quote, day, numerator, denominator, published_on, how, via,
                                    load_id, recorded_at)
           SELECT id, $2, day, n::numeric, d::numeric, published_on, how, via, $9, $10
           FROM unnest($1::uuid[], $3::date[], $4::text[], $5::text[], $6::date[], $7::text[], $8::text[])
                AS t (id, day, n, d, published_on, how, via)
           ON CONFLICT DO NOTHING""",
        [conversion_id for conversion_id, _, _ in found],
        quote,
        [day for _, day, _ in found],
        [str(one.rate.numerator) for _, _, one in found],
        [str(one.rate.denominator) for _, _, one in found],
        [one.published_on for _, _, one in found],
        [one.how for _, _, one in found],
        [one.via for _, _, one in found],
        load_id,
        now,
    )


def _missing(order_id: str, base: str, quote: str, day: date) -> Sentence:
    return Sentence(
        "Order {order!r} of {day} needs a rate {base}/{quote}, and none was published in the 7 days up to "
        "then. Load it with `partner-network rates load FILE.csv`; the stream goes on by itself.",
        order=order_id,
        day=day,
        base=base,
        quote=quote,
    )
