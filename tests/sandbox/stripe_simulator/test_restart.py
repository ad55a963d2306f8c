import sqlite3
from pathlib import Path

import pytest

from partner_network.sandbox.stripe_simulator import process
from partner_network.sandbox.stripe_simulator.state import State
from tests.sandbox.stripe_simulator.client import playing
from tests.sandbox.stripe_simulator.description import Description
from tests.sandbox.stripe_simulator.receiver import Receiver, eventually


def test_a_restart_forgets_neither_money_nor_keys(tmp_path: Path, description: Description) -> None:
    state = tmp_path / "state.sqlite"
    with playing(state, description) as simulator:
        simulator.fund(5_000)
        partner = simulator.recipient()
        made = simulator.transfer(1_000, partner, key="pay_1.1").json()
        before = simulator.books()
    with playing(state, description) as simulator:
        assert simulator.books() == before
        again = simulator.transfer(1_000, partner, key="pay_1.1")
        assert (again.json(), again.headers["idempotent-replayed"]) == (made, "true")
        assert simulator.books() == before
        assert simulator.transfer(4_000, partner).status_code == 200
        assert simulator.books()["differences"] == []


def test_a_state_of_another_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    with sqlite3.connect(state) as old:
        old.execute("CREATE TABLE objects (id TEXT)")
    old.close()
    with pytest.raises(ValueError, match="another version of the simulator: remove it"):
        State(state)


def test_time_that_passed_is_not_taken_back_by_a_restart(tmp_path: Path, description: Description) -> None:
    state = tmp_path / "state.sqlite"
    with playing(state, description) as simulator:
        topup = simulator.post("/v1/topups", {"amount": 500, "currency": "usd"})
        simulator.pass_days(3)
    with playing(state, description) as simulator:
        simulator.pass_days(1)
        assert simulator.get(f"/v1/topups/{topup['id']}")["status"] == "succeeded"


def test_events_that_wait_at_a_restart_are_delivered_after_it(
    tmp_path: Path, description: Description
) -> None:
    state, receiver = tmp_path / "state.sqlite", Receiver()
    nobody = f"http://127.0.0.1:{process.free_port()}/"
    with playing(state, description, webhook_url=nobody) as simulator:
        simulator.fund(5_000)
    with receiver.listening(), playing(state, description, webhook_url=receiver.url):
        assert eventually(lambda: receiver.kinds() == ["charge.succeeded", "payment_intent.succeeded"])
