"""Money that comes back, through the official SDK: requests and answers obey Stripe's description."""

import json
from collections.abc import AsyncGenerator, Mapping

import httpx
import pytest
import stripe

from partner_network.gateways.stripe_transport import Transport
from tests.sandbox.stripe_simulator.client import KEY, Simulator
from tests.sandbox.stripe_simulator.description import Description


@pytest.fixture
async def sdk(
    simulator: Simulator, description: Description, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[stripe.StripeClient]:
    """Stripe's own client, each of whose requests and answers is held to the description."""
    send = Transport.request_async

    async def listen(
        self: Transport, method: str, url: str, headers: Mapping[str, str], post_data: str | None = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        address = httpx.URL(url)
        description.check_request(method.upper(), address, post_data or "")
        body, status, received = await send(self, method, url, headers, post_data)
        description.check_answer(method, address.path, status, json.loads(body))
        return body, status, received

    monkeypatch.setattr(Transport, "request_async", listen)
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.001)
    transport = Transport(real=False)
    yield stripe.StripeClient(
        KEY, max_network_retries=2, http_client=transport, base_addresses={"api": simulator.address}
    )
    await transport.close_async()


async def test_a_transfer_is_reversed_in_part_and_the_rest_paid_out(
    sdk: stripe.StripeClient, simulator: Simulator
) -> None:
    simulator.fund(5_000)
    partner = simulator.recipient()
    theirs: stripe.RequestOptions = {"stripe_account": partner}
    transfer = await sdk.v1.transfers.create_async(
        {"amount": 3_000, "currency": "usd", "destination": partner, "transfer_group": "pay_1"}
    )
    reversal = await sdk.v1.transfers.reversals.create_async(transfer.id, {"amount": 1_000})
    again = await sdk.v1.transfers.retrieve_async(transfer.id, {"expand": ["balance_transaction"]})
    assert (again.amount_reversed, [one.id for one in again.reversals.data]) == (1_000, [reversal.id])
    payout = await sdk.v1.payouts.create_async({"amount": 2_000, "currency": "usd"}, theirs)
    simulator.pass_days(2)
    paid = await sdk.v1.payouts.retrieve_async(payout.id, {}, theirs)
    balance = await sdk.v1.balance.retrieve_async({}, theirs)
    assert (paid.status, balance.available[0].amount) == ("paid", 0)
    page = await sdk.v1.balance_transactions.list_async({"limit": 1}, theirs)
    walked = [(one.type, one.amount) async for one in page.auto_paging_iter()]
    assert walked == [("payout", -2_000), ("payment_refund", -1_000), ("payment", 3_000)]


async def test_a_daily_payout_leads_back_to_its_transfers(
    sdk: stripe.StripeClient, simulator: Simulator
) -> None:
    simulator.fund(5_000)
    partner = simulator.recipient()
    theirs: stripe.RequestOptions = {"stripe_account": partner}
    sent = [simulator.transfer(amount, partner).json()["id"] for amount in (1_000, 500)]
    simulator.pass_days(1)
    (payout,) = (await sdk.v1.payouts.list_async({}, theirs)).data
    page = await sdk.v1.balance_transactions.list_async(
        {"payout": payout.id, "type": "payment", "expand": ["data.source"]}, theirs
    )
    payments = [one.source for one in page.data]
    found = [payment.source_transfer for payment in payments if isinstance(payment, stripe.Charge)]
    assert sorted(map(str, found)) == sorted(sent)


async def test_a_bank_that_refused_is_replaced(sdk: stripe.StripeClient, simulator: Simulator) -> None:
    partner = simulator.recipient()
    bank = await sdk.v1.accounts.external_accounts.create_async(
        partner,
        {
            "bank_account": {  # pyright: ignore[reportArgumentType]  # the SDK has no type for it
                "country": "US",
                "currency": "usd",
                "routing_number": "110000000",
                "account_number": "000111111116",
            },
            "default_for_currency": True,
        },
    )
    simulator.fund(5_000)
    simulator.transfer(3_000, partner)
    simulator.pass_days(3)
    (payout,) = (await sdk.v1.payouts.list_async({"status": "failed"}, {"stripe_account": partner})).data
    assert (payout.failure_code, payout.destination) == ("no_account", bank.id)
    assert payout.failure_balance_transaction is not None


async def test_a_returned_debit_is_found_as_a_lost_dispute_with_its_fee(
    sdk: stripe.StripeClient, simulator: Simulator
) -> None:
    method = await sdk.v1.payment_methods.create_async(
        {
            "type": "sepa_debit",
            "sepa_debit": {"iban": "DE35370400440532013002"},
            "billing_details": {"name": "Nadia's Records", "email": "nadia@records.example"},
        }
    )
    intent = await sdk.v1.payment_intents.create_async(
        {
            "amount": 10_000,
            "currency": "eur",
            "payment_method": method.id,
            "confirm": True,
            "off_session": True,
        }
    )
    assert intent.status == "processing"
    simulator.pass_days(5)
    (dispute,) = (await sdk.v1.disputes.list_async({"payment_intent": intent.id})).data
    assert dispute.status == "lost"
    assert [(one.type, one.net) for one in dispute.balance_transactions] == [("adjustment", -11_000)]


async def test_a_dispute_is_won_a_charge_refunded_and_the_balance_topped_up(
    sdk: stripe.StripeClient, simulator: Simulator
) -> None:
    intent = simulator.fund(5_000, card="pm_card_createDispute")
    (dispute,) = (await sdk.v1.disputes.list_async({"charge": intent["latest_charge"]})).data
    won = await sdk.v1.disputes.update_async(
        dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": True}
    )
    refund = await sdk.v1.refunds.create_async({"payment_intent": simulator.fund(700)["id"], "amount": 200})
    topup = await sdk.v1.topups.create_async({"amount": 900, "currency": "usd"})
    canceled = await sdk.v1.topups.cancel_async(topup.id)
    assert (won.status, refund.status, canceled.status) == ("won", "succeeded", "canceled")


async def test_the_sdk_tries_again_after_a_dropped_line_and_nothing_is_done_twice(
    sdk: stripe.StripeClient, simulator: Simulator
) -> None:
    simulator.fund(5_000)
    partner = simulator.recipient()
    made = simulator.transfer(3_000, partner).json()
    route = "POST /v1/transfers/{id}/reversals"
    simulator.control("faults", {"route": route, "kind": "drop_after"})
    reversal = await sdk.v1.transfers.reversals.create_async(made["id"], {"amount": 1_000})
    listed = await sdk.v1.transfers.reversals.list_async(made["id"])
    assert [one.id for one in listed.data] == [reversal.id]
