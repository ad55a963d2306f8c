"""Who reaches a bound has the perk until the end of the next period, as long as refunds leave it reached."""

from partner_network.database import connections
from partner_network.rewards import perk_queries
from partner_network.rewards.perk_queries import Entitled
from tests.conversions.cast import Cast, Partner, on, refund
from tests.rewards.cast import NOW, bought, run


async def entitled(shop: Cast) -> list[Entitled]:
    async with connections.transaction() as connection:
        return await perk_queries.of_brand(connection, shop.brand_id, 100)


async def test_the_order_that_reaches_the_bound_grants_the_perk(shop: Cast, blog: Partner) -> None:
    await bought(shop, blog, 1, on(10))
    await run()
    assert await entitled(shop) == []
    await bought(shop, blog, 2, on(12), customer_id="bob")
    await bought(shop, blog, 3, on(14), customer_id="cid")
    await run()
    (deep,) = await entitled(shop)
    assert (deep.perk, deep.period, deep.reached, deep.granted_at) == (
        "enhanced_analytics",
        "2026-03",
        10_000,
        on(12),
    )
    assert deep.ends_at.isoformat() == "2026-05-01T04:00:00+00:00"  # midnight in New York
    assert (deep.cited, deep.clause) == ("6.9", "rewards[2]")
    assert deep.holds_at(on(12))
    assert not deep.holds_at(on(11))
    assert not deep.holds_at(deep.ends_at)


async def test_a_refund_ends_it_on_the_day_it_is_recorded_and_another_order_grants_it_again(
    shop: Cast, blog: Partner
) -> None:
    await bought(shop, blog, 1, on(10))
    await bought(shop, blog, 2, on(12), customer_id="bob")
    await run()
    await shop.refund(refund(1, 1, on(13)))
    await run()
    (deep,) = await entitled(shop)
    assert deep.ended_at == NOW
    assert not deep.holds_at(NOW)
    await bought(shop, blog, 3, on(14), customer_id="cid")
    await run()
    assert sorted((one.granted_at, one.ended_at is None) for one in await entitled(shop)) == [
        (on(12), False),
        (on(14), True),
    ]


async def test_looking_again_changes_nothing(shop: Cast, blog: Partner) -> None:
    await bought(shop, blog, 1, on(10), net_minor=10_000)
    await run()
    before = await entitled(shop)
    async with connections.transaction() as connection:
        await connection.execute(
            "INSERT INTO unrewarded_customers SELECT program_id, customer_id FROM conversions"
        )
    await run()
    assert await entitled(shop) == before
