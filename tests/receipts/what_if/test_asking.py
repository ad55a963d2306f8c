"""Who may ask what, what is told to whom, and customers that sets leave to the walk."""

from datetime import timedelta

import pytest

from partner_network.agreements import terms_reading
from partner_network.agreements.terms import ProgramPolicy
from partner_network.attribution.queries import facts
from partner_network.database import connections
from partner_network.kernel.errors import ForbiddenError, InvalidError, NotFoundError
from partner_network.receipts.what_if import deciding, sides
from partner_network.receipts.what_if.comparing import what_if
from partner_network.receipts.what_if.values import EVERYONE, Change
from tests.conftest import FreshDatabase
from tests.conversions import cast
from tests.receipts.what_if.lots import DAYS, START, Lots
from tests.receipts.what_if.test_credits import in_sets, walked

END = START + timedelta(days=DAYS)


async def _lots(connection: connections.Connection) -> Lots:
    lots = Lots(5, await cast.tune_house(connection))
    await lots.fill(connection)
    await lots.order(connection, 120)
    return lots


async def test_a_partner_is_told_its_own_row_and_nothing_of_anybody_else(database: FreshDatabase) -> None:
    assert database.name
    async with connections.transaction() as connection:
        lots = await _lots(connection)
        own = lots.partners[0][0]
        change = Change(terms={own: terms_reading.read_terms(lots.terms())})
        found = await what_if(connection, lots.shop.program_id, START, END, change, only_partner=own)
        everybody = await what_if(connection, lots.shop.program_id, START, END, change)
    assert [row.partnership_id for row in found.rows] == [own]
    assert found.rows[0] in everybody.rows
    assert found.before == found.rows[0].before
    assert (found.conversions, found.unattributed_before, found.unattributed_after) == (None, None, None)
    assert (found.moved, found.unlike_stored) == ((), None)


async def test_a_partner_tries_its_own_terms_only(database: FreshDatabase) -> None:
    assert database.name
    async with connections.transaction() as connection:
        lots = await _lots(connection)
        (own, _), (other, _) = lots.partners[:2]
        terms = terms_reading.read_terms(lots.terms())
        for change in (
            Change(ProgramPolicy()),
            Change(terms={other: terms}),
            Change(terms={EVERYONE: terms}),
        ):
            with pytest.raises(ForbiddenError):
                await what_if(connection, lots.shop.program_id, START, END, change, only_partner=own)


async def test_what_cannot_be_asked_is_refused(database: FreshDatabase) -> None:
    assert database.name
    async with connections.transaction() as connection:
        lots = await _lots(connection)
        with pytest.raises(InvalidError):
            await what_if(connection, lots.shop.program_id, END, START, Change())
        with pytest.raises(NotFoundError):
            await what_if(connection, lots.shop.brand_id, START, END, Change())
        unknown = Change(terms={lots.shop.brand_id: terms_reading.read_terms(lots.terms())})
        with pytest.raises(InvalidError):
            await what_if(connection, lots.shop.program_id, START, END, unknown)


async def test_the_advertiser_is_answered_as_the_worker_is(database: FreshDatabase) -> None:
    async with connections.transaction() as connection:
        lots = await _lots(connection)
        expected = await what_if(connection, lots.shop.program_id, START, END, Change())
    await connections.close_pool()
    await connections.open_pool(database.url("web"), role="partner_network_web")
    async with connections.transaction(eyes=lots.shop.brand_id) as connection:
        assert await what_if(connection, lots.shop.program_id, START, END, Change()) == expected


async def test_customers_with_more_touches_than_are_looked_at_are_left_to_the_walk(
    database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database.name
    monkeypatch.setattr(facts, "MOST_TOUCHES", 9)
    monkeypatch.setattr(deciding, "MOST_TOUCHES", 9)
    async with connections.transaction() as connection:
        lots = await _lots(connection)
        side = sides.as_changed(
            await sides.as_it_is(connection, lots.shop.program_id), Change(ProgramPolicy(model="linear"))
        )
        expected = await walked(connection, side)
        assert await in_sets(connection, side) == expected
        assert await connection.fetchval("SELECT count(*) FROM trial_before_walked") > 0


async def test_ten_thousand_touches_of_one_customer_share_one_order(database: FreshDatabase) -> None:
    assert database.name
    async with connections.transaction() as connection:
        lots = Lots(6, await cast.tune_house(connection))
        await lots.fill(connection, partners=3, customers=1)
        at = [START + timedelta(days=100, minutes=n // 3) for n in range(10_000)]
        await lots.click(connection, [(lots.customers[0], one) for one in at])
        await lots.order(connection, 6)
        for model in ("last_click", "linear", "position_based"):
            side = sides.as_changed(
                await sides.as_it_is(connection, lots.shop.program_id), Change(ProgramPolicy(model=model))
            )
            assert await in_sets(connection, side) == await walked(connection, side)
