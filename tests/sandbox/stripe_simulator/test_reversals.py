from tests.sandbox.stripe_simulator.client import Simulator
from tests.sandbox.stripe_simulator.description import Json


def sent(simulator: Simulator, amount: int = 3_000) -> Json:
    """Fund 5,000 and send some of it to a partner."""
    simulator.fund(5_000)
    return simulator.transfer(amount, simulator.recipient()).json()


def reverse(simulator: Simulator, transfer: Json, **body: str | int) -> Json:
    return simulator.post(f"/v1/transfers/{transfer['id']}/reversals", body)


def test_a_part_that_is_taken_back_leaves_the_rest_with_the_partner(simulator: Simulator) -> None:
    made = sent(simulator)
    reversal = reverse(simulator, made, amount=1_000)
    now = simulator.get(f"/v1/transfers/{made['id']}")
    assert (now["amount"], now["amount_reversed"], now["reversed"]) == (3_000, 1_000, False)
    assert [one["id"] for one in now["reversals"]["data"]] == [reversal["id"]]
    assert simulator.available() == 3_000
    assert simulator.available(made["destination"]) == 2_000
    assert simulator.books()["transferred"] == {made["destination"]: {"usd": 2_000}}


def test_without_an_amount_all_that_is_left_comes_back(simulator: Simulator) -> None:
    made = sent(simulator)
    reverse(simulator, made, amount=1_000)
    assert reverse(simulator, made)["amount"] == 2_000
    assert simulator.get(f"/v1/transfers/{made['id']}")["reversed"] is True
    assert simulator.available() == 5_000
    again = simulator.call("POST", f"/v1/transfers/{made['id']}/reversals", {})
    assert (again.status_code, "already fully reversed" in again.text) == (400, True)


def test_more_than_was_sent_or_is_still_there_cannot_be_taken_back(simulator: Simulator) -> None:
    made = sent(simulator)
    path = f"/v1/transfers/{made['id']}/reversals"
    assert simulator.call("POST", path, {"amount": 3_001}).json()["error"]["param"] == "amount"
    simulator.post("/v1/payouts", {"amount": 2_500, "currency": "usd"}, account=made["destination"])
    refused = simulator.call("POST", path, {"amount": 501}).json()["error"]
    assert refused["code"] == "balance_insufficient"
    assert reverse(simulator, made, amount=500)["amount"] == 500


def test_a_reversal_shows_in_both_accounts_books(simulator: Simulator) -> None:
    made = sent(simulator)
    reversal = reverse(simulator, made, amount=1_000)
    assert simulator.transactions() == [
        ("charge", 5_000, 0),
        ("transfer", -3_000, 0),
        ("transfer_refund", 1_000, 0),
    ]
    assert simulator.transactions(made["destination"]) == [
        ("payment", 3_000, 0),
        ("payment_refund", -1_000, 0),
    ]
    (written,) = simulator.get("/v1/balance_transactions", {"source": reversal["id"]})["data"]
    assert written["reporting_category"] == "transfer_reversal"
    payment = simulator.get(f"/v1/charges/{made['destination_payment']}", account=made["destination"])
    assert (payment["amount_refunded"], payment["source_transfer"]) == (1_000, made["id"])
    refund = simulator.get(
        f"/v1/refunds/{reversal['destination_payment_refund']}", account=made["destination"]
    )
    assert (refund["amount"], refund["source_transfer_reversal"]) == (1_000, reversal["id"])


def test_reversals_are_listed_read_and_annotated(simulator: Simulator) -> None:
    made = sent(simulator)
    path = f"/v1/transfers/{made['id']}/reversals"
    one, other = (reverse(simulator, made, amount=amount)["id"] for amount in (100, 200))
    assert [item["id"] for item in simulator.get(path)["data"]] == [other, one]
    assert simulator.get(path, {"limit": 1})["has_more"] is True
    simulator.post(f"{path}/{one}", {"metadata[case]": "7"})
    assert simulator.get(f"{path}/{one}")["metadata"] == {"case": "7"}
    assert simulator.get(f"/v1/transfers/{made['id']}")["reversals"]["data"][1]["metadata"] == {"case": "7"}
    assert simulator.call("GET", f"{path}/trr_unheard_of").status_code == 404


def test_a_reversal_is_told_with_what_changed(simulator: Simulator) -> None:
    made = sent(simulator)
    reverse(simulator, made, amount=1_000)
    (event,) = simulator.get("/v1/events", {"type": "transfer.reversed"})["data"]
    assert event["data"]["object"]["amount_reversed"] == 1_000
    assert event["data"]["previous_attributes"] == {"amount_reversed": 0, "reversed": False}


def test_only_the_words_of_a_transfer_may_change(simulator: Simulator) -> None:
    made = sent(simulator)
    path = f"/v1/transfers/{made['id']}"
    changed = simulator.post(path, {"metadata[payout]": "pay_1", "description": "May"})
    assert changed == made | {"metadata": {"payout": "pay_1"}, "description": "May"}
    assert simulator.call("POST", path, {"amount": 1}).json()["error"]["code"] == "parameter_unknown"
