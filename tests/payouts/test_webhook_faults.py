"""Whatever happens to Stripe's letters, an advertiser's money comes in once and goes out by one transfer."""

import json
import time
from typing import Any

import httpx
import pytest
import stripe

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.payouts import funding_jobs
from partner_network.payouts import jobs as payouts
from partner_network.payouts.actions import compare, fund
from tests.builders import SHOP, SMALL
from tests.payouts.conftest import EARNED_MINOR, Sale
from tests.payouts.doorstep import KEY, Doorstep, doorstep

DAY_S = 86_400
ARRIVED = "payment_intent.succeeded"
REFUSED = 422


async def debited(sale: Sale) -> None:
    """Have a debit on its way that pays what was earned; its bank decides in four days."""
    async with connections.transaction() as connection:
        await connection.execute(
            "UPDATE stripe_accounts SET payment_method_id = 'pm_usBankAccount_success' WHERE brand_id = $1",
            sale.brands[SHOP],
        )
    await sale.to_be_paid(charge_it=False)
    async with connections.transaction() as connection:
        funding_id = await connection.fetchval("SELECT id FROM fundings")
    assert await fund.charge_funding(sale.stripe, funding_id, await clock.now()) == "processing"


async def bank_decides(sale: Sale) -> None:
    await sale.control("clock", advance_s=5 * DAY_S)


async def must_be_paid_once(sale: Sale) -> None:
    """The ledger says what Stripe says, to the cent, and exactly one transfer went out."""
    await payouts.pay(sale.stripe, await clock.now())
    assert await sale.transfers_minor() == [EARNED_MINOR]
    assert await sale.attempts() == [("settled", EARNED_MINOR)]
    assert [await sale.posted(kind) for kind in ("prepaid", "pay_funded", "payout_clearing", "cash")] == [
        0
    ] * 4
    found = await compare.compare_with_stripe(sale.stripe, await clock.now())
    assert not list(getattr(found, "found", found))


async def stored() -> list[str]:
    async with connections.transaction() as connection:
        rows = await connection.fetch("SELECT type FROM stripe_events ORDER BY type")
    return [row["type"] for row in rows]


async def event_of(sale: Sale, kind: str) -> Any:
    async with httpx.AsyncClient(base_url=sale.stripe_address, headers=KEY) as client:
        answer = await client.get("/v1/events", params={"type": kind})
    return answer.raise_for_status().json()["data"][0]


async def arrive(sale: Sale, step: Doorstep, rings: int) -> None:
    await bank_decides(sale)
    await step.heard(rings)
    await step.work()


async def test_a_lost_letter_is_made_up_for_by_the_calendar(sale: Sale) -> None:
    async with doorstep(sale, ARRIVED) as step:
        await debited(sale)
        await sale.control("letters", kind="lose", times=1, type=ARRIVED)
        await bank_decides(sale)
        assert await step.work() == 0
        assert await sale.posted("prepaid", sale.brands[SHOP]) == 0
        async with connections.transaction() as connection:
            await connection.execute("UPDATE fundings SET read_at = read_at - interval '11 minutes'")

        await funding_jobs.look_after_fundings(sale.stripe, await clock.now())

        assert await stored() == []
    await must_be_paid_once(sale)


async def test_a_letter_that_comes_twice_is_kept_and_worked_through_once(sale: Sale) -> None:
    async with doorstep(sale, ARRIVED) as step:
        await debited(sale)
        await sale.control("letters", kind="double", times=1, type=ARRIVED)
        await arrive(sale, step, 2)
        assert step.answers == [200, 200]
        assert await stored() == [ARRIVED]
    await must_be_paid_once(sale)


async def test_letters_in_reversed_order_say_the_same(sale: Sale) -> None:
    async with doorstep(sale, "payment_intent.processing", ARRIVED) as step:
        await sale.control("letters", kind="reverse", times=2)
        await debited(sale)
        await arrive(sale, step, 2)
        assert await stored() == ["payment_intent.processing", ARRIVED]
    await must_be_paid_once(sale)


async def test_a_letter_that_comes_three_days_late_finds_everything_paid(sale: Sale) -> None:
    async with doorstep(sale, ARRIVED) as step:
        await debited(sale)
        await sale.control("letters", kind="delay", times=1, seconds=3 * DAY_S, type=ARRIVED)
        await bank_decides(sale)
        async with connections.transaction() as connection:
            await connection.execute("UPDATE fundings SET read_at = read_at - interval '11 minutes'")
        await funding_jobs.look_after_fundings(sale.stripe, await clock.now())
        await must_be_paid_once(sale)
        await sale.control("clock", advance_s=3 * DAY_S)
        await step.heard(1)
        assert await step.work() == 1
    await must_be_paid_once(sale)


async def test_a_letter_signed_by_a_stranger_is_refused_and_leaves_no_row(sale: Sale) -> None:
    async with doorstep(sale, ARRIVED) as step:
        await debited(sale)
        await sale.control("letters", kind="forge", times=1, type=ARRIVED)
        await arrive(sale, step, 2)
        assert sorted(step.answers) == [200, REFUSED]
        assert await stored() == [ARRIVED]
    await must_be_paid_once(sale)


@pytest.mark.parametrize("how", ["no signature", "another secret", "a changed body", "signed too long ago"])
async def test_what_is_not_signed_as_it_stands_is_refused_and_leaves_no_row(sale: Sale, how: str) -> None:
    async with doorstep(sale, ARRIVED) as step:
        await debited(sale)
        body = json.dumps(
            {"id": "evt_forged", "type": ARRIVED, "created": 1, "data": {"object": {"id": "pi_forged"}}}
        )
        ago = 600 if how == "signed too long ago" else 0
        signed = stripe.WebhookSignature.generate_signature_header(
            body,
            "whsec_of_a_stranger" if how == "another secret" else step.secret,
            int(time.time()) - ago,
        )
        answer = await step.bring(
            body.replace("pi_forged", "pi_other").encode() if how == "a changed body" else body.encode(),
            "" if how == "no signature" else signed,
        )
        assert answer == REFUSED
        assert await stored() == []
        assert await step.work() == 0
        await arrive(sale, step, 2)
    await must_be_paid_once(sale)


async def test_an_old_letter_sent_again_is_refused_with_its_old_signature_and_changes_nothing_with_a_new_one(
    sale: Sale,
) -> None:
    async with doorstep(sale, ARRIVED) as step:
        await debited(sale)
        await arrive(sale, step, 1)
        await must_be_paid_once(sale)
        event = (await event_of(sale, ARRIVED))["id"]
        await sale.control("clock", advance_s=31 * DAY_S)

        await sale.control("replays", event=event, signed_ago_s=600)
        await step.heard(2)
        await sale.control("replays", event=event)
        await step.heard(3)

        assert step.answers[:3] == [200, REFUSED, 200]
        assert await stored() == [ARRIVED]
        assert await step.work() == 0
    await must_be_paid_once(sale)


async def test_a_thin_letter_twice_and_late_lets_a_partner_be_paid_once(sale: Sale) -> None:
    kind = "v2.core.account[configuration.recipient].capability_status_updated"
    async with doorstep(sale, kind, thin=True) as step:
        await sale.to_be_paid()
        await sale.review(SMALL, "restricted")
        await step.heard(1)
        await step.work()
        await payouts.pay(sale.stripe, await clock.now())
        assert await sale.transfers_minor() == []
        await sale.control("letters", kind="double", times=1, type=kind)
        await sale.review(SMALL, "active")
        await step.heard(3)
        await step.work()
        assert await sale.transfers_minor() == [EARNED_MINOR]
    await payouts.pay(sale.stripe, await clock.now())
    assert await sale.transfers_minor() == [EARNED_MINOR]
