"""Perks are proved where rewards are agreed: other partnerships cannot be wrong about them."""

from partner_network.commissions.actions import accrue
from partner_network.dashboards.verification import orders, perks, reading
from partner_network.database import connections
from tests.commissions.test_accruing import NOW, Street, street
from tests.conversions.cast import on

__all__ = ["street"]


async def test_orders_that_no_terms_price_say_nothing_about_perks_that_nobody_agreed(street: Street) -> None:
    await street.sells(street.blog, 3)
    await accrue.accrue_pending(NOW)
    # As no signing can: the terms begin after the order.
    await connections.pool().execute("ALTER TABLE terms DISABLE TRIGGER USER")
    await connections.pool().execute("UPDATE terms SET valid = tstzrange($1, NULL)", on(4))
    books = await reading.read_books()
    assert list(perks.differences(books, orders.by_partnership(books), set())) == []
