"""What-if converts an order at the rate it is booked at, else at what is published for its day."""

from collections.abc import AsyncIterator

import pytest

from partner_network.agreements import terms_reading
from partner_network.agreements.terms import ProgramPolicy
from partner_network.database import connections
from partner_network.receipts.what_if.comparing import what_if
from partner_network.receipts.what_if.values import EVERYONE, Change, Compared
from tests.commissions import abroad
from tests.commissions.abroad import Shop, load, rate
from tests.conftest import FreshDatabase
from tests.conversions import cast
from tests.conversions.cast import on


@pytest.fixture
async def shop(database: FreshDatabase) -> AsyncIterator[Shop]:
    assert database.name
    async with abroad.opened() as opened:
        yield opened


async def tried(shop: Shop) -> Compared:
    twice = cast.TERMS.format(click_days=30).replace("50_000", "100_000")
    async with connections.transaction() as connection:
        change = Change(ProgramPolicy(), {EVERYONE: terms_reading.read_terms(twice)})
        return await what_if(connection, shop.shop.program_id, on(1), on(30), change)


async def test_an_order_is_tried_at_the_rate_it_is_booked_at(shop: Shop) -> None:
    await load(rate(2, "USD", "1.25"))
    await shop.sell(1, 4, "EUR", 80_00)
    await shop.accrue()
    await load(rate(4, "USD", "2"))
    compared = await tried(shop)
    assert compared.before.commission_minor == {"USD": 500}
    assert compared.after.commission_minor == {"USD": 1_000}


async def test_an_order_that_waits_for_the_worker_is_tried_at_what_is_published(shop: Shop) -> None:
    await load(rate(2, "JPY", "160"), rate(2, "USD", "1.25"))
    await shop.sell(1, 4, "JPY", 12_800)
    compared = await tried(shop)
    assert compared.after.commission_minor == {"USD": 1_000}


async def test_an_order_that_no_rate_is_published_for_is_said_to_be_unpriced(shop: Shop) -> None:
    await shop.sell(1, 4, "JPY", 12_800)
    [row] = (await tried(shop)).rows
    assert "is in JPY and has no rate to USD" in (row.unpriced or "")
