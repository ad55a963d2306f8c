"""An advertiser pays once, whatever is lost on the way, and is told what to do where it cannot."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeUnreachableError
from partner_network.kernel.errors import ConflictError
from partner_network.payouts import funding_jobs
from partner_network.payouts.actions import fund
from tests import builders
from tests.builders import SHOP
from tests.payouts.conftest import EARNED_MINOR, Sale

ROUTE = "POST /v1/payment_intents"
DAY_S = 86_400


async def ask(sale: Sale) -> UUID:
    """Ask for the payment that is missing, as the advertiser's finance does."""
    async with connections.transaction() as connection:
        return await fund.request_funding(
            connection,
            advertiser_id=sale.brands[SHOP],
            amount_minor=EARNED_MINOR,
            currency="USD",
            requested_by=sale.owners[SHOP],
            now=await clock.now(connection),
        )


async def signed_off(sale: Sale) -> None:
    """Have a statement that waits to be funded, and no payment yet."""
    await sale.to_be_paid(charge_it=False)
    async with connections.transaction() as connection:
        await connection.execute("DELETE FROM fundings")


async def charged(sale: Sale, funding_id: UUID) -> str:
    return await fund.charge_funding(sale.stripe, funding_id, await clock.now())


async def grow_old(funding_id: UUID, age: timedelta) -> None:
    """Let time pass for us and for Stripe since the payment was asked for."""
    async with connections.transaction() as connection:
        await connection.execute(
            "UPDATE fundings SET asked_at = asked_at - $2::interval WHERE id = $1", funding_id, age
        )


async def look_again(sale: Sale) -> None:
    """Let the calendar come by a while after it last looked."""
    async with connections.transaction() as connection:
        await connection.execute("UPDATE fundings SET read_at = read_at - interval '11 minutes'")
    await funding_jobs.look_after_fundings(sale.stripe, await clock.now())


async def listed(sale: Sale, what: str = "payment_intents") -> list[Any]:
    async with httpx.AsyncClient(base_url=sale.stripe_address) as client:
        answer = await client.get(f"/v1/{what}?limit=100", headers={"authorization": "Bearer sk_test_sale"})
    return answer.raise_for_status().json()["data"]


async def taken_minor(sale: Sale) -> int:
    """Return what Stripe took from the advertiser, whatever we believe."""
    return sum(one["amount"] for one in await listed(sale) if one["status"] in {"succeeded", "processing"})


async def lose_answers(sale: Sale, kind: str, times: int = 3) -> None:
    async with httpx.AsyncClient(base_url=sale.stripe_address) as client:
        body = {"route": ROUTE, "kind": kind, "times": times}
        (await client.post("/_simulator/faults", json=body)).raise_for_status()


async def pay_with(sale: Sale, method: str) -> None:
    async with connections.transaction() as connection:
        await connection.execute(
            "UPDATE stripe_accounts SET payment_method_id = $2 WHERE brand_id = $1", sale.brands[SHOP], method
        )


async def test_two_people_who_pay_in_at_once_ask_for_one_payment(sale: Sale) -> None:
    await signed_off(sale)

    answers = await asyncio.gather(*(ask(sale) for _ in range(4)), return_exceptions=True)

    assert sum(isinstance(one, ConflictError) for one in answers) == 3
    async with connections.transaction() as connection:
        assert await connection.fetchval("SELECT count(*) FROM fundings") == 1


async def test_two_workers_that_charge_one_payment_at_once_take_it_once(sale: Sale) -> None:
    await signed_off(sale)
    funding_id = await ask(sale)

    await asyncio.gather(*(charged(sale, funding_id) for _ in range(3)))

    assert await taken_minor(sale) == EARNED_MINOR
    assert await sale.posted("prepaid", sale.brands[SHOP]) == EARNED_MINOR


@pytest.mark.parametrize("kind", ["drop_after", "500_after"])
async def test_a_payment_whose_answer_was_lost_for_days_is_found_and_not_taken_again(
    sale: Sale, kind: str
) -> None:
    await signed_off(sale)
    funding_id = await ask(sale)
    await lose_answers(sale, kind)
    with pytest.raises(StripeUnreachableError):
        await charged(sale, funding_id)
    await sale.control("clock", advance_s=2 * DAY_S)  # Stripe has forgotten the key by now
    await grow_old(funding_id, timedelta(days=2))

    assert await charged(sale, funding_id) == "settled"

    assert await taken_minor(sale) == EARNED_MINOR
    assert await sale.posted("prepaid", sale.brands[SHOP]) == EARNED_MINOR


async def test_another_card_saved_meanwhile_changes_nothing_about_a_payment_that_was_asked_for(
    sale: Sale,
) -> None:
    await signed_off(sale)
    funding_id = await ask(sale)
    await lose_answers(sale, "drop_after")
    with pytest.raises(StripeUnreachableError):
        await charged(sale, funding_id)
    await pay_with(sale, "pm_card_visa")

    assert await charged(sale, funding_id) == "settled"
    assert await taken_minor(sale) == EARNED_MINOR


async def test_a_payment_that_never_reached_stripe_fails_after_a_day_and_the_next_is_another(
    sale: Sale,
) -> None:
    await signed_off(sale)
    funding_id = await ask(sale)
    await lose_answers(sale, "drop_before")
    with pytest.raises(StripeUnreachableError):
        await charged(sale, funding_id)
    with pytest.raises(ConflictError, match="on its way"):
        await ask(sale)
    await grow_old(funding_id, timedelta(days=1))

    assert await charged(sale, funding_id) == "failed"
    assert await charged(sale, await ask(sale)) == "settled"
    assert await taken_minor(sale) == EARNED_MINOR


async def test_a_debit_that_the_bank_refuses_days_later_fails_and_the_next_try_is_a_new_payment(
    sale: Sale,
) -> None:
    await signed_off(sale)
    await builders.person("till@shop.example", sale.brands[SHOP], "finance")
    await pay_with(sale, "pm_usBankAccount_insufficientFunds")
    funding_id = await ask(sale)
    assert await charged(sale, funding_id) == "processing"
    await sale.control("clock", advance_s=6 * DAY_S)

    await look_again(sale)

    async with connections.transaction() as connection:
        row = await connection.fetchrow("SELECT status, failure, failure_code FROM fundings")
        told = await connection.fetchval("SELECT count(*) FROM notifications WHERE kind = 'payment-failed'")
    assert row is not None
    assert (row["status"], row["failure_code"]) == ("failed", "declined")
    assert "could not be debited" in row["failure"]
    assert told
    await pay_with(sale, "pm_card_bypassPending")
    assert await charged(sale, await ask(sale)) == "settled"
    assert len({one["id"] for one in await listed(sale)}) == 2


async def test_money_of_a_card_counts_when_it_has_settled_though_no_webhook_says_so(sale: Sale) -> None:
    await signed_off(sale)
    await pay_with(sale, "pm_card_visa")
    assert await charged(sale, await ask(sale)) == "processing"
    assert await sale.posted("prepaid", sale.brands[SHOP]) == 0
    await sale.control("settle")

    await look_again(sale)

    assert await sale.posted("prepaid", sale.brands[SHOP]) == EARNED_MINOR


async def test_a_payment_that_the_bank_wants_confirmed_says_so_and_what_to_do(sale: Sale) -> None:
    await signed_off(sale)
    await pay_with(sale, "pm_card_authenticationRequired")

    assert await charged(sale, await ask(sale)) == "failed"

    async with connections.transaction() as connection:
        code = await connection.fetchval("SELECT failure_code FROM fundings")
    assert code == "confirm"
