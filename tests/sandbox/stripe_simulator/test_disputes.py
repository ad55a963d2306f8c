import pytest

from tests.sandbox.stripe_simulator.client import Simulator
from tests.sandbox.stripe_simulator.description import Json

SUCCEEDS, FAILS, RETURNED = "DE89370400440532013000", "DE62370400440532013001", "DE35370400440532013002"


def only_dispute(simulator: Simulator) -> Json:
    (dispute,) = simulator.get("/v1/disputes")["data"]
    return dispute


def intent_of(simulator: Simulator, intent: Json) -> Json:
    return simulator.get(f"/v1/payment_intents/{intent['id']}")


@pytest.mark.parametrize(("number", "currency"), [(SUCCEEDS, "eur"), ("000123456789", "usd")])
def test_a_debit_is_under_way_for_days_and_then_there(
    simulator: Simulator, number: str, currency: str
) -> None:
    intent = simulator.bank_debit(number)
    charge = simulator.get(f"/v1/charges/{intent['latest_charge']}")
    assert (intent["status"], charge["status"], simulator.available(currency=currency)) == (
        "processing", "pending", 0,
    )  # fmt: skip
    simulator.pass_days(3)
    assert intent_of(simulator, intent)["status"] == "processing"
    simulator.pass_days(2)
    assert intent_of(simulator, intent)["status"] == "succeeded"
    assert simulator.available(currency=currency) == 10_000
    assert simulator.transactions() == [("payment", 10_000, 0)]
    assert simulator.told("payment_intent", "charge") == [
        "charge.pending",
        "payment_intent.processing",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]


@pytest.mark.parametrize(
    ("number", "why"), [(FAILS, "generic_could_not_process"), ("000222222227", "insufficient_funds")]
)
def test_a_debit_that_the_bank_refuses_brings_nothing(simulator: Simulator, number: str, why: str) -> None:
    intent = simulator.bank_debit(number)
    simulator.pass_days(5)
    failed = intent_of(simulator, intent)
    assert (failed["status"], failed["last_payment_error"]["decline_code"]) == (
        "requires_payment_method",
        why,
    )
    assert simulator.get(f"/v1/charges/{intent['latest_charge']}")["status"] == "failed"
    assert simulator.transactions() == []
    assert simulator.told("payment_intent.p") == [
        "payment_intent.processing",
        "payment_intent.payment_failed",
    ]


def test_a_debit_returned_after_it_succeeded_is_a_lost_dispute_and_costs_a_fee(simulator: Simulator) -> None:
    intent = simulator.bank_debit(RETURNED)
    simulator.pass_days(5)
    dispute = only_dispute(simulator)
    assert (dispute["status"], dispute["amount"], dispute["payment_intent"]) == ("lost", 10_000, intent["id"])
    assert simulator.transactions() == [("payment", 10_000, 0), ("adjustment", -10_000, 1_000)]
    assert simulator.available(currency="eur") == -1_000
    assert simulator.told("charge.dispute") == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
    ]


def test_money_already_sent_on_leaves_the_balance_below_zero(simulator: Simulator) -> None:
    intent = simulator.fund(5_000)
    partner = simulator.recipient()
    simulator.transfer(5_000, partner)
    simulator.control("disputes", {"payment_intent": intent["id"]})
    assert simulator.available() == -6_500
    assert simulator.transfer(1, partner).json()["error"]["code"] == "balance_insufficient"


def test_a_card_dispute_takes_the_money_until_it_is_won(simulator: Simulator) -> None:
    simulator.fund(5_000, card="pm_card_createDispute")
    dispute = only_dispute(simulator)
    assert (dispute["status"], dispute["reason"]) == ("needs_response", "fraudulent")
    simulator.control("settle")
    assert simulator.available() == -1_500
    evidence = {"evidence[uncategorized_text]": "winning_evidence", "submit": "true"}
    won = simulator.post(f"/v1/disputes/{dispute['id']}", evidence)
    assert (won["status"], [one["net"] for one in won["balance_transactions"]]) == ("won", [-6_500, 6_500])
    assert simulator.available() == 5_000
    assert simulator.told("charge.dispute")[-2:] == [
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
    ]


def test_a_dispute_is_lost_by_bad_evidence_or_by_silence(simulator: Simulator) -> None:
    simulator.fund(5_000, card="pm_card_createDispute")
    dispute = only_dispute(simulator)
    evidence = {"evidence[uncategorized_text]": "losing_evidence"}
    assert simulator.post(f"/v1/disputes/{dispute['id']}", evidence)["status"] == "lost"
    assert simulator.call("POST", f"/v1/disputes/{dispute['id']}", evidence).status_code == 400
    simulator.fund(700, card="pm_card_createDisputeProductNotReceived")
    simulator.pass_days(14)
    assert [one["status"] for one in simulator.get("/v1/disputes")["data"]] == ["lost", "lost"]


def test_a_charge_is_disputed_once_and_only_if_it_was_paid(simulator: Simulator) -> None:
    pending = simulator.bank_debit(SUCCEEDS)
    body = {"payment_intent": pending["id"], "reason": "debit_not_authorized"}
    assert simulator.http.post("/_simulator/disputes", json=body).status_code == 400
    simulator.pass_days(5)
    assert simulator.control("disputes", body)["status"] == "lost"
    assert simulator.http.post("/_simulator/disputes", json=body).status_code == 400


def test_a_disputed_charge_is_not_refunded_too(simulator: Simulator) -> None:
    intent = simulator.fund(5_000)
    simulator.control("disputes", {"payment_intent": intent["id"]})
    answer = simulator.call("POST", "/v1/refunds", {"payment_intent": intent["id"]})
    assert answer.json()["error"]["code"] == "charge_disputed"


def test_a_refund_gives_back_a_part_and_then_the_rest(simulator: Simulator) -> None:
    intent = simulator.fund(5_000)
    simulator.post("/v1/refunds", {"payment_intent": intent["id"], "amount": 2_000})
    rest = simulator.post(
        "/v1/refunds", {"charge": intent["latest_charge"], "reason": "requested_by_customer"}
    )
    assert rest["amount"] == 3_000
    charge = simulator.get(f"/v1/charges/{intent['latest_charge']}")
    assert (charge["amount_refunded"], charge["refunded"]) == (5_000, True)
    assert simulator.transactions() == [("charge", 5_000, 0), ("refund", -2_000, 0), ("refund", -3_000, 0)]
    again = simulator.call("POST", "/v1/refunds", {"payment_intent": intent["id"]})
    assert again.json()["error"]["code"] == "charge_already_refunded"


def test_an_account_refunds_nobody_elses_payments(simulator: Simulator) -> None:
    intent = simulator.fund(5_000)
    partner = simulator.recipient()
    made = simulator.post("/v1/transfers", {"amount": 2_000, "currency": "usd", "destination": partner})
    before = simulator.available(), simulator.available(partner)

    for name, theirs in (("payment_intent", intent["id"]), ("charge", intent["latest_charge"])):
        answer = simulator.call("POST", "/v1/refunds", {name: theirs}, account=partner)
        assert answer.json()["error"]["code"] == "resource_missing"
    for account in (None, partner):
        answer = simulator.call(
            "POST", "/v1/refunds", {"charge": made["destination_payment"]}, account=account
        )
        assert answer.status_code == 400
    assert (simulator.available(), simulator.available(partner)) == before


def test_a_refund_of_what_is_no_longer_there_is_refused(simulator: Simulator) -> None:
    intent = simulator.fund(5_000)
    simulator.transfer(3_000, simulator.recipient())
    answer = simulator.call("POST", "/v1/refunds", {"payment_intent": intent["id"]})
    assert answer.json()["error"]["code"] == "balance_insufficient"


def test_a_debit_in_a_currency_that_its_bank_does_not_know_is_refused(simulator: Simulator) -> None:
    body = {"amount": 100, "currency": "eur", "payment_method": "pm_usBankAccount_success"}
    answer = simulator.call("POST", "/v1/payment_intents", body | {"confirm": "true", "off_session": "true"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "payment_method")


def test_a_refund_that_a_bank_does_not_take_comes_back_into_the_balance(simulator: Simulator) -> None:
    intent = simulator.fund(5_000)
    refund = simulator.post("/v1/refunds", {"payment_intent": intent["id"], "amount": 2_000})
    assert simulator.available() == 3_000

    simulator.control("refund-failures", {"refund": refund["id"]})

    failed = simulator.get(f"/v1/refunds/{refund['id']}")
    assert (failed["status"], failed["failure_reason"]) == ("failed", "lost_or_stolen_card")
    back = simulator.get(f"/v1/balance_transactions/{failed['failure_balance_transaction']}")
    assert (back["amount"], back["reporting_category"]) == (2_000, "refund_failure")
    assert simulator.available() == 5_000
    assert simulator.get(f"/v1/charges/{intent['latest_charge']}")["amount_refunded"] == 0
    assert "refund.failed" in simulator.told("refund.")
    assert simulator.books()["differences"] == []
    # what came back may be given back again
    simulator.post("/v1/refunds", {"payment_intent": intent["id"]})
    assert simulator.available() == 0
