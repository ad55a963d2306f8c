"""What orders grant beside money, and what of it refunds, later orders and time leave."""

from partner_network.database import connections
from partner_network.ledger import queries as ledger
from partner_network.rewards.actions import grant
from partner_network.rewards.rules import units
from tests.conversions.cast import Cast, Partner, days, on, order, refund
from tests.rewards.cast import NOW, balances, bought, held, run


async def test_a_sale_grants_what_the_terms_promise_in_units_of_the_advertiser(
    shop: Cast, blog: Partner
) -> None:
    await bought(shop, blog, 1, on(10))
    await run()
    credit = await held(shop)
    assert {name: (one.kind, one.state.left_minor, one.clause) for name, one in credit.items()} == {
        "welcome": ("customer_credit", 1_000, "rewards[0]"),
        "back": ("partner_credit", 500, "rewards[1]"),
    }
    assert credit["welcome"].ends_at == on(10) + days(360)
    assert credit["back"].ends_at is None
    assert await balances() == {"credit_granted": 1_500, "credit_customers": 1_000, "credit_partner": 500}
    unit = units.unit_of(shop.brand_id, "USD")
    async with connections.transaction() as connection:
        assert (
            await ledger.posted_minor(
                connection,
                "credit_partner",
                currency=unit,
                holder_id=blog.partner_id,
                counterparty_id=shop.brand_id,
            )
            == 500
        )


async def test_granting_again_changes_nothing(shop: Cast, blog: Partner) -> None:
    await bought(shop, blog, 1, on(10))
    await run()
    before = await held(shop)
    async with connections.transaction() as connection:
        await connection.execute(
            "INSERT INTO unrewarded_customers SELECT program_id, customer_id FROM conversions"
        )
    assert await grant.grant_pending(NOW) == 0
    assert await held(shop) == before


async def test_a_refund_takes_back_the_share_and_a_whole_one_the_fixed_sum(shop: Cast, blog: Partner) -> None:
    await bought(shop, blog, 1, on(10))
    await run()
    await shop.refund(refund(1, 1, on(12)))
    await run()
    credit = await held(shop)
    assert (credit["welcome"].state.left_minor, credit["back"].state.left_minor) == (1_000, 400)
    await shop.refund(refund(2, 1, on(13), net_minor=4_000))
    await run()
    credit = await held(shop)
    assert (credit["welcome"].state.left_minor, credit["back"].state.left_minor) == (0, 0)
    assert [move.kind for move in credit["back"].moves] == ["granted", "taken_back", "taken_back"]
    assert set((await balances()).values()) == {0}


async def test_later_orders_of_the_customer_make_credit_grow_whoever_brought_them(
    shop: Cast, blog: Partner
) -> None:
    await bought(shop, blog, 1, on(10))
    await run()
    await shop.report(order(2, on(11)))
    await run()
    assert (await held(shop))["welcome"].state.left_minor == 1_000
    await shop.report(order(3, on(12)))
    await run()
    welcome = (await held(shop))["welcome"]
    assert welcome.state.left_minor == 1_500
    assert [(move.kind, move.change_minor) for move in welcome.moves] == [("granted", 1_000), ("grown", 500)]


async def test_time_takes_worth_at_its_own_instants_and_the_end_takes_the_rest(
    shop: Cast, blog: Partner
) -> None:
    await bought(shop, blog, 1, on(10))
    await run()
    await run(on(10) + days(400))
    welcome = (await held(shop))["welcome"]
    assert [(move.kind, move.change_minor, move.at) for move in welcome.moves] == [
        ("granted", 1_000, on(10)),
        ("lost", -500, on(10) + days(180)),
        ("lost", -500, on(10) + days(360)),
    ]
    assert await balances() == {"credit_granted": 500, "credit_customers": 0, "credit_partner": 500}
