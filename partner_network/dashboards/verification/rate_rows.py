"""Published rates, and those of orders, as the database holds them."""

from datetime import date, datetime
from fractions import Fraction
from typing import Literal
from uuid import UUID

from msgspec import Struct

from partner_network.database.connections import Connection


class PublishedRate(Struct, frozen=True, gc=False):
    """One rate, and the load it came with."""

    day: date
    base: str
    quote: str
    rate: Fraction
    load_id: int


class FixedRate(Struct, frozen=True, gc=False):
    """What one order is converted at."""

    conversion_id: UUID
    quote: str
    day: date
    rate: Fraction
    published_on: date
    how: Literal["direct", "inverse", "cross"]
    via: str | None
    load_id: int
    recorded_at: datetime


class ExchangeRates(Struct, frozen=True):
    """All rates that orders can depend on, and when each load was."""

    published: list[PublishedRate]
    fixed: list[FixedRate]
    loads: dict[int, datetime]

    def of(self) -> dict[tuple[UUID, str, date], Fraction]:
        """Return the rate of each order, by order, currency and the order's date in some zone."""
        return {(one.conversion_id, one.quote, one.day): one.rate for one in self.fixed}


_PUBLISHED = """SELECT day, base, quote, rate, load_id FROM exchange_rates WHERE day IN (
    SELECT DISTINCT o.day - back FROM order_rates o, generate_series(0, 7) back)"""
_FIXED = """SELECT conversion_id, quote, day, numerator::text, denominator::text, published_on, how, via,
    load_id, recorded_at FROM order_rates ORDER BY day, conversion_id, quote"""


async def read(connection: Connection) -> ExchangeRates:
    """Read the rates of orders, and of what was published those within reach of one."""
    published = [
        PublishedRate(day, base, quote, Fraction(rate), load_id)
        for day, base, quote, rate, load_id in await connection.fetch(_PUBLISHED)
    ]
    fixed = [
        FixedRate(conversion_id, quote, day, Fraction(int(n), int(d)), *rest)
        for conversion_id, quote, day, n, d, *rest in await connection.fetch(_FIXED)
    ]
    loads = {
        row["id"]: row["loaded_at"] for row in await connection.fetch("SELECT id, loaded_at FROM rate_loads")
    }
    return ExchangeRates(published, fixed, loads)
