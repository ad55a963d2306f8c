"""An advertiser pays by invoice: one invoice of exactly the amount, and only settled money counts."""

import asyncio
from datetime import timedelta

import pytest

from partner_network.dashboards.verification import proof
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeUnreachableError
from partner_network.kernel.errors import ConflictError, NotFoundError
from partner_network.payouts import funding_jobs
from partner_network.payouts import jobs as payouts
from partner_network.payouts.actions import compare, fund
from tests import builders
from tests.builders import SHOP, SMALL
from tests.payouts.conftest import EARNED_MINOR, Sale
from tests.payouts.doorstep import doorstep
from tests.payouts.invoicing import ask, asked, call_off, followed, invoices, pay_on_page, the_funding, told

DAY_S = 86_400
STEPS = (
    "POST /v1/invoices",
    "POST /v1/invoiceitems",
    "POST /v1/invoices/{id}/finalize",
    "POST /v1/invoices/{id}/send",
)


async def must_agree(sale: Sale) -> None:
    """Stripe, the books and the proof say the same."""
    await sale.control("settle")
    assert [kind.difference async for kind in proof.verify(sale.stripe) if kind.difference] == []
    assert await compare.compare_with_stripe(sale.stripe, await clock.now()) == []


async def test_an_invoice_is_sent_for_what_is_missing_and_its_payment_pays_the_partner(sale: Sale) -> None:
    await builders.person("till@shop.example", sale.brands[SHOP], "finance")
    funding_id = await asked(sale)

    assert await followed(sale, funding_id) == "processing"

    (invoice,) = await invoices(sale)
    assert (invoice["status"], invoice["total"], invoice["currency"]) == ("open", EARNED_MINOR, "usd")
    # clause 9.1 gives ten days
    assert invoice["due_date"] - invoice["status_transitions"]["finalized_at"] == 10 * DAY_S
    row = await the_funding()
    assert (row["invoice_number"], row["invoice_url"]) == (invoice["number"], invoice["hosted_invoice_url"])
    assert await told("invoice-open") == 2  # the owner and the person of finance
    assert await sale.posted("prepaid", sale.brands[SHOP]) == 0

    assert await pay_on_page() == 303
    await payouts.charge(sale.stripe, payouts.ChargeFunding(funding_id), await clock.now())

    assert (await the_funding())["status"] == "settled"
    assert await sale.transfers_minor() == [EARNED_MINOR]
    assert [await sale.posted(kind) for kind in ("prepaid", "pay", "cash")] == [0, 0, 0]
    await must_agree(sale)


async def test_money_of_an_invoice_counts_when_it_has_settled_and_not_when_it_is_paid(sale: Sale) -> None:
    funding_id = await asked(sale)
    await followed(sale, funding_id)
    await pay_on_page("pm_card_visa")
    assert await followed(sale, funding_id) == "processing"
    assert await sale.posted("prepaid", sale.brands[SHOP]) == 0
    with pytest.raises(ConflictError, match="under way"):
        await call_off(sale, funding_id)
    await sale.control("settle")
    assert await followed(sale, funding_id) == "settled"
    assert await sale.posted("prepaid", sale.brands[SHOP]) == EARNED_MINOR


async def test_a_debit_that_fails_leaves_the_invoice_open_and_says_so(sale: Sale) -> None:
    await builders.person("till@shop.example", sale.brands[SHOP], "finance")
    funding_id = await asked(sale)
    await followed(sale, funding_id)
    await pay_on_page("pm_usBankAccount_insufficientFunds")
    assert await followed(sale, funding_id) == "processing"
    assert (await the_funding())["payment_intent_id"] is not None
    await sale.control("clock", advance_s=5 * DAY_S)

    assert await followed(sale, funding_id) == "processing"

    assert (await the_funding())["payment_intent_id"] is None
    assert await told("payment-failed") == 2
    await pay_on_page()
    assert await followed(sale, funding_id) == "settled"
    await must_agree(sale)


async def test_a_bank_transfer_counts_when_it_covers_the_invoice_whole(sale: Sale) -> None:
    funding_id = await asked(sale)
    await followed(sale, funding_id)
    (invoice,) = await invoices(sale)
    sent = {"customer": invoice["customer"], "currency": "usd"}
    await sale.control("bank-transfers", **sent, amount=1_000)
    assert await followed(sale, funding_id) == "processing"
    assert await sale.posted("prepaid", sale.brands[SHOP]) == 0
    # 1,000 + 900 = 1,900: 1,500 pays the invoice, 400 stays the advertiser's own at Stripe
    await sale.control("bank-transfers", **sent, amount=900)
    assert await followed(sale, funding_id) == "settled"
    assert await sale.posted("prepaid", sale.brands[SHOP]) == EARNED_MINOR
    await must_agree(sale)


async def test_an_invoice_that_is_called_off_is_void_and_another_way_is_free(sale: Sale) -> None:
    funding_id = await asked(sale)
    await followed(sale, funding_id)
    with pytest.raises(ConflictError, match="on its way"):
        await sale.ask_to_pay_in(await clock.now())

    await call_off(sale, funding_id)
    assert await followed(sale, funding_id) == "failed"

    assert (await the_funding())["failure_code"] == "voided"
    assert [one["status"] for one in await invoices(sale)] == ["void"]
    assert await pay_on_page() == 400
    again = await sale.ask_to_pay_in(await clock.now())
    assert await followed(sale, again) == "settled"
    assert await sale.posted("prepaid", sale.brands[SHOP]) == EARNED_MINOR
    with pytest.raises(ConflictError, match="open invoice"):
        await call_off(sale, funding_id)
    await must_agree(sale)


async def test_who_pays_while_it_is_called_off_has_paid(sale: Sale) -> None:
    funding_id = await asked(sale)
    await followed(sale, funding_id)
    await call_off(sale, funding_id)
    await pay_on_page()

    assert await followed(sale, funding_id) == "settled"

    row = await the_funding()
    assert (row["void_asked_at"], row["failure_code"]) == (None, None)
    assert await sale.posted("prepaid", sale.brands[SHOP]) == EARNED_MINOR
    await must_agree(sale)


async def test_an_invoice_that_is_called_off_before_it_was_drafted_asks_for_nothing(sale: Sale) -> None:
    funding_id = await asked(sale)
    await call_off(sale, funding_id)
    assert await followed(sale, funding_id) == "failed"
    assert await invoices(sale) == []


async def test_no_other_brand_calls_an_invoice_off(sale: Sale) -> None:
    funding_id = await asked(sale)
    with pytest.raises(NotFoundError):
        await call_off(sale, funding_id, SMALL)


async def test_an_overdue_invoice_is_reminded_of_once(sale: Sale) -> None:
    await builders.person("till@shop.example", sale.brands[SHOP], "finance")
    funding_id = await asked(sale)
    await followed(sale, funding_id)
    assert await told("invoice-overdue") == 0
    due_at = (await the_funding())["invoice_due_at"]
    for hours in (1, 30):
        await fund.charge_funding(sale.stripe, funding_id, due_at + timedelta(hours=hours))
    assert await told("invoice-overdue") == 2
    await pay_on_page()
    assert await followed(sale, funding_id) == "settled"


@pytest.mark.parametrize("route", STEPS)
@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "500_after", "409", "429"])
async def test_a_step_whose_answer_is_lost_is_taken_once(sale: Sale, route: str, kind: str) -> None:
    funding_id = await asked(sale)
    await sale.control("faults", route=route, kind=kind, times=3)
    lost = 0
    while True:
        try:
            assert await followed(sale, funding_id) == "processing"
            break
        except StripeUnreachableError:
            lost += 1

    assert 1 <= lost <= 3
    assert [(one["status"], one["total"]) for one in await invoices(sale)] == [("open", EARNED_MINOR)]


@pytest.mark.parametrize("route", STEPS)
async def test_a_step_whose_answer_was_lost_for_days_is_found_and_not_taken_again(
    sale: Sale, route: str
) -> None:
    funding_id = await asked(sale)
    await sale.control("faults", route=route, kind="drop_after", times=3)
    with pytest.raises(StripeUnreachableError):
        await followed(sale, funding_id)
    await sale.control("clock", advance_s=2 * DAY_S)  # Stripe has forgotten the keys by now
    async with connections.transaction() as connection:
        await connection.execute("UPDATE fundings SET asked_at = asked_at - interval '2 days'")

    assert await followed(sale, funding_id) == "processing"

    assert [(one["status"], one["total"]) for one in await invoices(sale)] == [("open", EARNED_MINOR)]


async def test_a_request_that_never_reached_stripe_fails_after_a_day_and_the_next_is_another(
    sale: Sale,
) -> None:
    funding_id = await asked(sale)
    await sale.control("faults", route=STEPS[0], kind="drop_before", times=3)
    with pytest.raises(StripeUnreachableError):
        await followed(sale, funding_id)
    async with connections.transaction() as connection:
        await connection.execute("UPDATE fundings SET asked_at = asked_at - interval '1 day'")
    assert await followed(sale, funding_id) == "failed"
    assert (await the_funding())["failure_code"] == "lost"
    assert await followed(sale, await ask(sale)) == "processing"
    assert len(await invoices(sale)) == 1


async def test_workers_at_once_make_one_invoice_and_book_its_payment_once(sale: Sale) -> None:
    funding_id = await asked(sale)
    answers = await asyncio.gather(*(followed(sale, funding_id) for _ in range(3)), return_exceptions=True)
    assert {one for one in answers if not isinstance(one, StripeUnreachableError)} == {"processing"}
    await pay_on_page()
    await asyncio.gather(*(followed(sale, funding_id) for _ in range(3)))
    assert len(await invoices(sale)) == 1
    assert await sale.posted("prepaid", sale.brands[SHOP]) == EARNED_MINOR


async def test_an_invoice_that_stripe_shows_of_another_amount_is_neither_sent_nor_booked(sale: Sale) -> None:
    funding_id = await asked(sale)
    await sale.control("faults", route=STEPS[1], kind="drop_before", times=3)
    with pytest.raises(StripeUnreachableError):
        await followed(sale, funding_id)
    (draft,) = await invoices(sale)
    await sale.ask_stripe(
        "/v1/invoiceitems", customer=draft["customer"], invoice=draft["id"], amount="7", currency="usd"
    )
    with pytest.raises(ConflictError, match="person must look"):
        await followed(sale, funding_id)
    await funding_jobs.look_after_fundings(sale.stripe, await clock.now())  # goes on, with a case
    async with connections.transaction() as connection:
        kinds = [row["kind"] for row in await connection.fetch("SELECT kind FROM cases")]
    assert kinds == ["payment not booked"]
    await call_off(sale, funding_id)  # there is a way out
    assert await followed(sale, funding_id) == "failed"
    assert await invoices(sale) == []


async def test_a_debit_that_paid_an_invoice_and_is_returned_is_owed_again(sale: Sale) -> None:
    funding_id = await asked(sale)
    await followed(sale, funding_id)
    await pay_on_page()
    await followed(sale, funding_id)
    await sale.dispute_funding("lost")

    await payouts.read_movements(sale.stripe, payouts.HeardEvent("du_1", "evt_1"), await clock.now())

    # 1,500 were free of the prepaid and are gone; Stripe's fee of 15.00 for the dispute is the operator's
    assert [await sale.posted(kind) for kind in ("prepaid", "chargeback", "cash")] == [0, 0, -1_500]
    async with connections.transaction() as connection:
        assert await connection.fetchval("SELECT count(*) FROM cases WHERE kind = 'funding returned'") == 1
    await must_agree(sale)


async def test_what_stripe_tells_of_an_invoice_settles_it_without_waiting_for_the_calendar(
    sale: Sale,
) -> None:
    async with doorstep(sale, "invoice.paid", "invoice.payment_failed") as step:
        funding_id = await asked(sale)
        await followed(sale, funding_id)
        await pay_on_page()
        await step.heard(1)
        await step.work()
    assert step.answers == [200]
    assert (await the_funding())["status"] == "settled"
    assert await sale.transfers_minor() == [EARNED_MINOR]
    async with connections.transaction() as connection:
        assert await connection.fetchval("SELECT count(*) FROM stripe_events WHERE handled_at IS NULL") == 0


async def test_the_proof_names_an_invoice_that_was_not_paid_by_what_is_booked(sale: Sale) -> None:
    funding_id = await asked(sale)
    await followed(sale, funding_id)
    await pay_on_page()
    await followed(sale, funding_id)
    await sale.charge_by_hand(EARNED_MINOR)
    other = await sale.stripe.draft_invoice(
        customer=(await the_funding())["customer_id"],
        currency="USD",
        days_until_due=1,
        description="x",
        idempotency_key="x",
        metadata={},
    )
    async with connections.transaction() as connection:
        await connection.execute("UPDATE fundings SET invoice_id = $1", other)

    said = [kind.difference async for kind in proof.verify(sale.stripe) if kind.name == "charges"]

    assert "Stripe shows no invoice that it paid" in str(said)
