"""Orders in other currencies: rates are put on record, and each order keeps the one it was computed at."""

from collections.abc import AsyncIterator
from datetime import date

import pytest

from partner_network.attribution import jobs as attribution
from partner_network.commissions.actions.load_rates import Loaded
from partner_network.database import connections
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError
from tests.commissions import abroad
from tests.commissions.abroad import Shop, load, rate
from tests.conftest import FreshDatabase
from tests.conversions import cast
from tests.conversions.cast import on, order


@pytest.fixture
async def shop(database: FreshDatabase) -> AsyncIterator[Shop]:
    assert database.name
    async with abroad.opened() as opened:
        yield opened


async def test_each_order_is_converted_by_the_last_rate_before_it_and_both_exponents(shop: Shop) -> None:
    await load(rate(2, "USD", "1.25"), rate(2, "JPY", "160"), rate(2, "BHD", "0.5"), rate(5, "USD", "1.5"))
    await shop.sell(1, 3, "EUR", 80_00)  # 100.00 USD, of which 5 %
    await shop.sell(2, 4, "JPY", 12_800)  # 80 EUR
    await shop.sell(3, 4, "BHD", 40_000)  # 40.000 BHD, 80 EUR
    await shop.sell(4, 5, "EUR", 80_00)  # 120.00 USD
    await shop.sell(5, 6, "USD", 10_00)
    await shop.accrue()
    assert await shop.targets() == {"00001": 500, "00002": 500, "00003": 500, "00004": 600, "00005": 50}
    assert await shop.fixed() == {
        "00001": ("5/4", "direct", None, date(2026, 3, 2)),
        "00002": ("1/128", "cross", "EUR", date(2026, 3, 2)),
        "00003": ("5/2", "cross", "EUR", date(2026, 3, 2)),
        "00004": ("3/2", "direct", None, date(2026, 3, 5)),
    }


async def test_an_inverse_rate_is_the_exact_fraction(shop: Shop) -> None:
    await load(rate(2, "EUR", "0.9", base="USD"))
    await shop.sell(1, 3, "EUR", 90_01)
    await shop.accrue()
    assert await shop.targets() == {"00001": 500}
    assert await shop.fixed() == {"00001": ("10/9", "inverse", None, date(2026, 3, 2))}


async def test_the_date_of_an_order_is_the_agreements(shop: Shop) -> None:
    await load(rate(3, "USD", "2"), rate(4, "USD", "3"))
    async with connections.transaction() as connection:
        click = await shop.blog.click(connection, on(3, 11))
    late = order(1, on(4, 4), currency="EUR", net_minor=10_00, click_id=ids.shown("clk", click))
    await shop.shop.report(late)  # 23:00 of the third in New York
    await attribution.decide()
    await shop.accrue()
    assert await shop.targets() == {"00001": 100}


async def test_a_rate_once_fixed_stays_and_refunds_use_it(shop: Shop) -> None:
    await load(rate(2, "USD", "1.25"))
    await shop.sell(1, 4, "EUR", 80_00)
    await shop.accrue()
    await load(rate(4, "USD", "2"))
    await shop.shop.refund(cast.refund(1, 1, on(20), net_minor=40_00))
    await shop.accrue()
    assert await shop.targets() == {"00001": 250}
    await shop.sell(2, 4, "EUR", 80_00)
    await shop.accrue()
    assert await shop.targets() == {"00001": 250, "00002": 800}


async def test_the_same_rates_again_change_nothing(shop: Shop) -> None:
    assert shop
    assert await load(rate(2, "USD", "1.25"), rate(2, "USD", "1.25")) == Loaded(1, 1)
    assert await load(rate(2, "USD", "1.250"), rate(3, "USD", "1.25")) == Loaded(1, 1)
    assert await load(rate(2, "USD", "1.25")) == Loaded(0, 1)
    async with connections.transaction() as connection:
        assert await connection.fetchval("SELECT count(*) FROM rate_loads") == 2


async def test_another_rate_for_the_same_day_is_refused_with_both_and_nothing_is_loaded(shop: Shop) -> None:
    assert shop
    await load(rate(2, "USD", "1.25"))
    with pytest.raises(ConflictError) as caught:
        await load(rate(3, "USD", "1.3"), rate(2, "USD", "1.26"), source="other.csv")
    assert caught.value.detail == (
        "For EUR/USD of 2026-03-02 1.25 is on record, from ecb.csv, and 1.26 was given. "
        "A published rate never changes; nothing was loaded."
    )
    with pytest.raises(ConflictError) as caught:
        await load(rate(4, "USD", "1.3"), rate(4, "USD", "1.4"))
    assert "Two rates EUR/USD of 2026-03-04 were given: 1.3 and 1.4." in caught.value.detail
    async with connections.transaction() as connection:
        assert await connection.fetchval("SELECT count(*) FROM exchange_rates") == 1


async def test_a_rate_may_be_seven_days_old_and_not_eight(shop: Shop) -> None:
    await load(rate(2, "USD", "1.25"))
    await shop.sell(1, 9, "EUR", 80_00)
    await shop.accrue()
    await shop.sell(2, 10, "EUR", 80_00)
    await shop.accrue()
    assert await shop.targets() == {"00001": 500}


async def test_a_stream_without_its_rate_stands_still_and_goes_on_once_it_is_loaded(shop: Shop) -> None:
    async with connections.transaction() as connection:
        radio = await cast.partner(connection, shop.shop, "radio")
    await shop.sell(1, 4, "EUR", 80_00)
    await shop.sell(2, 5, "USD", 80_00)
    await Shop(shop.shop, radio).sell(3, 5, "USD", 80_00)
    await shop.accrue()
    assert await shop.targets() == {"00003": 400}
    await load(rate(2, "USD", "1.25"))
    await shop.accrue()
    assert await shop.targets() == {"00001": 500, "00002": 400, "00003": 400}
