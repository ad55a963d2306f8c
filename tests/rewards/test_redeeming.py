"""Advertisers redeem what there is, once, and what they take back is there again."""

import asyncio

import pytest

from partner_network.database import connections
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, InvalidError, NotFoundError
from partner_network.rewards import queries
from partner_network.rewards.actions import redeem
from partner_network.rewards.rules.wishes import Redemption
from tests.conversions import cast
from tests.conversions.cast import Cast, Partner, days, on, refund
from tests.rewards.cast import NOW, balances, bought, held, key_of, redeemed, run


@pytest.fixture
async def granted(shop: Cast, blog: Partner) -> Cast:
    """Ada holds 10.00, and the blog 5.00."""
    await bought(shop, blog, 1, on(10))
    await run()
    return shop


async def test_credit_is_redeemed_in_parts_until_nothing_is_left(granted: Cast) -> None:
    await redeemed(granted, "a", 400)
    await redeemed(granted, "b", 600)
    with pytest.raises(ConflictError, match=r"There is \$0\.00 left to redeem"):
        await redeemed(granted, "c", 1)
    await run()
    assert await balances() == {"credit_granted": 500, "credit_customers": 0, "credit_partner": 500}


async def test_more_than_there_is_is_refused_with_what_there_is_and_leaves_no_trace(granted: Cast) -> None:
    with pytest.raises(ConflictError, match=r"There is \$10\.00 left to redeem; ask for that or less"):
        await redeemed(granted, "a", 1_001)
    assert (await held(granted))["welcome"].state.left_minor == 1_000
    assert (await redeemed(granted, "a", 1_000)).amount_minor == 1_000


async def test_the_same_key_redeems_once_and_stands_for_nothing_else(granted: Cast) -> None:
    first = await redeemed(granted, "a", 400)
    assert await redeemed(granted, "a", 400) == first
    with pytest.raises(ConflictError, match=f"stands for another redemption, {ids.shown('red', first.id)}"):
        await redeemed(granted, "a", 300)
    assert (await held(granted))["welcome"].state.left_minor == 600


async def test_what_was_granted_first_is_used_first(granted: Cast, blog: Partner) -> None:
    await bought(granted, blog, 2, on(9), customer_id="bob")
    await run()
    await redeemed(granted, "a", 600, partner=ids.shown("bnd", blog.partner_id))
    async with connections.transaction() as connection:
        rows = await queries.redeemable(
            connection, granted.brand_id, "USD", customer_id=None, partner_id=blog.partner_id
        )
    assert [(one.granted_at, one.state.left_minor) for one in rows] == [(on(9), 0), (on(10), 400)]


async def test_an_earlier_order_that_comes_late_takes_the_welcome_with_it(
    granted: Cast, blog: Partner
) -> None:
    await bought(granted, blog, 3, on(9))
    await run()
    async with connections.transaction() as connection:
        rows = await queries.newest_credits(connection, granted.brand_id, 100)
    welcomes = {one.granted_at: one.state.left_minor for one in rows if one.reward == "welcome"}
    assert welcomes == {on(10): 0, on(9): 1_000}
    assert (await balances())["credit_customers"] == 1_000


async def test_a_partners_credit_is_its_own(granted: Cast, blog: Partner) -> None:
    shown = ids.shown("bnd", blog.partner_id)
    await redeemed(granted, "a", 500, partner=shown)
    with pytest.raises(ConflictError, match=r"\$0\.00"):
        await redeemed(granted, "b", 1, partner=shown)
    await run()
    assert await balances() == {"credit_granted": 1_000, "credit_customers": 1_000, "credit_partner": 0}


async def test_a_cancelled_redemption_comes_back_once(granted: Cast) -> None:
    await redeemed(granted, "a", 400)
    cancelled = await redeem.cancel(key_of(granted.brand_id), "a")
    assert (cancelled.returned_minor, cancelled.cancelled_at) == (400, NOW)
    assert await redeem.cancel(key_of(granted.brand_id), "a") == cancelled
    welcome = (await held(granted))["welcome"]
    assert [move.kind for move in welcome.moves] == ["granted", "redeemed", "returned"]
    await run()
    assert (await balances())["credit_customers"] == 1_000


async def test_what_comes_back_is_worth_what_it_would_be_worth_by_now(granted: Cast) -> None:
    await redeemed(granted, "a", 400)
    await cast.set_clock(on(10) + days(200))
    cancelled = await redeem.cancel(key_of(granted.brand_id), "a")
    welcome = (await held(granted))["welcome"]
    assert cancelled.returned_minor == 200
    assert [(move.kind, move.left_minor) for move in welcome.moves] == [
        ("granted", 1_000),
        ("redeemed", 600),
        ("lost", 300),
        ("returned", 500),
    ]


async def test_nothing_is_redeemed_of_credit_that_has_ended_though_nobody_booked_its_end(
    granted: Cast,
) -> None:
    await cast.set_clock(on(10) + days(360))
    with pytest.raises(ConflictError, match=r"\$0\.00"):
        await redeemed(granted, "a", 1)


async def test_a_refund_takes_back_what_is_left_and_never_what_was_redeemed(granted: Cast) -> None:
    await redeemed(granted, "a", 700)
    await granted.refund(refund(1, 1, on(12), net_minor=5_000))
    await run()
    welcome = (await held(granted))["welcome"]
    assert [(move.kind, move.change_minor) for move in welcome.moves] == [
        ("granted", 1_000),
        ("redeemed", -700),
        ("taken_back", -300),
    ]
    assert set((await balances()).values()) == {0}


async def test_of_sixteen_who_redeem_at_once_exactly_those_succeed_for_whom_there_is_enough(
    granted: Cast,
) -> None:
    tried = await asyncio.gather(
        *(redeemed(granted, f"k{n}", 150) for n in range(16)), return_exceptions=True
    )
    refused = [one for one in tried if isinstance(one, ConflictError)]
    assert (len(tried) - len(refused), len(refused)) == (6, 10)
    assert (await held(granted))["welcome"].state.left_minor == 100
    await run()
    assert (await balances())["credit_customers"] == 100


async def test_of_sixteen_who_send_the_same_one_redeems_and_all_hear_of_it(granted: Cast) -> None:
    tried = await asyncio.gather(*(redeemed(granted, "same", 150) for _ in range(16)))
    assert len({one.id for one in tried}) == 1
    assert (await held(granted))["welcome"].state.left_minor == 850


async def test_who_is_unknown_has_no_credit(granted: Cast) -> None:
    with pytest.raises(NotFoundError, match="No customer of that id"):
        await redeemed(granted, "a", 1, customer="zoe")
    with pytest.raises(NotFoundError, match="Nothing was redeemed"):
        await redeem.cancel(key_of(granted.brand_id), "a")
    with pytest.raises(InvalidError, match="Name whose credit"):
        await redeem.redeem(key_of(granted.brand_id), Redemption("a", "USD", 1))


async def test_another_advertiser_redeems_nothing_of_it(granted: Cast) -> None:
    assert (await held(granted))["welcome"].state.left_minor == 1_000
    async with connections.transaction() as connection:
        other = await cast.tune_house(connection, "vinyl-barn")
    with pytest.raises(NotFoundError):
        await redeemed(other, "a", 1)
