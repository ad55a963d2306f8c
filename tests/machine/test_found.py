"""What the machine once found, each as the smallest story of it."""

from datetime import timedelta

from partner_network.database import connections
from tests import builders
from tests.builders import RADIO, SHOP, Order, at
from tests.machine import deeds
from tests.machine.stages import Stage

TERMS = """
[[commission.components]]
name = "sales"
event = "sale"
tiers = [{{ from = 0, rate_ppm = {rate_ppm} }}]
[settlement]
currency = "USD"
time_zone = "America/New_York"
notice_days = 0
"""
PAIR = (SHOP, RADIO)


async def _story(stage: Stage) -> list[int]:
    """A sale of 100.00 at 5 % is booked; at that very moment both sides sign 8 %."""
    copy = await stage.open()
    try:
        await builders.set_clock(at(1, 1, 1))
        await deeds.sign(stage.cast, PAIR, TERMS.format(rate_ppm=50_000))
        now = at(1, 2)
        await builders.set_clock(now)
        (click,) = await stage.cast.click(*PAIR, now - timedelta(minutes=1))
        order = Order(order_id="1", customer="c", at=now, net_minor=10_000, click=click)
        await stage.cast.order(SHOP, order)
        await deeds.accrue(now)
        await deeds.sign(stage.cast, PAIR, TERMS.format(rate_ppm=80_000))
        await deeds.accrue(now)
        await deeds.must_be_proved()
        async with connections.transaction() as connection:
            rows = await connection.fetch("SELECT target_minor FROM current_targets ORDER BY commission_id")
        return [row["target_minor"] for row in rows]
    finally:
        await stage.close(copy)


def test_an_order_of_the_moment_terms_begin_is_priced_by_them_however_early_it_was_booked(
    stage: Stage,
) -> None:
    assert stage.run(_story(stage)) == [0, 800]
