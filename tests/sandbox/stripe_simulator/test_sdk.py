"""What the official SDK sends through our gateway, held to Stripe's description."""

from collections.abc import Mapping

import httpx
import pytest

from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.gateways.stripe_transport import Transport
from tests.sandbox.stripe_simulator.client import KEY, SECRET, Simulator
from tests.sandbox.stripe_simulator.description import Description

Sent = tuple[str, httpx.URL, str]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Sent]:
    """Write down every request on its way out."""
    requests: list[Sent] = []
    send = Transport.request_async

    async def listen(
        self: Transport, method: str, url: str, headers: Mapping[str, str], post_data: str | None = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        requests.append((method.upper(), httpx.URL(url), post_data or ""))
        return await send(self, method, url, headers, post_data)

    monkeypatch.setattr(Transport, "request_async", listen)
    return requests


async def _use_everything(gateway: StripeConnect, simulator: Simulator) -> None:
    account = await gateway.create_recipient(
        brand_id="brd_1", name="Vinyl", email="v@vinyl.example", country="US", idempotency_key="a"
    )
    simulator.http.post(
        await gateway.onboarding_link(
            account.id, return_url="http://127.0.0.1/", refresh_url="http://127.0.0.1/r"
        )
    )
    await gateway.read_account(account.id)
    customer = await gateway.create_customer(
        brand_id="brd_2", name="Nadia", email="n@records.example", idempotency_key="b"
    )
    funding = await gateway.fund(
        amount_minor=5_000,
        currency="USD",
        customer=customer,
        payment_method="pm_card_bypassPending",
        idempotency_key="c",
        metadata={"statement": "stm_1"},
    )
    await gateway.read_funding(funding.payment_intent_id)
    await gateway.read_balance("USD")
    await gateway.send_transfer(
        amount_minor=1_000,
        currency="USD",
        destination=account.id,
        transfer_group="pay_1",
        description="Statement 2026-03-VIN-0001",
        idempotency_key="d",
        metadata={"payout": "pay_1"},
    )
    (transfer,) = await gateway.find_transfers(transfer_group="pay_1", destination=account.id)
    assert [one.id async for one in gateway.transfers_since(transfer.created)] == [transfer.id]
    assert [one.id async for one in gateway.all_transfers()] == [transfer.id]


async def test_every_request_of_the_gateway_obeys_stripes_description(
    simulator: Simulator, description: Description, sent: list[Sent]
) -> None:
    gateway = StripeConnect(secret_key=KEY, api_base=simulator.address, webhook_secret=SECRET, sandbox=True)
    await _use_everything(gateway, simulator)
    await gateway.close()
    routes = {(method, description.template(url.path)) for method, url, _ in sent}
    assert routes == {
        ("GET", "/v1/balance"),
        ("GET", "/v1/payment_intents/{intent}"),
        ("GET", "/v1/transfers"),
        ("GET", "/v2/core/accounts/{id}"),
        ("POST", "/v1/customers"),
        ("POST", "/v1/payment_intents"),
        ("POST", "/v1/transfers"),
        ("POST", "/v2/core/account_links"),
        ("POST", "/v2/core/accounts"),
    }
    for method, url, body in sent:
        description.check_request(method, url, body)


@pytest.mark.parametrize(
    "body",
    [
        "currency=usd",
        "destination=acct_1",
        "currency=usd&destination=acct_1&amount=12.5",
        "currency=usd&destination=acct_1&payee=x",
        "currency=usd&destination[id]=acct_1",
    ],
)
def test_a_request_that_stripe_would_not_take_is_caught(description: Description, body: str) -> None:
    with pytest.raises(AssertionError, match="breaks Stripe's description"):
        description.check_request("POST", httpx.URL("http://127.0.0.1/v1/transfers"), body)
