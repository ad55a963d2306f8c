import json
from collections.abc import AsyncGenerator, Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from partner_network.gateways import stripe_connect
from partner_network.gateways.stripe_connect import (
    Accepted,
    Balance,
    ConnectedAccount,
    Later,
    OurFault,
    Refused,
    StripeConnect,
    StripeRefusedError,
    StripeUnreachableError,
    TransferOutcome,
    Unknown,
)
from partner_network.kernel.errors import InvalidError, NotFoundError
from partner_network.sandbox.stripe_simulator import process

KEY = "sk_test_of_the_tests"
SECRET = "whsec_of_the_tests"
TRANSFERS = "POST /v1/transfers"
PAYMENTS = "POST /v1/payment_intents"
FOREVER = 99


class World:
    """The simulator behind the gateway, and what its operator can do there."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.http = httpx.Client(base_url=address, trust_env=False, verify=False)  # noqa: S501 -- no certificates on loopback

    def control(self, name: str, body: dict[str, Any] | None = None) -> None:
        self.http.post(f"/_simulator/{name}", json=body).raise_for_status()

    def break_(self, kind: str, *, times: int = FOREVER, route: str = TRANSFERS) -> None:
        self.control("faults", {"route": route, "kind": kind, "times": times})

    def transferred(self) -> dict[str, dict[str, int]]:
        return self.http.get("/_simulator/books").json()["transferred"]

    def close_account(self, account_id: str) -> None:
        path = f"/v2/core/accounts/{account_id}/close"
        self.http.post(path, json={}, headers={"Authorization": f"Bearer {KEY}"}).raise_for_status()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    with process.running(tmp_path_factory.mktemp("stripe") / "state.sqlite") as address:
        yield address


@pytest.fixture
def world(address: str, monkeypatch: pytest.MonkeyPatch) -> Generator[World]:
    """An empty Stripe; the SDK does not wait long between its tries."""
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.001)
    world = World(address)
    world.control("reset")
    yield world
    world.http.close()


@pytest.fixture
async def gateway(world: World) -> AsyncGenerator[StripeConnect]:
    gateway = StripeConnect(secret_key=KEY, api_base=world.address, webhook_secret=SECRET, sandbox=True)
    yield gateway
    await gateway.close()


async def fund(gateway: StripeConnect, amount_minor: int, *, card: str = "pm_card_bypassPending") -> str:
    """Bring an advertiser's money in; return the payment's id."""
    customer = await gateway.create_customer(
        brand_id="brd_shop", name="Nadia's Records", email="nadia@records.example", idempotency_key="brd_shop"
    )
    funding = await gateway.fund(
        amount_minor=amount_minor,
        currency="USD",
        customer=customer,
        payment_method=card,
        idempotency_key=f"fund {amount_minor} {card}",
        metadata={"statement": "stm_1"},
    )
    return funding.payment_intent_id


async def recipient(gateway: StripeConnect, world: World, *, onboarded: bool = True) -> str:
    """Open a partner's account, and finish its onboarding in the hosted page."""
    account = await gateway.create_recipient(
        brand_id="brd_vinyl",
        name="Vinyl Weekly",
        email="money@vinyl.example",
        country="US",
        idempotency_key="brd_vinyl",
    )
    if onboarded:
        link = await gateway.onboarding_link(
            account.id, return_url="http://127.0.0.1/back", refresh_url="http://127.0.0.1/again"
        )
        world.http.post(link)
    return account.id


async def send(
    gateway: StripeConnect,
    destination: str,
    *,
    amount_minor: int = 1_000,
    key: str = "pay_1.1",
    group: str = "pay_1",
) -> TransferOutcome:
    return await gateway.send_transfer(
        amount_minor=amount_minor,
        currency="USD",
        destination=destination,
        transfer_group=group,
        description="Statement 2026-03-VIN-0001",
        idempotency_key=key,
        metadata={"payout": group},
    )


# Who may speak to whom


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1", "", "whatever"])
def test_the_sandbox_takes_no_live_key(key: str) -> None:
    with pytest.raises(ValueError, match="test keys only"):
        StripeConnect(secret_key=key, api_base="http://127.0.0.1:1", webhook_secret=SECRET, sandbox=True)


def test_a_live_key_goes_to_no_other_address() -> None:
    with pytest.raises(ValueError, match="to Stripe alone"):
        StripeConnect(
            secret_key="sk_live_1", api_base="http://127.0.0.1:1", webhook_secret=SECRET, sandbox=False
        )


async def test_a_live_key_outside_the_sandbox_is_taken() -> None:
    live = StripeConnect(secret_key="sk_live_1", api_base=None, webhook_secret=SECRET, sandbox=False)
    await live.close()


def test_the_sdk_sends_no_telemetry() -> None:
    assert stripe_connect.stripe.enable_telemetry is False


# Recipients


async def test_a_recipient_may_receive_only_after_onboarding(gateway: StripeConnect, world: World) -> None:
    account_id = await recipient(gateway, world, onboarded=False)
    before = await gateway.read_account(account_id)
    assert (before, before.may_receive) == (ConnectedAccount(account_id, "restricted"), False)
    assert await recipient(gateway, world) == account_id
    after = await gateway.read_account(account_id)
    assert (after, after.may_receive) == (ConnectedAccount(account_id, "active"), True)


async def test_a_closed_account_may_not_receive(gateway: StripeConnect, world: World) -> None:
    account_id = await recipient(gateway, world)
    world.close_account(account_id)
    assert await gateway.read_account(account_id) == ConnectedAccount(account_id, "closed")


async def test_an_unknown_account_is_not_found(gateway: StripeConnect) -> None:
    with pytest.raises(NotFoundError, match="acct_unheard_of"):
        await gateway.read_account("acct_unheard_of")


# Funding


async def test_funds_of_the_bypass_card_are_available_at_once(gateway: StripeConnect) -> None:
    funding = await gateway.read_funding(await fund(gateway, 5_000))
    assert (funding.status, funding.amount_minor, funding.fee_minor, funding.available) == (
        "succeeded", 5_000, 0, True,
    )  # fmt: skip
    assert await gateway.read_balance("USD") == Balance(available_minor=5_000, pending_minor=0)


async def test_funds_of_an_ordinary_card_are_available_when_they_settle(
    gateway: StripeConnect, world: World
) -> None:
    payment = await fund(gateway, 5_000, card="pm_card_visa")
    assert (await gateway.read_funding(payment)).available is False
    assert await gateway.read_balance("USD") == Balance(available_minor=0, pending_minor=5_000)
    world.control("settle")
    assert (await gateway.read_funding(payment)).available is True
    assert await gateway.read_balance("USD") == Balance(available_minor=5_000, pending_minor=0)


async def test_stripes_fee_is_told_with_the_funding(tmp_path: Path) -> None:
    with process.running(tmp_path / "state.sqlite", fee_ppm=29_000) as address:
        gateway = StripeConnect(secret_key=KEY, api_base=address, webhook_secret=SECRET, sandbox=True)
        funding = await gateway.read_funding(await fund(gateway, 10_000))
        balance = await gateway.read_balance("USD")
        await gateway.close()
    assert (funding.amount_minor, funding.fee_minor) == (10_000, 290)
    assert balance.available_minor == 9_710


async def test_funding_twice_with_one_key_charges_once(gateway: StripeConnect) -> None:
    assert await fund(gateway, 5_000) == await fund(gateway, 5_000)
    assert (await gateway.read_balance("USD")).available_minor == 5_000


async def test_a_declined_payment_says_what_to_do(gateway: StripeConnect) -> None:
    with pytest.raises(InvalidError, match=r"declined.*Use another payment method\."):
        await fund(gateway, 5_000, card="pm_card_chargeDeclined")


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "409", "429", "500"])
async def test_funding_without_a_usable_answer_may_be_sent_again(
    gateway: StripeConnect, world: World, kind: str
) -> None:
    world.break_(kind, route=PAYMENTS)
    with pytest.raises(StripeUnreachableError):
        await fund(gateway, 5_000)


async def test_funding_that_lost_its_answer_is_charged_once(gateway: StripeConnect, world: World) -> None:
    world.break_("drop_after", times=3, route=PAYMENTS)
    with pytest.raises(StripeUnreachableError):
        await fund(gateway, 5_000)
    await fund(gateway, 5_000)
    assert (await gateway.read_balance("USD")).available_minor == 5_000


async def test_a_balance_that_stripe_does_not_name_is_zero(gateway: StripeConnect) -> None:
    assert await gateway.read_balance("SEK") == Balance(available_minor=0, pending_minor=0)


async def test_a_wrong_amount_is_our_own_mistake(gateway: StripeConnect) -> None:
    with pytest.raises(StripeRefusedError, match="amount_too_small"):
        await fund(gateway, 49)


# Transfers: each row of the table in DESIGN section 7


async def test_an_accepted_transfer_is_named_and_found(gateway: StripeConnect, world: World) -> None:
    await fund(gateway, 5_000)
    partner = await recipient(gateway, world)
    sent = await send(gateway, partner)
    (found,) = await gateway.find_transfers(transfer_group="pay_1", destination=partner)
    assert sent == Accepted(found.id)
    assert (found.amount_minor, found.reversed_minor, found.currency, found.destination) == (
        1_000,
        0,
        "USD",
        partner,
    )
    assert (found.transfer_group, found.description) == ("pay_1", "Statement 2026-03-VIN-0001")
    assert found.metadata == {"payout": "pay_1"}


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "409"])
async def test_the_sdk_heals_a_passing_failure_with_one_transfer(
    gateway: StripeConnect, world: World, kind: str
) -> None:
    await fund(gateway, 5_000)
    partner = await recipient(gateway, world)
    world.break_(kind, times=2)
    assert isinstance(await send(gateway, partner), Accepted)
    assert world.transferred() == {partner: {"usd": 1_000}}


async def test_a_line_that_breaks_before_the_work_is_unknown_and_the_same_key_sends(
    gateway: StripeConnect, world: World
) -> None:
    await fund(gateway, 5_000)
    partner = await recipient(gateway, world)
    world.break_("drop_before", times=3)
    sent = await send(gateway, partner)
    assert isinstance(sent, Unknown)
    assert sent.replayed is False
    assert await gateway.find_transfers(transfer_group="pay_1", destination=partner) == []
    assert isinstance(await send(gateway, partner), Accepted)


async def test_a_line_that_breaks_after_the_work_is_unknown_and_the_transfer_is_found(
    gateway: StripeConnect, world: World
) -> None:
    await fund(gateway, 5_000)
    partner = await recipient(gateway, world)
    world.break_("drop_after", times=3)
    sent = await send(gateway, partner)
    assert isinstance(sent, Unknown)
    assert sent.replayed is False
    (found,) = await gateway.find_transfers(transfer_group="pay_1", destination=partner)
    assert await send(gateway, partner) == Accepted(found.id)
    assert world.transferred() == {partner: {"usd": 1_000}}


async def test_a_stripe_that_is_not_there_is_unknown() -> None:
    nowhere = f"http://127.0.0.1:{process.free_port()}"
    gateway = StripeConnect(secret_key=KEY, api_base=nowhere, webhook_secret=SECRET, sandbox=True)
    assert isinstance(await send(gateway, "acct_1"), Unknown)
    await gateway.close()


async def test_a_500_is_unknown_and_its_replay_ends_the_retries(gateway: StripeConnect, world: World) -> None:
    await fund(gateway, 5_000)
    partner = await recipient(gateway, world)
    world.break_("500", times=1)
    first, second = await send(gateway, partner), await send(gateway, partner)
    assert isinstance(first, Unknown)
    assert first.replayed is False
    assert isinstance(second, Unknown)
    assert second.replayed is True
    assert await gateway.find_transfers(transfer_group="pay_1", destination=partner) == []


async def test_too_little_money_is_refused_and_needs_a_new_key(gateway: StripeConnect, world: World) -> None:
    partner = await recipient(gateway, world)
    first = await send(gateway, partner)
    await fund(gateway, 5_000)
    assert isinstance(first, Refused)
    assert (first.reason, first.code) == ("balance_insufficient", "balance_insufficient")
    assert await send(gateway, partner) == first
    assert isinstance(await send(gateway, partner, key="pay_1.2"), Accepted)


async def test_an_account_without_the_capability_is_refused(gateway: StripeConnect, world: World) -> None:
    await fund(gateway, 5_000)
    refused = await send(gateway, await recipient(gateway, world, onboarded=False))
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.code) == ("capability", "insufficient_capabilities_for_transfer")


async def test_a_closed_account_is_refused(gateway: StripeConnect, world: World) -> None:
    await fund(gateway, 5_000)
    partner = await recipient(gateway, world)
    world.close_account(partner)
    refused = await send(gateway, partner)
    assert isinstance(refused, Refused)
    assert refused.reason == "account_closed"


async def test_an_account_we_lost_access_to_is_refused(gateway: StripeConnect, world: World) -> None:
    world.break_("403")
    refused = await send(gateway, "acct_lost")
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.code) == ("account_invalid", "account_invalid")


@pytest.mark.parametrize(("kind", "code"), [("409", "idempotency_key_in_use"), ("429", "rate_limit")])
async def test_a_busy_stripe_means_later_with_the_same_key(
    gateway: StripeConnect, world: World, kind: str, code: str
) -> None:
    await fund(gateway, 5_000)
    partner = await recipient(gateway, world)
    world.break_(kind, times=3 if kind == "409" else 1)
    assert await send(gateway, partner) == Later(code)
    assert isinstance(await send(gateway, partner), Accepted)


async def test_a_key_used_with_other_parameters_is_our_fault(gateway: StripeConnect, world: World) -> None:
    await fund(gateway, 5_000)
    partner = await recipient(gateway, world)
    await send(gateway, partner)
    fault = await send(gateway, partner, amount_minor=1_001)
    assert isinstance(fault, OurFault)
    assert fault.code == "idempotency_error"
    assert world.transferred() == {partner: {"usd": 1_000}}


async def test_a_key_that_stripe_does_not_take_is_our_fault(world: World) -> None:
    gateway = StripeConnect(
        secret_key="rk_test_1", api_base=world.address, webhook_secret=SECRET, sandbox=True
    )
    fault = await send(gateway, "acct_1")
    await gateway.close()
    assert isinstance(fault, OurFault)


@pytest.mark.parametrize("amount_minor", [0, -1])
async def test_an_impossible_amount_is_our_fault(gateway: StripeConnect, amount_minor: int) -> None:
    fault = await send(gateway, "acct_1", amount_minor=amount_minor)
    assert isinstance(fault, OurFault)
    assert fault.code == "parameter_invalid_integer"


# Looking back


async def test_all_transfers_are_walked_page_by_page(
    gateway: StripeConnect, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe_connect, "PAGE", 2)
    await fund(gateway, 5_000)
    partner = await recipient(gateway, world)
    for number in range(5):
        await send(gateway, partner, key=f"pay_{number}", group=f"pay_{number}", amount_minor=100 + number)
    walked = [transfer async for transfer in gateway.all_transfers()]
    assert [transfer.amount_minor for transfer in walked] == [104, 103, 102, 101, 100]
    hour = timedelta(hours=1)
    since = [transfer async for transfer in gateway.transfers_since(walked[-1].created - hour)]
    assert since == walked
    assert [transfer async for transfer in gateway.transfers_since(walked[0].created + hour)] == []


async def test_one_transfer_is_read_by_its_id_and_an_unknown_one_is_not_found(
    gateway: StripeConnect, world: World
) -> None:
    await fund(gateway, 500)
    sent = await send(gateway, await recipient(gateway, world), amount_minor=500)
    assert isinstance(sent, Accepted)
    read = await gateway.read_transfer(sent.transfer_id)
    assert (read.id, read.amount_minor) == (sent.transfer_id, 500)
    with pytest.raises(NotFoundError, match="Stripe does not know it"):
        await gateway.read_transfer("tr_none")


# Webhooks


def signed(payload: str, *, secret: str = SECRET, at: int | None = None) -> str:
    """Sign as Stripe's own SDK does."""
    return stripe.WebhookSignature.generate_signature_header(payload, secret, at)


def told(**changes: object) -> str:
    """Write an event."""
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "transfer.created",
        "created": 1_790_000_000,
        "data": {"object": {"id": "tr_1", "object": "transfer"}},
    }
    return json.dumps(event | changes)


async def test_a_signed_event_is_read(gateway: StripeConnect) -> None:
    payload = told()
    event = gateway.verify_webhook(payload.encode(), signed(payload))
    assert (event.id, event.type, event.object_id) == ("evt_1", "transfer.created", "tr_1")
    assert event.created == datetime.fromtimestamp(1_790_000_000, UTC)


async def test_an_event_about_something_without_an_id_is_read(gateway: StripeConnect) -> None:
    payload = told(type="balance.available", data={"object": {"object": "balance"}})
    assert gateway.verify_webhook(payload.encode(), signed(payload)).object_id is None


def thin(**changes: object) -> str:
    """Write an event of API v2 as it is delivered: it names its object and shows nothing of it."""
    event = {
        "id": "evt_2",
        "object": "v2.core.event",
        "type": "v2.core.account[requirements].updated",
        "created": "2026-09-21T14:13:20.000Z",
        "livemode": False,
        "related_object": {"id": "acct_1", "type": "v2.core.account", "url": "/v2/core/accounts/acct_1"},
    }
    return json.dumps(event | changes)


async def test_a_signed_thin_event_is_read(gateway: StripeConnect) -> None:
    payload = thin()
    event = gateway.verify_webhook(payload.encode(), signed(payload))
    assert (event.id, event.type) == ("evt_2", "v2.core.account[requirements].updated")
    assert event.object_id == "acct_1"
    assert event.created == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)


async def test_a_thin_event_about_nothing_is_read(gateway: StripeConnect) -> None:
    payload = thin(related_object=None)
    assert gateway.verify_webhook(payload.encode(), signed(payload)).object_id is None


async def test_each_endpoint_at_stripe_signs_with_its_own_secret() -> None:
    gateway = StripeConnect(
        secret_key="sk_test_two", api_base=None, webhook_secret=f"whsec_thin, {SECRET}", sandbox=True
    )
    try:
        for payload, secret in ((thin(), "whsec_thin"), (told(), SECRET)):
            assert gateway.verify_webhook(payload.encode(), signed(payload, secret=secret)).id
        with pytest.raises(InvalidError, match="not signed by Stripe"):
            gateway.verify_webhook(thin().encode(), signed(thin(), secret="whsec_another"))
    finally:
        await gateway.close()


async def test_a_forged_changed_or_old_event_is_refused(gateway: StripeConnect) -> None:
    payload = told()
    forgeries = [
        (payload, signed(payload, secret="whsec_of_somebody_else")),
        (told(type="payout.paid"), signed(payload)),
        (payload, signed(payload, at=1_700_000_000)),
        (payload, ""),
        (payload, "t=,v1="),
        (payload, "v1=abc"),
    ]
    for content, signature in forgeries:
        with pytest.raises(InvalidError, match="not signed by Stripe"):
            gateway.verify_webhook(content.encode(), signature)


@pytest.mark.parametrize(
    "payload", ["{}", "no json", '{"id": "evt_1"}', '{"object": "v2.core.event"}', '{"object": "v3"}']
)
async def test_a_signed_payload_that_is_no_event_is_refused(gateway: StripeConnect, payload: str) -> None:
    with pytest.raises(InvalidError, match="no Stripe event"):
        gateway.verify_webhook(payload.encode(), signed(payload))


async def test_a_payload_that_is_no_text_is_refused(gateway: StripeConnect) -> None:
    with pytest.raises(InvalidError):
        gateway.verify_webhook(b"\xff\xfe", "t=1,v1=abc")
