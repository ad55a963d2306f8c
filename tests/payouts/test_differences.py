"""Whatever our books and Stripe's say differently is found, and is a case until it is gone."""

from datetime import timedelta

import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.payouts import jobs as payouts
from partner_network.payouts.actions import compare, movements
from tests.payouts.conftest import EARNED_MINOR, Sale
from tests.payouts.listing import Listing

DAY_S = 86_400


async def paid(sale: Sale) -> None:
    await sale.to_be_paid()
    await payouts.pay(sale.stripe, await clock.now())
    assert await compared(sale) == {}


async def compared(sale: Sale) -> dict[str, str]:
    """Return what is said of each kind of difference."""
    found = await compare.compare_with_stripe(sale.stripe, await clock.now())
    return {one.kind: one.said for one in found}


async def change(*statements: str) -> None:
    async with connections.transaction() as connection:
        for one in statements:
            await connection.execute(one)


async def open_kinds() -> set[str]:
    async with connections.transaction() as connection:
        rows = await connection.fetch("SELECT kind FROM cases WHERE closed_at IS NULL")
    return {row["kind"] for row in rows}


async def test_a_transfer_that_we_booked_and_stripe_does_not_show(sale: Sale) -> None:
    await paid(sale)
    await change("UPDATE payout_attempts SET stripe_transfer_id = 'tr_gone'")

    found = await compared(sale)

    assert set(found) == {"transfer differs", "transfer not booked"}
    assert found["transfer differs"] == "Stripe does not show a transfer we booked."
    assert await open_kinds() == set(found)


@pytest.mark.parametrize("changed", ["amount_minor = amount_minor - 1", "destination = 'acct_other'"])
async def test_a_transfer_of_another_amount_or_to_another_account(sale: Sale, changed: str) -> None:
    await paid(sale)
    await change(f"UPDATE payout_attempts SET {changed}")

    assert await compared(sale) == {"transfer differs": "Stripe shows another amount or another destination."}


async def test_an_accepted_transfer_is_compared_with_the_balance_before_it_is_settled(sale: Sale) -> None:
    await paid(sale)
    await change(
        "UPDATE payout_attempts SET status = 'accepted', destination = 'acct_other'",
    )

    # Nothing is settled that differs: its amount has left Stripe's balance and, in this test, ours as well.
    assert (await compared(sale))["balance differs"] == (
        "Our books expect -$15.00 at Stripe; its balance is $0.00."
    )


async def test_a_webhook_that_no_job_worked_through(sale: Sale) -> None:
    now = await clock.now()
    async with connections.transaction() as connection:
        await connection.execute(
            """INSERT INTO stripe_events (event_id, type, object_id, payload, received_at)
               VALUES ('evt_lost', 'payment_intent.succeeded', 'pi_1', '', $1)""",
            now - timedelta(hours=2),
        )

    assert await compared(sale) == {"event not handled": "payment_intent.succeeded waits for its job."}
    await change("UPDATE stripe_events SET handled_at = now()")
    assert await compared(sale) == {}
    assert await open_kinds() == set()


async def test_money_that_left_the_balance_without_us(sale: Sale) -> None:
    await paid(sale)
    await sale.top_up(5_000)
    assert await compared(sale) == {}
    await sale.ask_stripe("/v1/payouts", amount="2000", currency="usd")

    found = await compared(sale)

    assert await open_kinds() == {"movement not booked", "balance differs"}
    assert found["balance differs"].startswith("Our books expect $50.00 at Stripe; its balance is $30.00.")


async def test_a_payment_that_has_settled_at_stripe_and_is_in_no_book(sale: Sale) -> None:
    await paid(sale)
    await change("UPDATE fundings SET payment_intent_id = 'pi_gone'")

    found = await compared(sale)

    assert found == {
        "payment differs": "We booked $15.00; Stripe shows no such payment.",
        "payment not booked": "Stripe took $15.00, which is no funding of ours.",
        "balance differs": "Our books expect $15.00 at Stripe; its balance is $0.00.",
    }


async def test_a_payment_of_another_amount(sale: Sale) -> None:
    await paid(sale)
    await change("UPDATE fundings SET amount_minor = 1400")

    assert await compared(sale) == {"payment differs": "We booked $14.00; Stripe shows $15.00."}


async def test_a_fee_that_stripe_kept_and_we_did_not_book(sale: Sale) -> None:
    await paid(sale)
    await change(
        "ALTER TABLE stripe_transactions DISABLE TRIGGER append_only",
        "UPDATE stripe_transactions SET fee_minor = fee_minor + 5 WHERE kind = 'charge'",
        "ALTER TABLE stripe_transactions ENABLE TRIGGER append_only",
    )

    assert await compared(sale) == {"fee not booked": "Stripe kept $0.05; we booked $0.00."}


async def test_a_payment_whose_webhook_was_lost_is_booked_by_the_comparison(sale: Sale) -> None:
    await paid(sale)
    await change(
        """INSERT INTO fundings (id, advertiser_id, amount_minor, currency, idempotency_key, status,
               requested_by, requested_at)
           SELECT gen_random_uuid(), advertiser_id, 700, currency, 'lost', 'processing', requested_by, now()
           FROM fundings"""
    )
    charged = await sale.charge_by_hand(700)
    await change(f"UPDATE fundings SET payment_intent_id = '{charged}' WHERE status = 'processing'")

    assert await compared(sale) == {}
    assert await sale.posted("prepaid") == 700


async def test_the_transfer_of_an_attempt_that_nobody_answered_is_not_called_a_strangers(sale: Sale) -> None:
    await sale.to_be_paid()
    await sale.fault("drop_after", times=3)
    await payouts.pay(sale.stripe, await clock.now())
    assert await sale.attempts() == [("unknown", EARNED_MINOR)]

    comparison = await compare.compare(sale.stripe, await clock.now())

    assert comparison.found == []
    assert comparison.not_compared == {"balance differs", "transfer not booked"}


async def test_what_was_read_is_not_read_again_at_each_webhook(sale: Sale, listing: Listing) -> None:
    for _ in range(6):
        await sale.top_up(100)
    await sale.control("clock", advance_s=2 * DAY_S)
    await sale.top_up(100)

    assert await listing.asked_by(sale) == 4
    assert await listing.asked_by(sale) == 1
    assert await sale.posted("own") == 700


async def test_a_movement_that_stripe_lists_late_is_booked(sale: Sale, listing: Listing) -> None:
    await sale.top_up(100)
    late = await sale.bring(30)
    listing.hidden.add(late)
    await sale.control("clock", advance_s=1_800)
    await sale.top_up(100)
    await movements.book_movements(sale.stripe, await clock.now())
    assert await sale.posted("own") == 200

    listing.hidden.clear()
    await movements.book_movements(sale.stripe, await clock.now())

    assert await sale.posted("own") == 230


async def test_a_movement_that_was_never_listed_is_found_by_the_balance(sale: Sale, listing: Listing) -> None:
    late = await sale.bring(30)
    listing.hidden.add(late)
    await sale.control("clock", advance_s=9 * DAY_S)
    await sale.top_up(100)
    await movements.book_movements(sale.stripe, await clock.now())
    listing.hidden.clear()
    await movements.book_movements(sale.stripe, await clock.now())
    assert await sale.posted("own") == 100

    assert await compared(sale) == {}
    assert await sale.posted("own") == 130
