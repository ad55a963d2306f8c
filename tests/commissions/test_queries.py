"""What the engine is told about a customer, when orders and leads come to the database in any order."""

from collections.abc import AsyncIterator

import pytest

from partner_network.attribution import jobs as attribution
from partner_network.commissions import queries, span_queries
from partner_network.commissions.rules.facts import Order
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.kernel import ids
from tests.conftest import FreshDatabase
from tests.conversions import cast
from tests.conversions.cast import Cast, Partner, on, order


class Blog:
    """A partner whom everything here is credited to."""

    def __init__(self, shop: Cast, partner: Partner) -> None:
        self.shop = shop
        self.partner = partner

    async def report(self, number: int, day: int, event: str = "sale") -> None:
        async with connections.transaction() as connection:
            click = await self.partner.click(connection, on(day, 11))
        await self.shop.report(order(number, on(day), event=event, click_id=ids.shown("clk", click)))

    async def orders(self) -> dict[tuple[str, str], Order]:
        await attribution.decide()
        async with connections.transaction() as connection:
            stream = await queries.stream_of(connection, self.partner.partnership_id)
            facts = await span_queries.orders_between(connection, stream, on(1), on(31))
        return {(fact.order.id.partition("\x01")[0], fact.order.event): fact.order for fact in facts}


@pytest.fixture
async def blog(database: FreshDatabase) -> AsyncIterator[Blog]:
    assert database.name
    clock.use_simulated_time(sandbox=True)
    await cast.set_clock(on(25))
    async with connections.transaction() as connection:
        shop = await cast.tune_house(connection)
        partner = await cast.partner(connection, shop, "blog")
    yield Blog(shop, partner)
    clock.use_simulated_time(sandbox=False)


async def test_a_customer_is_new_until_its_first_conversion_of_any_kind(blog: Blog) -> None:
    await blog.report(1, day=2, event="lead")
    await blog.report(2, day=3)
    orders = await blog.orders()
    assert orders["00001", "lead"].new_customer
    assert not orders["00002", "sale"].new_customer


async def test_only_sales_are_counted_so_the_first_sale_is_number_one(blog: Blog) -> None:
    await blog.report(1, day=2, event="lead")
    await blog.report(2, day=3)
    await blog.report(3, day=4, event="lead")
    await blog.report(4, day=5)
    orders = await blog.orders()
    assert {key: one.order_number for key, one in orders.items()} == {
        ("00001", "lead"): 0,
        ("00002", "sale"): 1,
        ("00003", "lead"): 1,
        ("00004", "sale"): 2,
    }
    assert {one.first_order_at for one in orders.values()} == {on(3)}


async def test_a_sale_that_is_reported_late_moves_the_numbers_of_those_after_it(blog: Blog) -> None:
    await blog.report(1, day=10)
    assert (await blog.orders())["00001", "sale"].new_customer
    await blog.report(2, day=5)
    orders = await blog.orders()
    assert (orders["00002", "sale"].order_number, orders["00001", "sale"].order_number) == (1, 2)
    assert (orders["00002", "sale"].new_customer, orders["00001", "sale"].new_customer) == (True, False)
