import sqlite3
from pathlib import Path

from tests.sandbox.stripe_simulator.client import Simulator, playing, recipient, transfer
from tests.sandbox.stripe_simulator.description import Description

A_DAY_S = 86_400


def test_a_repeated_key_gets_the_first_answer_and_moves_no_second_money(simulator: Simulator) -> None:
    simulator.fund(5_000)
    partner = simulator.recipient()
    first = simulator.transfer(1_000, partner, key="pay_1.1")
    second = simulator.transfer(1_000, partner, key="pay_1.1")
    assert second.json() == first.json()
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["original-request"] == first.headers["request-id"]
    assert simulator.books()["transferred"] == {partner: {"usd": 1_000}}


def test_a_key_used_with_other_parameters_is_refused(simulator: Simulator) -> None:
    simulator.fund(5_000)
    partner = simulator.recipient()
    simulator.transfer(1_000, partner, key="pay_1.1")
    answer = simulator.transfer(1_001, partner, key="pay_1.1")
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "idempotency_error")
    assert simulator.books()["transferred"] == {partner: {"usd": 1_000}}


def test_a_key_used_at_another_address_is_refused(simulator: Simulator) -> None:
    simulator.call("POST", "/v1/customers", {"name": "Nadia's Records"}, key="one")
    answer = simulator.call("POST", "/v1/transfers", transfer(1, "acct_1"), key="one")
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "idempotency_error")
    assert "/v1/customers" in answer.json()["error"]["message"]


def test_a_stored_refusal_is_replayed_even_when_it_would_work_now(simulator: Simulator) -> None:
    partner = simulator.recipient()
    first = simulator.transfer(1_000, partner, key="pay_1.1")
    simulator.fund(5_000)
    second = simulator.transfer(1_000, partner, key="pay_1.1")
    assert (second.status_code, second.json()) == (400, first.json())
    assert second.headers["idempotent-replayed"] == "true"
    assert simulator.transfer(1_000, partner, key="pay_1.2").status_code == 200


def test_what_fails_validation_leaves_its_key_unused(simulator: Simulator) -> None:
    simulator.fund(5_000)
    partner = simulator.recipient()
    assert simulator.call("POST", "/v1/transfers", {"amount": "x"}, key="pay_1.1").status_code == 400
    assert simulator.transfer(1_000, partner, key="pay_1.1").status_code == 200


def test_without_a_key_every_request_counts(simulator: Simulator) -> None:
    simulator.fund(5_000)
    partner = simulator.recipient()
    made = {simulator.transfer(1_000, partner).json()["id"] for _ in range(2)}
    assert len(made) == 2


def test_version_2_replays_a_success_and_tries_a_failure_anew(simulator: Simulator) -> None:
    made = [simulator.post("/v2/core/accounts", recipient("Vinyl Weekly"), key="one") for _ in range(2)]
    assert made[0] == made[1]
    other = simulator.call("POST", "/v2/core/accounts", recipient("Other"), key="one")
    assert other.json()["error"]["type"] == "idempotency_error"
    without_country = recipient("Vinyl Weekly") | {"identity": {}}
    assert simulator.call("POST", "/v2/core/accounts", without_country, key="two").status_code == 400
    assert (
        simulator.call("POST", "/v2/core/accounts", recipient("Vinyl Weekly"), key="two").status_code == 200
    )


def test_a_key_is_forgotten_after_a_day_of_stripes_clock(simulator: Simulator) -> None:
    simulator.fund(5_000)
    partner = simulator.recipient()
    made = simulator.transfer(1_000, partner, key="pay_1.1").json()["id"]
    simulator.control("clock", {"advance_s": A_DAY_S - 60})
    assert simulator.transfer(1_000, partner, key="pay_1.1").json()["id"] == made
    simulator.control("clock", {"advance_s": 120})
    assert simulator.transfer(1_000, partner, key="pay_1.1").json()["id"] != made


def test_each_account_has_keys_of_its_own(simulator: Simulator) -> None:
    simulator.fund(5_000)
    partner = simulator.recipient()
    simulator.transfer(1_000, partner)
    body = {"amount": 100, "currency": "usd"}
    ours, theirs = (simulator.post("/v1/payouts", body, key="one", account=who) for who in (None, partner))
    assert ours["id"] != theirs["id"]
    assert simulator.post("/v1/payouts", body, key="one", account=partner) == theirs


def test_a_key_is_forgotten_after_a_day(tmp_path: Path, description: Description) -> None:
    with playing(tmp_path / "state.sqlite", description) as simulator:
        simulator.fund(5_000)
        partner = simulator.recipient()
        made = [simulator.transfer(1_000, partner, key="pay_1.1").json()["id"]]
        for age in (A_DAY_S - 60, 120):
            with sqlite3.connect(tmp_path / "state.sqlite") as state:
                state.execute("UPDATE answers SET stored_at = stored_at - ?", (age,))
            state.close()
            made.append(simulator.transfer(1_000, partner, key="pay_1.1").json()["id"])
        assert made[1] == made[0]
        assert made[2] != made[0]
