"""What Stripe takes back goes out again, however often and whichever transfer it is taken from."""

from partner_network.dashboards.verification import proof
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.payouts import jobs as payouts
from partner_network.payouts.actions import compare, movements
from partner_network.statements import queries as statements
from tests.payouts.conftest import EARNED_MINOR, Sale


async def pay(sale: Sale) -> None:
    await payouts.pay(sale.stripe, await clock.now())


async def take_back(sale: Sale, minor: int, *, attempt: int = 1) -> None:
    await sale.reverse(minor, attempt=attempt)
    await movements.book_movements(sale.stripe, await clock.now())


async def arrived(sale: Sale) -> list[tuple[int, int]]:
    """Return of each transfer at Stripe what was sent and what came back, the oldest first."""
    return [(one.amount_minor, one.reversed_minor) async for one in sale.stripe.all_transfers()][::-1]


async def must_be_paid_once(sale: Sale) -> None:
    """What stands at Stripe is what was approved; books, proof and comparison agree to the cent."""
    assert sum(sent - back for sent, back in await arrived(sale)) == EARNED_MINOR
    emptied = ("prepaid", "pay", "pay_funded", "payout_clearing")
    assert [await sale.posted(kind) for kind in emptied] == [0, 0, 0, 0]
    assert [kind.difference async for kind in proof.verify(sale.stripe) if kind.difference] == []
    assert await compare.compare_with_stripe(sale.stripe, await clock.now()) == []
    async with connections.transaction() as connection:
        (statement,) = await statements.statements(connection)
    assert (statement.status, statement.paid_minor) == ("paid", EARNED_MINOR)


async def paid(sale: Sale) -> None:
    await sale.to_be_paid()
    await pay(sale)


async def test_a_second_part_of_the_same_transfer_is_sent_again_too(sale: Sale) -> None:
    await paid(sale)
    await take_back(sale, 600)
    await pay(sale)
    await take_back(sale, 250)
    assert await sale.posted("pay_funded") == 250
    await pay(sale)
    await pay(sale)

    assert await arrived(sale) == [(1_500, 850), (600, 0), (250, 0)]
    assert await sale.attempts() == [("reversed", 1_500), ("settled", 600), ("settled", 250)]
    await must_be_paid_once(sale)


async def test_two_parts_that_came_back_before_anything_was_sent_again_go_out_as_one(sale: Sale) -> None:
    await paid(sale)
    await sale.reverse(600)
    await take_back(sale, 250)
    await pay(sale)

    assert await arrived(sale) == [(1_500, 850), (850, 0)]
    await must_be_paid_once(sale)


async def test_a_part_that_comes_back_while_another_has_no_answer_waits_for_it(sale: Sale) -> None:
    await paid(sale)
    await take_back(sale, 600)
    await sale.fault("drop_after", times=3)
    await pay(sale)
    assert (await sale.attempts())[-1] == ("unknown", 600)
    await take_back(sale, 250)
    await pay(sale)
    await pay(sale)

    assert await arrived(sale) == [(1_500, 850), (600, 0), (250, 0)]
    await must_be_paid_once(sale)


async def test_a_part_of_what_was_sent_again_is_sent_once_more(sale: Sale) -> None:
    await paid(sale)
    await take_back(sale, 600)
    await pay(sale)
    await take_back(sale, 200, attempt=2)
    await pay(sale)
    await take_back(sale, 300)
    await pay(sale)

    assert await arrived(sale) == [(1_500, 900), (600, 200), (200, 0), (300, 0)]
    await must_be_paid_once(sale)


async def test_all_of_a_transfer_after_a_part_of_it_is_sent_again(sale: Sale) -> None:
    await paid(sale)
    await take_back(sale, 600)
    await pay(sale)
    await take_back(sale, 900)
    await take_back(sale, 600, attempt=2)
    assert await sale.posted("pay_funded") == EARNED_MINOR
    await pay(sale)

    assert await arrived(sale) == [(1_500, 1_500), (600, 600), (1_500, 0)]
    await must_be_paid_once(sale)


async def test_two_workers_that_send_what_came_back_make_one_transfer(sale: Sale) -> None:
    await paid(sale)
    await take_back(sale, 600)
    await pay(sale)
    await take_back(sale, 250)
    await sale.pay_twice_at_once()
    await pay(sale)

    assert await arrived(sale) == [(1_500, 850), (600, 0), (250, 0)]
    await must_be_paid_once(sale)
