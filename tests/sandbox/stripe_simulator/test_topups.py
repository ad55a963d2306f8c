from tests.sandbox.stripe_simulator.client import Simulator


def test_a_topup_is_money_of_our_own_once_the_bank_has_paid(simulator: Simulator) -> None:
    topup = simulator.post("/v1/topups", {"amount": 20_000, "currency": "usd", "description": "Float"})
    assert (topup["status"], simulator.available()) == ("pending", 0)
    simulator.pass_days(4)
    assert simulator.get(f"/v1/topups/{topup['id']}")["status"] == "succeeded"
    assert simulator.transactions() == [("topup", 20_000, 0)]
    assert simulator.books()["balances"] == {"available": {"usd": 20_000}, "banks": {"usd": -20_000}}
    assert simulator.told("topup") == ["topup.created", "topup.succeeded"]


def test_a_topup_that_the_bank_does_not_pay_fails(simulator: Simulator) -> None:
    body = {"amount": 20_000, "currency": "usd", "source": "src_ach_insufficient_funds"}
    topup = simulator.post("/v1/topups", body)
    simulator.pass_days(4)
    failed = simulator.get(f"/v1/topups/{topup['id']}")
    assert (failed["status"], failed["failure_code"]) == ("failed", "insufficient_funds")
    assert simulator.transactions() == []


def test_a_pending_topup_can_be_canceled_and_a_done_one_cannot(simulator: Simulator) -> None:
    ours = [simulator.post("/v1/topups", {"amount": 500, "currency": "usd"})["id"] for _ in range(2)]
    assert simulator.post(f"/v1/topups/{ours[0]}/cancel")["status"] == "canceled"
    simulator.pass_days(4)
    assert simulator.call("POST", f"/v1/topups/{ours[1]}/cancel").status_code == 400
    assert [one["id"] for one in simulator.get("/v1/topups", {"status": "succeeded"})["data"]] == ours[1:]
    assert simulator.available() == 500


def test_a_topup_that_had_succeeded_can_be_taken_back(simulator: Simulator) -> None:
    topup = simulator.post("/v1/topups", {"amount": 500, "currency": "usd"})
    simulator.control("banks", {"id": topup["id"], "outcome": "paid"})
    assert simulator.control("banks", {"id": topup["id"], "outcome": "failed"})["status"] == "reversed"
    assert simulator.transactions() == [("topup", 500, 0), ("topup_reversal", -500, 0)]
