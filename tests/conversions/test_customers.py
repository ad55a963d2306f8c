"""Who stands behind a click."""

from uuid import UUID

import pytest

from partner_network.database import connections
from partner_network.kernel.errors import InvalidError
from tests.conversions import cast
from tests.conversions.cast import Cast, Partner, on, order


async def undecided() -> list[str]:
    rows = await connections.pool().fetch(
        """SELECT c.order_id FROM undecided_conversions u JOIN conversions c ON c.id = u.conversion_id
           ORDER BY c.order_id"""
    )
    return [row["order_id"] for row in rows]


async def clicked(partner: Partner, day: int) -> UUID:
    async with connections.transaction() as connection:
        return await partner.click(connection, on(day))


async def test_identifying_twice_links_once(shop: Cast, blog: Partner) -> None:
    click = await clicked(blog, 1)
    await shop.identify(("ada", click), ("ada", click))
    await shop.identify(("ada", click))
    assert await connections.pool().fetchval("SELECT count(*) FROM identifications") == 1


async def test_a_click_that_led_elsewhere_is_unknown_and_keeps_the_batch_out(
    shop: Cast, blog: Partner
) -> None:
    async with connections.transaction() as connection:
        rival = await cast.tune_house(connection, "rival")
        radio = await cast.partner(connection, rival, "radio")
    with pytest.raises(InvalidError) as refusal:
        await shop.identify(("ada", await clicked(blog, 1)), ("ada", await clicked(radio, 1)))
    assert list(refusal.value.fields) == ["identifications[1].click_id"]
    assert await connections.pool().fetchval("SELECT count(*) FROM identifications") == 0


async def test_a_late_identification_puts_back_what_the_customer_bought_since_that_click(
    shop: Cast, blog: Partner
) -> None:
    await shop.report(order(1, on(1)), order(2, on(2)), order(3, on(3)), order(4, on(3), customer_id="bob"))
    await connections.pool().execute("DELETE FROM undecided_conversions")
    await connections.pool().execute("DELETE FROM pgqueuer")
    await shop.identify(("ada", await clicked(blog, 2)))
    assert await undecided() == ["00002", "00003"]
    assert await connections.pool().fetchval("SELECT entrypoint FROM pgqueuer") == "attribution.decide"


async def test_an_identification_ahead_of_any_order_asks_for_no_work(shop: Cast, blog: Partner) -> None:
    await shop.identify(("ada", await clicked(blog, 2)))
    assert await connections.pool().fetchval("SELECT count(*) FROM pgqueuer") == 0
