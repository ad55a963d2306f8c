"""Money that comes back is booked once, to the cent, and goes where it belongs."""

from partner_network.dashboards.verification import proof
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.payouts import jobs as payouts
from partner_network.payouts import queries as payout_queries
from partner_network.payouts import rules
from partner_network.payouts.actions import compare, movements
from partner_network.statements import queries as statement_queries
from tests.builders import SHOP, SMALL
from tests.payouts.conftest import EARNED_MINOR, Sale


async def must_prove(sale: Sale) -> None:
    """Everything that is booked follows from facts, and Stripe says the same."""
    differences = [kind.difference async for kind in proof.verify(sale.stripe) if kind.difference]
    assert differences == []
    assert await compare.compare_with_stripe(sale.stripe, await clock.now()) == []


async def paid(sale: Sale) -> None:
    await sale.to_be_paid()
    await payouts.pay(sale.stripe, await clock.now())
    assert await sale.attempts() == [("settled", EARNED_MINOR)]


async def status() -> str:
    async with connections.transaction() as connection:
        (statement,) = await statement_queries.statements(connection)
    return statement.status


async def test_part_of_a_transfer_that_stripe_took_back_is_sent_again_under_the_same_approval(
    sale: Sale,
) -> None:
    await paid(sale)
    await sale.reverse(600)
    now = await clock.now()

    assert await movements.book_movements(sale.stripe, now) >= 1
    assert await sale.posted("pay_funded") == 600
    assert await status() == "part_paid"
    assert await movements.book_movements(sale.stripe, now) == 0
    await payouts.pay(sale.stripe, now)

    assert await sale.attempts() == [("reversed", EARNED_MINOR), ("settled", 600)]
    assert sorted(await sale.transfers_minor()) == [600, EARNED_MINOR]
    assert await status() == "paid"
    assert [await sale.posted(kind) for kind in ("pay_funded", "payout_clearing")] == [0, 0]
    await must_prove(sale)


async def test_a_whole_transfer_that_stripe_took_back_is_owed_again(sale: Sale) -> None:
    await paid(sale)
    await sale.reverse(EARNED_MINOR)
    await movements.book_movements(sale.stripe, await clock.now())

    assert await status() == "approved"
    assert await sale.posted("pay_funded") == EARNED_MINOR
    await payouts.pay(sale.stripe, await clock.now())
    assert await sale.attempts() == [("reversed", EARNED_MINOR), ("settled", EARNED_MINOR)]
    await must_prove(sale)


async def test_a_settled_payment_taken_back_stops_the_payouts_until_it_is_paid_again(sale: Sale) -> None:
    await sale.to_be_paid(fund_it=True)
    await sale.dispute_funding("lost")
    now = await clock.now()
    await movements.book_movements(sale.stripe, now)

    # All of it had funded the statement: nothing of it was free.
    assert await sale.posted("chargeback", sale.brands[SHOP]) == EARNED_MINOR
    await payouts.pay(sale.stripe, now)
    assert await sale.transfers_minor() == []
    async with connections.transaction() as connection:
        held = await connection.fetchval("SELECT held_reason FROM payouts")
        cases = await connection.fetch("SELECT kind FROM cases WHERE closed_at IS NULL")
        need = await payout_queries.need_of(connection, sale.brands[SHOP], "USD")
    assert held == rules.PAYER_OWES
    assert [row["kind"] for row in cases] == ["funding returned"]
    assert need.missing_minor == EARNED_MINOR

    await sale.pay_in()
    # The fee of the dispute is the operator's: Stripe's balance lacks it until the operator brings it.
    assert await sale.attempts() == [("failed", EARNED_MINOR)]
    await sale.top_up(5_000)
    await movements.book_movements(sale.stripe, await clock.now())
    assert await sale.posted("own") == 5_000
    await payouts.pay(sale.stripe, await clock.now())

    assert await sale.posted("chargeback", sale.brands[SHOP]) == 0
    assert await sale.posted("prepaid", sale.brands[SHOP]) == 0
    assert (await sale.attempts())[-1] == ("settled", EARNED_MINOR)
    await must_prove(sale)


async def test_a_dispute_that_is_won_gives_payment_and_fee_back(sale: Sale) -> None:
    await sale.to_be_paid(fund_it=True)
    dispute = await sale.dispute_funding(None)
    await movements.book_movements(sale.stripe, await clock.now())
    assert await sale.posted("stripe_fees") > 0
    fees_before = await sale.posted("stripe_fees")

    await sale.decide(dispute, "won")
    await movements.book_movements(sale.stripe, await clock.now())
    await payouts.pay(sale.stripe, await clock.now())

    assert await sale.posted("chargeback", sale.brands[SHOP]) == 0
    assert await sale.posted("stripe_fees") < fees_before
    assert await sale.attempts() == [("settled", EARNED_MINOR)]
    await must_prove(sale)


async def test_a_transfer_of_somebody_elses_making_is_a_case_that_finance_owns(sale: Sale) -> None:
    await paid(sale)
    await sale.send_by_hand(SMALL, 500)

    found = await compare.compare_with_stripe(sale.stripe, await clock.now())

    assert {one.kind for one in found} == {"transfer not booked", "payment not booked", "balance differs"}
    async with connections.transaction() as connection:
        owners = await connection.fetch("SELECT DISTINCT owner_id FROM cases WHERE closed_at IS NULL")
    assert {row["owner_id"] for row in owners} == {sale.preparer.id, sale.approver.id}
    again = await compare.compare_with_stripe(sale.stripe, await clock.now())
    assert again == found
