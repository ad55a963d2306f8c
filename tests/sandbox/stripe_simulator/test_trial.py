"""Whatever happens, in whatever order: every movement has two sides, and money and objects agree."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.stripe_simulator.client import Simulator, payment, playing
from tests.sandbox.stripe_simulator.description import Description, Json

Deed = Callable[[Simulator, int, int], object]
METHODS = (
    "pm_card_bypassPending", "pm_card_visa", "pm_card_createDispute", "pm_usBankAccount_success",
    "pm_usBankAccount_insufficientFunds", "pm_usBankAccount_dispute", "pm_card_chargeDeclined",
)  # fmt: skip
BANKS = ("6789", "1116", "1113")
RANDOM_LIVES = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def one_of(simulator: Simulator, path: str, which: int, account: str | None = None) -> Json | None:
    found = simulator.get(path, {"limit": 100}, account=account)["data"]
    return found[which % len(found)] if found else None


def partner(simulator: Simulator, which: int) -> str:
    return simulator.partners[which % len(simulator.partners)]


def pay(simulator: Simulator, which: int, amount: int) -> None:
    simulator.call("POST", "/v1/payment_intents", payment(amount + 50, card=METHODS[which % len(METHODS)]))


def send(simulator: Simulator, which: int, amount: int) -> None:
    simulator.transfer(amount, partner(simulator, which))


def take_back(simulator: Simulator, which: int, amount: int) -> None:
    transfer = one_of(simulator, "/v1/transfers", which)
    if transfer is not None:
        body = {"amount": amount} if amount % 3 else {}
        simulator.call("POST", f"/v1/transfers/{transfer['id']}/reversals", body)


def give_back(simulator: Simulator, which: int, amount: int) -> None:
    charge = one_of(simulator, "/v1/charges", which)
    if charge is not None:
        simulator.call("POST", "/v1/refunds", {"charge": charge["id"], "amount": amount})


def contest(simulator: Simulator, which: int, amount: int) -> None:
    charge = one_of(simulator, "/v1/charges", which)
    if charge is not None:
        verdict = {} if amount % 2 else {"verdict": "won"}
        simulator.http.post("/_simulator/disputes", json={"charge": charge["id"]} | verdict)


def pay_out(simulator: Simulator, which: int, amount: int) -> None:
    account = partner(simulator, which) if which % 4 else None
    simulator.call("POST", "/v1/payouts", {"amount": amount, "currency": "usd"}, account=account)


def answer_as_the_bank(simulator: Simulator, which: int, amount: int) -> None:
    payout = one_of(simulator, "/v1/payouts", amount, partner(simulator, which))
    if payout is not None:
        outcome = ("in_transit", "paid", "failed")[amount % 3]
        simulator.http.post("/_simulator/banks", json={"id": payout["id"], "outcome": outcome})


DEEDS: dict[str, Deed] = {
    "pay": pay,
    "send": send,
    "take back": take_back,
    "give back": give_back,
    "contest": contest,
    "pay out": pay_out,
    "bank": answer_as_the_bank,
    "top up": lambda simulator, _which, amount: simulator.post(
        "/v1/topups", {"amount": amount, "currency": "usd"}
    ),
    "settle": lambda simulator, _which, _amount: simulator.control("settle"),
    "days": lambda simulator, which, _amount: simulator.pass_days(which),
    "change bank": lambda simulator, which, amount: simulator.control(
        "bank-accounts",
        {"account": partner(simulator, which), "currency": "usd", "last4": BANKS[amount % len(BANKS)]},
    ),
}
LIVES = st.lists(
    st.tuples(st.sampled_from(sorted(DEEDS)), st.integers(0, 7), st.integers(1, 4_000)),
    min_size=4,
    max_size=25,
)


@RANDOM_LIVES
@given(life=LIVES)
def test_after_any_life_the_trial_balance_is_even(
    simulator: Simulator, life: list[tuple[str, int, int]]
) -> None:
    simulator.control("reset")
    simulator.partners = [simulator.recipient(), simulator.recipient()]
    simulator.fund(9_000)
    for name, which, amount in life:
        DEEDS[name](simulator, which, amount)
    books = simulator.books()
    assert books["differences"] == []
    assert set(books["sums"].values()) <= {0}


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("UPDATE legs SET amount = amount + 1 WHERE account = 'available'", "all legs in usd sum to"),
        ("UPDATE holdings SET amount = amount + 1 WHERE account = 'available'", "available holds"),
        (
            "UPDATE objects SET body = json_set(body, '$.net', 1) WHERE kind = 'balance_transaction'",
            "its transactions say",
        ),
        (
            "UPDATE objects SET body = json_set(body, '$.amount', 1) WHERE kind = 'transfer'",
            "its transfers say",
        ),
        (
            "UPDATE objects SET body = json_set(body, '$.amount_reversed', 7) WHERE kind = 'transfer'",
            "says amount_reversed 7, its parts 0",
        ),
        (
            "UPDATE objects SET body = json_set(body, '$.amount_refunded', 7) WHERE kind = 'charge'",
            "says amount_refunded 7, its parts 0",
        ),
        ("DELETE FROM objects WHERE kind = 'payout'", "payouts under way say {}"),
    ],
)
def test_a_damage_to_the_books_is_named(
    tmp_path: Path, description: Description, damage: str, found: str
) -> None:
    with playing(tmp_path / "state.sqlite", description) as simulator:
        simulator.fund(5_000)
        account = simulator.recipient()
        simulator.transfer(3_000, account)
        simulator.post("/v1/payouts", {"amount": 1_000, "currency": "usd"}, account=account)
        assert simulator.books()["differences"] == []
        with sqlite3.connect(tmp_path / "state.sqlite") as state:
            state.execute(damage)
        state.close()
        assert any(found in difference for difference in simulator.books()["differences"])
