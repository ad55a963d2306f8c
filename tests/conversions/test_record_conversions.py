"""What advertisers report is stored once, all of a batch or nothing."""

import asyncio

import pytest

from partner_network.conversions.actions.record_conversions import Answer
from partner_network.database import connections
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, InvalidError, PartnerNetworkError
from tests.conftest import FreshDatabase
from tests.conversions import cast
from tests.conversions.cast import Cast, Partner, on, order


async def count(table: str) -> int:
    return await connections.pool().fetchval(f"SELECT count(*) FROM {table}")


async def jobs_waiting() -> list[str]:
    rows = await connections.pool().fetch("SELECT entrypoint FROM pgqueuer ORDER BY id")
    return [row["entrypoint"] for row in rows]


async def refusal(shop: Cast, *orders: dict[str, object]) -> PartnerNetworkError:
    with pytest.raises(PartnerNetworkError) as caught:
        await shop.report(*orders)
    return caught.value


async def test_a_batch_is_stored_with_its_customers_its_work_and_one_job(shop: Cast) -> None:
    answer = await shop.report(order(1, on(1)), order(2, on(2), customer_id="bob"), order(3, on(3)))
    assert answer.is_new
    assert [(one.order_id, one.event, one.status) for one in answer.conversions] == [
        ("00001", "sale", "received"),
        ("00002", "sale", "received"),
        ("00003", "sale", "received"),
    ]
    assert await count("conversions") == await count("undecided_conversions") == 3
    assert await count("customers") == 2
    assert await jobs_waiting() == ["attribution.decide"]


async def test_an_order_worth_nothing_is_an_order(shop: Cast) -> None:
    await shop.report(order(1, on(1), net_minor=0))
    assert await connections.pool().fetchval("SELECT net_minor FROM conversions") == 0


async def test_the_same_content_again_gets_the_first_answer_and_stores_nothing(shop: Cast) -> None:
    first = await shop.report(order(1, on(1)))
    await cast.set_clock(on(31, 13))
    again = await shop.report(order(1, on(1)))
    assert again.conversions == first.conversions
    assert not again.is_new
    assert await count("conversions") == 1
    assert len(await jobs_waiting()) == 1


async def test_the_same_content_twice_in_one_batch_is_one_order_and_two_equal_answers(shop: Cast) -> None:
    answer = await shop.report(order(1, on(1)), order(1, on(1)))
    assert answer.conversions[0] == answer.conversions[1]
    assert await count("conversions") == 1


async def test_a_used_order_id_with_other_content_is_refused_by_the_id_of_the_first(shop: Cast) -> None:
    first = (await shop.report(order(1, on(1)))).conversions[0]
    error = await refusal(shop, order(2, on(2)), order(1, on(1), net_minor=1))
    assert isinstance(error, ConflictError)
    assert list(error.fields) == ["conversions[1].order_id"]
    assert "00001" in error.detail
    assert first.id in error.detail
    assert await count("conversions") == 1


async def test_one_order_id_may_be_a_lead_and_a_sale(shop: Cast) -> None:
    answer = await shop.report(order(1, on(1)), order(1, on(1), event="lead"))
    assert answer.conversions[0].id != answer.conversions[1].id


async def test_two_requests_racing_with_the_same_content_store_one_order_and_answer_alike(shop: Cast) -> None:
    answers = await asyncio.gather(*(shop.report(order(1, on(1)), order(2, on(2))) for _ in range(6)))
    assert len({tuple(answer.conversions) for answer in answers}) == 1
    assert sum(answer.is_new for answer in answers) == 1
    assert await count("conversions") == 2


async def test_two_requests_racing_with_different_content_store_one_and_refuse_the_other(shop: Cast) -> None:
    answers = await asyncio.gather(
        shop.report(order(1, on(1))), shop.report(order(1, on(1), net_minor=1)), return_exceptions=True
    )
    assert {type(answer) for answer in answers} == {Answer, ConflictError}
    assert await count("conversions") == 1


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"net_minor": -1}, "net_minor"),
        ({"currency": "ZZZ"}, "currency"),
        ({"occurred_at": on(31, 13).isoformat()}, "occurred_at"),
        ({"click_id": "nonsense"}, "click_id"),
        ({"click_id": "clk_" + "0" * 26}, "click_id"),
        ({"program": "not-mine"}, "program"),
        ({"program": "prg_" + "0" * 26}, "program"),
    ],
)
async def test_one_order_at_fault_keeps_the_whole_batch_out(
    shop: Cast, fields: dict[str, object], at_fault: str
) -> None:
    error = await refusal(shop, order(1, on(1)), order(2, on(2)), order(3, on(3)), order(4, on(4)) | fields)
    assert isinstance(error, InvalidError)
    assert list(error.fields) == [f"conversions[3].{at_fault}"]
    assert await count("conversions") == await count("customers") == 0
    assert await jobs_waiting() == []


async def test_a_brand_with_two_programs_has_to_name_one_unless_the_click_does(
    shop: Cast, blog: Partner
) -> None:
    async with connections.transaction() as connection:
        other = await cast.program(connection, shop.brand_id, "vinyl-club")
        click = await blog.click(connection, on(1))
    error = await refusal(shop, order(1, on(2)))
    assert "vinyl-club" in error.fields["conversions[0].program"]
    await shop.report(
        order(1, on(2), program="vinyl-club"),
        order(2, on(2), program=ids.shown("prg", other)),
        order(3, on(2), click_id=ids.shown("clk", click)),
    )
    rows = await connections.pool().fetch("SELECT program_id FROM conversions ORDER BY order_id")
    assert [row["program_id"] for row in rows] == [other, other, shop.program_id]


async def test_a_repeat_is_answered_even_when_its_program_would_no_longer_be_clear(shop: Cast) -> None:
    first = await shop.report(order(1, on(1)))
    async with connections.transaction() as connection:
        await cast.program(connection, shop.brand_id, "vinyl-club")
    assert (await shop.report(order(1, on(1)))).conversions == first.conversions


async def test_a_click_of_another_advertiser_is_unknown(shop: Cast) -> None:
    async with connections.transaction() as connection:
        rival = await cast.tune_house(connection, "rival")
        radio = await cast.partner(connection, rival, "radio")
        click = await radio.click(connection, on(1))
    error = await refusal(shop, order(1, on(2), click_id=ids.shown("clk", click)))
    assert list(error.fields) == ["conversions[0].click_id"]


async def test_two_brands_may_use_the_same_order_and_customer_ids(shop: Cast) -> None:
    async with connections.transaction() as connection:
        rival = await cast.tune_house(connection, "rival")
    await shop.report(order(1, on(1)))
    await rival.report(order(1, on(1), net_minor=7))
    assert await count("conversions") == await count("customers") == 2


async def test_the_web_role_may_do_all_this_and_neither_change_nor_decide(
    shop: Cast, blog: Partner, database: FreshDatabase
) -> None:
    async with connections.transaction() as connection:
        click = await blog.click(connection, on(1))
    await connections.close_pool()
    await connections.open_pool(database.url("web"), role="partner_network_web")
    await shop.report(order(1, on(2)))
    await shop.identify(("ada", click))
    await shop.refund(cast.refund(1, 1, on(3)))
    for forbidden in (
        "UPDATE conversions SET net_minor = 0",
        "DELETE FROM refunds",
        "INSERT INTO decisions SELECT FROM decisions",
        "DELETE FROM undecided_conversions",
    ):
        with pytest.raises(Exception, match="permission denied"):
            await connections.pool().execute(forbidden)
