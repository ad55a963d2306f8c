"""The page of a commission names the rate that its order was priced by, and each refund, undone or not."""

import re

import pytest

from partner_network.commissions.actions import accrue
from partner_network.kernel import ids
from tests.commissions import abroad
from tests.conftest import FreshDatabase
from tests.conversions import cast
from tests.conversions.cast import on, refund
from tests.doors import Network, network

__all__ = ["network"]


@pytest.fixture
async def refunded(database: FreshDatabase) -> None:
    """An order of 100.00 EUR at 1.0831, of which 40.00 were refunded by mistake: 5 % of 108.31 USD."""
    assert database.name
    async with abroad.opened() as shop:
        await abroad.load(abroad.rate(5, "USD", "1.0831"))
        await shop.sell(1, 5, "EUR", 10_000)
        await accrue.accrue_pending(on(25))
        await cast.set_clock(on(26))
        await shop.shop.refund(refund(1, 1, on(6), net_minor=4_000))
        await accrue.accrue_pending(on(26))
        await cast.set_clock(on(27))
        undone = {"refund_id": "R2", "order_id": "00001", "at": on(7).isoformat(), "cancels": "R1"}
        await shop.shop.refund(undone | {"reason": "Never sent back"})
        await accrue.accrue_pending(on(27))


async def test_each_revision_says_its_refund_and_the_page_names_the_rate_of_the_order(
    refunded: None, network: Network
) -> None:
    assert refunded is None
    brand_id = await network.owner.fetchval("SELECT id FROM brands WHERE slug = 'blog'")
    await network.person("fi@blog.example", brand_id, ["finance"])
    partner = await network.signed_in("fi@blog.example")
    order = ids.shown("cnv", await network.owner.fetchval("SELECT id FROM conversions"))

    answer = await partner.get(f"/api/v1/conversions/{order}/commissions")
    page = (await partner.get(f"/conversions/{order}/commission")).text

    (one,) = answer.json()["commissions"]
    told = [(each["target_minor"], each["cause"]) for each in one["revisions"]]
    # 5.4155, then 5 % of 64.99 (60.00 EUR are 64.986 USD), then all of it again
    assert told == [(542, "refund undone"), (325, "refund"), (542, None)]
    assert one["exchange_rate_how"] == "direct"
    assert "Because of a refund on this order that was undone." in page
    assert re.search(r"Exchange rate published on\s+<?[^<]*5", page)
    assert re.search(r"1\sEUR = 1\.0831\sUSD", page)
