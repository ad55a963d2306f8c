"""Read published rates, and what is known of them."""

import contextlib
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from msgspec import Struct

from partner_network.commissions.rules.rates import MOST_DAYS_BACK, Rate, Rates
from partner_network.database.connections import Connection
from partner_network.kernel.errors import InvalidError


class Newest(Struct, frozen=True):
    """The newest rate of a pair of currencies, and how many days have one."""

    base: str
    quote: str
    day: date
    rate: Decimal
    source: str
    days: int


async def newest_load(connection: Connection) -> int | None:
    """Return the number of the last load; loads with that number or a lower one are all there to be read."""
    return await connection.fetchval("SELECT max(id) FROM rate_loads")


async def rates_between(
    connection: Connection, first: date, last: date, currencies: Collection[str], load_id: int | None = None
) -> Rates:
    """Return the rates that can answer for days of a span and pairs of these currencies.

    `load_id` leaves out what was loaded later.
    """
    rows = await connection.fetch(
        """SELECT day, base, quote, rate FROM exchange_rates
           WHERE day BETWEEN $1 AND $2 AND (base = ANY($3::text[]) OR quote = ANY($3::text[]))
               AND ($4::bigint IS NULL OR load_id <= $4)""",
        first - timedelta(days=MOST_DAYS_BACK),
        last,
        list(currencies),
        load_id,
    )
    return Rates(Rate(row["day"], row["base"], row["quote"], Fraction(row["rate"])) for row in rows)


async def fixed_rates(
    connection: Connection, conversion_ids: Sequence[UUID], quote: str
) -> dict[tuple[UUID, date], Fraction]:
    """Return the rate to a currency that was fixed for each order, by the order's date in some zone."""
    rows = await connection.fetch(
        """SELECT conversion_id, day, numerator::text AS n, denominator::text AS d FROM order_rates
           WHERE conversion_id = ANY($1::uuid[]) AND quote = $2""",
        conversion_ids,
        quote,
    )
    return {(row["conversion_id"], row["day"]): Fraction(int(row["n"]), int(row["d"])) for row in rows}


async def published_rates(
    connection: Connection, wanted: Collection[tuple[date, str]], quote: str
) -> dict[tuple[date, str], Fraction]:
    """Return what is published by now for days and currencies; those without a rate are left out."""
    if not wanted:
        return {}
    days = [day for day, _ in wanted]
    rates = await rates_between(connection, min(days), max(days), {quote, *(base for _, base in wanted)})
    found: dict[tuple[date, str], Fraction] = {}
    for day, base in wanted:
        with contextlib.suppress(InvalidError):
            found[day, base] = rates.at(day, base, quote)
    return found


async def newest_of_each_pair(connection: Connection) -> list[Newest]:
    """Return the newest rate of each pair, by code."""
    rows = await connection.fetch(
        """SELECT DISTINCT ON (r.base, r.quote) r.base, r.quote, r.day, r.rate, l.source,
               count(*) OVER (PARTITION BY r.base, r.quote) AS days
           FROM exchange_rates r JOIN rate_loads l ON l.id = r.load_id
           ORDER BY r.base, r.quote, r.day DESC"""
    )
    return [Newest(**row) for row in rows]
