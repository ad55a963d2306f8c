"""What is read of many costs as many questions as what is read of one."""

from partner_network.database import connections
from partner_network.receipts.commission import composing
from tests.conftest import FreshDatabase


async def test_an_order_of_two_partners_asks_no_more_than_an_order_of_one(copy: FreshDatabase) -> None:
    assert copy.name
    # The driver asks about types of its own when it meets them first: that is not counted.
    _, (one, asked_of_one), (several, asked_of_several) = [
        await asked_for(order_id) for order_id in ("00003", "00001", "00003")
    ]
    assert (one, several) == (1, 3), "two commissions and a bonus"
    assert asked_of_one == asked_of_several > 0


async def asked_for(order_id: str) -> tuple[int, int]:
    """How many commissions an order of Tune House has, and how many questions were asked for them."""
    queries: list[str] = []
    async with connections.transaction() as connection:
        conversion = await connection.fetchval(
            """SELECT v.id FROM conversions v JOIN brands b ON b.id = v.brand_id
               WHERE v.order_id = $1 AND b.slug = 'tune-house'""",
            order_id,
        )
        with connection.query_logger(lambda one: queries.append(one.query)):
            found = await composing.compose(connection, conversion, None)
    return len(found.commissions), len(queries)
