import json
from pathlib import Path

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
