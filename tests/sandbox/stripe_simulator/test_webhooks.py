import json
from collections.abc import Generator
from pathlib import Path

import pytest
import stripe

from partner_network.sandbox.stripe_simulator import process
from tests.sandbox.stripe_simulator.client import SECRET, Simulator, playing
from tests.sandbox.stripe_simulator.description import Description, Json
from tests.sandbox.stripe_simulator.receiver import Receiver, eventually


def deliveries(simulator: Simulator) -> list[Json]:
    return simulator.http.get("/_simulator/deliveries").json()


def test_events_arrive_with_a_signature_that_the_sdk_accepts(
    tmp_path: Path, description: Description
) -> None:
    receiver = Receiver()
    with (
        receiver.listening(),
        playing(tmp_path / "s.sqlite", description, webhook_url=receiver.url) as simulator,
    ):
        simulator.fund(5_000)
        made = simulator.transfer(1_000, simulator.recipient(), key="pay_1.1").json()
        kinds = ["account.updated", "charge.succeeded", "payment_intent.succeeded", "transfer.created"]
        assert eventually(lambda: receiver.kinds() == kinds), receiver.kinds()
        for body, signature in receiver.got:
            event = stripe.Webhook.construct_event(body, signature, SECRET)
            assert description.faults_in(json.loads(body), "#/components/schemas/event") == []
            if event.type == "transfer.created":
                told = json.loads(body)
                assert told["data"]["object"] == made
                assert told["request"]["idempotency_key"] == "pay_1.1"
        assert eventually(
            lambda: (
                simulator.get(f"/v1/events/{json.loads(receiver.got[0][0])['id']}")["pending_webhooks"] == 0
            )
        )


def test_an_event_is_brought_again_until_it_is_taken(tmp_path: Path, description: Description) -> None:
    receiver = Receiver(failures=2)
    with (
        receiver.listening(),
        playing(tmp_path / "s.sqlite", description, webhook_url=receiver.url) as simulator,
    ):
        simulator.recipient()
        assert eventually(lambda: all(one["delivered_at"] for one in deliveries(simulator)))
        assert receiver.kinds() == ["account.updated"]
        assert [one["attempts"] for one in deliveries(simulator)] == [3]


def test_a_webhook_that_nobody_answers_breaks_nothing(tmp_path: Path, description: Description) -> None:
    nobody = f"http://127.0.0.1:{process.free_port()}/"
    with playing(tmp_path / "s.sqlite", description, webhook_url=nobody) as simulator:
        simulator.fund(5_000)
        assert eventually(lambda: all(one["attempts"] for one in deliveries(simulator)))
        assert simulator.transfer(1_000, simulator.recipient()).status_code == 200
        assert {one["last_error"] for one in deliveries(simulator) if one["attempts"]} == {"ConnectError"}


@pytest.fixture
def receiver() -> Generator[Receiver]:
    """An endpoint that hears nothing until it is subscribed."""
    receiver = Receiver()
    with receiver.listening():
        yield receiver


def subscribe(simulator: Simulator, receiver: Receiver, *kinds: str, **more: str) -> Json:
    heard = {f"enabled_events[{place}]": kind for place, kind in enumerate(kinds)}
    return simulator.post("/v1/webhook_endpoints", {"url": receiver.url} | heard | more)


def settled(simulator: Simulator) -> bool:
    """Nothing waits any more."""
    return all(one["due_at"] is None for one in deliveries(simulator))


def test_an_endpoint_hears_what_it_asked_for_signed_with_its_own_secret(
    simulator: Simulator, receiver: Receiver
) -> None:
    endpoint = subscribe(simulator, receiver, "payment_intent.succeeded", "transfer.created")
    assert "secret" not in simulator.get(f"/v1/webhook_endpoints/{endpoint['id']}")
    simulator.fund(5_000)
    assert eventually(lambda: receiver.kinds() == ["payment_intent.succeeded"])
    stripe.Webhook.construct_event(*receiver.got[0], endpoint["secret"])
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(*receiver.got[0], SECRET)


def test_a_connect_endpoint_hears_of_accounts_alone_and_another_of_us_alone(
    simulator: Simulator, receiver: Receiver
) -> None:
    other = Receiver()
    with other.listening():
        subscribe(simulator, receiver, "*", connect="true")
        subscribe(simulator, other, "*")
        simulator.fund(5_000)
        simulator.recipient()
        assert eventually(lambda: receiver.kinds() == ["account.updated"])
        assert eventually(lambda: other.kinds() == ["charge.succeeded", "payment_intent.succeeded"])


def test_an_endpoint_that_is_off_or_gone_hears_nothing(simulator: Simulator, receiver: Receiver) -> None:
    endpoint = subscribe(simulator, receiver, "*")
    path = f"/v1/webhook_endpoints/{endpoint['id']}"
    assert simulator.post(path, {"disabled": "true"})["status"] == "disabled"
    simulator.customer()
    assert simulator.post(path, {"disabled": "false"})["status"] == "enabled"
    simulator.fund(5_000)
    assert eventually(lambda: receiver.kinds() == ["charge.succeeded", "payment_intent.succeeded"])
    assert simulator.call("DELETE", path).json()["deleted"] is True
    simulator.customer()
    assert eventually(lambda: settled(simulator))
    assert simulator.get("/v1/webhook_endpoints")["data"] == []


def test_a_thin_event_names_the_account_and_shows_nothing_of_it(
    simulator: Simulator, receiver: Receiver
) -> None:
    kind = "v2.core.account[configuration.recipient].capability_status_updated"
    destination = simulator.post(
        "/v2/core/event_destinations",
        {
            "name": "Accounts",
            "type": "webhook_endpoint",
            "event_payload": "thin",
            "enabled_events": [kind],
            "webhook_endpoint": {"url": receiver.url},
        },
    )
    account_id = simulator.recipient()
    assert eventually(lambda: receiver.kinds() == [kind])
    told = json.loads(receiver.got[0][0])
    assert told["related_object"]["id"] == account_id
    assert "data" not in told
    client = stripe.StripeClient("sk_test_1")
    secret = destination["webhook_endpoint"]["signing_secret"]
    assert client.parse_event_notification(*receiver.got[0], secret).id == told["id"]
    assert simulator.get(f"/v2/core/events/{told['id']}")["type"] == kind


def test_events_of_version_2_are_listed_page_by_page(simulator: Simulator) -> None:
    account_id = simulator.recipient()
    first = simulator.get("/v2/core/events", {"object_id": account_id, "limit": 2})
    rest = simulator.get("/v2/core/events", {"object_id": account_id, "limit": 2, "page": "2"})
    assert [one["type"] for one in first["data"] + rest["data"]][-1] == "v2.core.account.created"
    assert first["next_page_url"] is not None
    assert rest["next_page_url"] is None


def test_a_lost_event_never_arrives_and_is_still_listed(simulator: Simulator, receiver: Receiver) -> None:
    subscribe(simulator, receiver, "*")
    simulator.control("letters", {"kind": "lose", "type": "payment_intent.succeeded"})
    simulator.fund(5_000)
    assert eventually(lambda: receiver.kinds() == ["charge.succeeded"])
    assert eventually(lambda: settled(simulator))
    assert simulator.told("payment_intent") == ["payment_intent.succeeded"]


def test_a_doubled_event_arrives_twice_with_one_id(simulator: Simulator, receiver: Receiver) -> None:
    subscribe(simulator, receiver, "customer.created")
    simulator.control("letters", {"kind": "double"})
    simulator.customer()
    assert eventually(lambda: len(receiver.got) == 2)
    assert len({json.loads(body)["id"] for body, _ in receiver.got}) == 1


def test_events_held_back_arrive_in_reverse(simulator: Simulator, receiver: Receiver) -> None:
    subscribe(simulator, receiver, "charge.succeeded", "payment_intent.succeeded", "customer.created")
    simulator.control("letters", {"kind": "reverse", "times": 3})
    simulator.customer()
    simulator.fund(5_000)
    assert eventually(lambda: len(receiver.got) == 3)
    assert [json.loads(body)["type"] for body, _ in receiver.got] == [
        "payment_intent.succeeded",
        "charge.succeeded",
        "customer.created",
    ]


def test_a_delayed_event_arrives_days_later_with_a_fresh_signature(
    simulator: Simulator, receiver: Receiver
) -> None:
    endpoint = subscribe(simulator, receiver, "customer.created")
    simulator.control("letters", {"kind": "delay", "seconds": 3 * 86_400})
    simulator.customer()
    simulator.pass_days(2)
    assert receiver.got == []
    simulator.pass_days(1)
    assert eventually(lambda: len(receiver.got) == 1)
    stripe.Webhook.construct_event(*receiver.got[0], endpoint["secret"])


def test_a_forged_event_comes_along_and_its_signature_does_not_fit(
    simulator: Simulator, receiver: Receiver
) -> None:
    endpoint = subscribe(simulator, receiver, "customer.created")
    simulator.control("letters", {"kind": "forge"})
    simulator.customer()
    assert eventually(lambda: len(receiver.got) == 2)
    genuine = 0
    for body, signature in receiver.got:
        try:
            stripe.Webhook.construct_event(body, signature, endpoint["secret"])
        except stripe.SignatureVerificationError:
            continue
        genuine += 1
    assert genuine == 1


def test_an_old_event_can_be_replayed_with_its_old_signature(
    simulator: Simulator, receiver: Receiver
) -> None:
    endpoint = subscribe(simulator, receiver, "customer.created")
    simulator.customer()
    assert eventually(lambda: len(receiver.got) == 1)
    event_id = json.loads(receiver.got[0][0])["id"]
    simulator.control("replays", {"event": event_id, "signed_ago_s": 600})
    assert eventually(lambda: len(receiver.got) == 2)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(*receiver.got[1], endpoint["secret"])


def test_an_event_nobody_takes_is_tried_for_days_and_then_given_up(
    simulator: Simulator, receiver: Receiver
) -> None:
    receiver.failures = 99
    subscribe(simulator, receiver, "customer.created")
    simulator.customer()
    for attempts in range(1, 12):
        assert eventually(lambda: deliveries(simulator)[0]["attempts"] == attempts)  # noqa: B023 -- asked at once
        simulator.pass_days(1)
    assert deliveries(simulator)[0]["due_at"] is None
    (event,) = simulator.get("/v1/events", {"type": "customer.created"})["data"]
    assert event["pending_webhooks"] == 1


def test_nothing_is_delivered_outside_this_machine(simulator: Simulator) -> None:
    body = {"url": "https://example.com/hook", "enabled_events[0]": "*"}
    assert simulator.call("POST", "/v1/webhook_endpoints", body).status_code == 400
