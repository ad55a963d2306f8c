"""Tune House, paid for in many currencies under an agreement in US dollars."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal

from partner_network.attribution import jobs as attribution
from partner_network.commissions.actions import accrue, load_rates
from partner_network.commissions.actions.load_rates import Loaded
from partner_network.commissions.rules.rate_files import Published
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.kernel import ids
from tests.conversions import cast
from tests.conversions.cast import Cast, Partner, on, order


class Shop:
    """Tune House, paid for in many currencies, and the blog that everything here is credited to."""

    def __init__(self, shop: Cast, blog: Partner) -> None:
        self.shop, self.blog = shop, blog

    async def sell(self, number: int, day: int, currency: str, net_minor: int) -> None:
        async with connections.transaction() as connection:
            click = await self.blog.click(connection, on(day, 11))
        told = order(
            number, on(day), currency=currency, net_minor=net_minor, click_id=ids.shown("clk", click)
        )
        await self.shop.report(told)
        await attribution.decide()

    async def accrue(self) -> None:
        await accrue.accrue_pending(on(31))

    async def targets(self) -> dict[str, int]:
        async with connections.transaction() as connection:
            rows = await connection.fetch(
                """SELECT v.order_id, t.target_minor
                   FROM current_targets t JOIN commissions c ON c.id = t.commission_id
                   JOIN conversions v ON v.id = c.conversion_id"""
            )
        return {row["order_id"]: row["target_minor"] for row in rows}

    async def fixed(self) -> dict[str, tuple[str, str, str | None, date]]:
        async with connections.transaction() as connection:
            rows = await connection.fetch(
                """SELECT v.order_id, r.numerator::text || '/' || r.denominator::text AS rate, r.how, r.via,
                       r.published_on FROM order_rates r JOIN conversions v ON v.id = r.conversion_id"""
            )
        return {row["order_id"]: (row["rate"], row["how"], row["via"], row["published_on"]) for row in rows}


@asynccontextmanager
async def opened() -> AsyncGenerator[Shop]:
    clock.use_simulated_time(sandbox=True)
    try:
        await cast.set_clock(on(25))
        async with connections.transaction() as connection:
            sells = await cast.tune_house(connection)
            blog = await cast.partner(connection, sells, "blog")
        yield Shop(sells, blog)
    finally:
        clock.use_simulated_time(sandbox=False)


def rate(day: int, quote: str, text: str, base: str = "EUR") -> Published:
    return Published(date(2026, 3, day), base, quote, Decimal(text))


async def load(*rates: Published, source: str = "ecb.csv") -> Loaded:
    return await load_rates.load_rates(rates, source=source, now=on(25))
