from pathlib import Path

from tests.sandbox.stripe_simulator.client import Simulator, payment, playing
from tests.sandbox.stripe_simulator.description import Description, Json


def balance(simulator: Simulator, currency: str = "usd") -> tuple[int, int]:
    """Read what is available and what is pending."""
    answer = simulator.get("/v1/balance")
    available, pending = (
        {part["currency"]: part["amount"] for part in answer[kind]} for kind in ("available", "pending")
    )
    return available.get(currency, 0), pending.get(currency, 0)


def test_money_of_the_bypass_card_is_available_at_once(simulator: Simulator) -> None:
    intent = simulator.fund(5_000)
    assert (intent["status"], intent["amount_received"]) == ("succeeded", 5_000)
    assert balance(simulator) == (5_000, 0)


def test_money_of_an_ordinary_card_is_pending_until_it_settles(simulator: Simulator) -> None:
    simulator.fund(5_000, card="pm_card_visa")
    assert balance(simulator) == (0, 5_000)
    assert simulator.get("/v1/balance_transactions")["data"][0]["status"] == "pending"
    assert simulator.control("settle") == {"usd": 5_000}
    assert balance(simulator) == (5_000, 0)
    assert simulator.get("/v1/balance_transactions")["data"][0]["status"] == "available"
    assert simulator.control("settle") == {}


def test_currencies_are_kept_apart(simulator: Simulator) -> None:
    simulator.fund(5_000, currency="usd")
    simulator.fund(700, currency="eur")
    assert (balance(simulator, "usd"), balance(simulator, "eur")) == ((5_000, 0), (700, 0))


def test_a_declined_card_leaves_the_intent_waiting_and_no_money(simulator: Simulator) -> None:
    answer = simulator.call("POST", "/v1/payment_intents", payment(5_000, card="pm_card_chargeDeclined"))
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["decline_code"]) == (
        402,
        "card_declined",
        "generic_decline",
    )
    intent = simulator.get(f"/v1/payment_intents/{error['payment_intent']['id']}")
    assert intent["status"] == "requires_payment_method"
    assert balance(simulator) == (0, 0)


def test_expansion_unfolds_the_charge_and_its_balance_transaction(simulator: Simulator) -> None:
    unfold = {"expand[0]": "latest_charge.balance_transaction"}
    intent = simulator.post("/v1/payment_intents", payment(5_000) | unfold)
    again = simulator.get(f"/v1/payment_intents/{intent['id']}", unfold)
    plain = simulator.get(f"/v1/payment_intents/{intent['id']}")
    assert intent["latest_charge"]["balance_transaction"]["net"] == 5_000
    assert again == intent
    assert plain["latest_charge"] == intent["latest_charge"]["id"]


def test_what_cannot_be_expanded_is_refused(simulator: Simulator) -> None:
    intent = simulator.fund(5_000)
    answer = simulator.call("GET", f"/v1/payment_intents/{intent['id']}", params={"expand[]": "review"})
    assert answer.status_code == 400


def test_stripes_fee_comes_off_what_arrives(tmp_path: Path, description: Description) -> None:
    # 2.9 % of 1,050 is 30.45, which is booked as 30; of 1,052 it is 30.508, booked as 31.
    with playing(tmp_path / "state.sqlite", description, fee_ppm=29_000) as simulator:
        fees = [_transaction_of(simulator, simulator.fund(amount)) for amount in (1_050, 1_052)]
        assert [(fee["fee"], fee["net"]) for fee in fees] == [(30, 1_020), (31, 1_021)]
        assert fees[0]["fee_details"][0]["type"] == "stripe_fee"
        assert balance(simulator) == (2_041, 0)
        assert simulator.books()["balances"]["stripe_fees"] == {"usd": 61}
        assert simulator.books()["differences"] == []


def _transaction_of(simulator: Simulator, intent: Json) -> Json:
    return simulator.get("/v1/balance_transactions", {"source": intent["latest_charge"]})["data"][0]
