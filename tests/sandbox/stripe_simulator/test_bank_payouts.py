import pytest

from tests.sandbox.stripe_simulator.client import Simulator
from tests.sandbox.stripe_simulator.description import Json


def partner_with(simulator: Simulator, *amounts: int, last4: str | None = None) -> str:
    """Make a partner whom these amounts were transferred to, with a bank of these last digits."""
    simulator.fund(sum(amounts))
    partner = simulator.recipient()
    if last4 is not None:
        simulator.control("bank-accounts", {"account": partner, "currency": "usd", "last4": last4})
    for amount in amounts:
        simulator.transfer(amount, partner)
    return partner


def only_payout(simulator: Simulator, account: str) -> Json:
    (payout,) = simulator.get("/v1/payouts", account=account)["data"]
    return payout


def test_a_day_bundles_transfers_into_one_payout_that_arrives(simulator: Simulator) -> None:
    partner = partner_with(simulator, 1_000, 2_000)
    simulator.pass_days(1)
    payout = only_payout(simulator, partner)
    assert (payout["amount"], payout["automatic"], payout["status"]) == (3_000, True, "pending")
    assert simulator.available(partner) == 0
    simulator.pass_days(1)
    assert only_payout(simulator, partner)["status"] == "in_transit"
    simulator.pass_days(1)
    assert only_payout(simulator, partner)["status"] == "paid"
    bundled = simulator.transactions(partner, payout=payout["id"])
    assert bundled == [("payment", 1_000, 0), ("payment", 2_000, 0), ("payout", -3_000, 0)]
    assert simulator.books()["balances"]["banks"] == {"usd": 3_000}
    assert simulator.told("payout") == ["payout.created", "payout.updated", "payout.paid"]


def test_the_second_payout_bundles_only_what_is_new(simulator: Simulator) -> None:
    partner = partner_with(simulator, 1_000, 500)
    simulator.pass_days(1)
    simulator.fund(700)
    simulator.transfer(700, partner)
    simulator.pass_days(1)
    newest = simulator.get("/v1/payouts", account=partner)["data"][0]
    assert simulator.transactions(partner, payout=newest["id"]) == [("payment", 700, 0), ("payout", -700, 0)]


def test_a_bank_that_refuses_sends_the_money_back_to_the_balance(simulator: Simulator) -> None:
    partner = partner_with(simulator, 3_000, last4="1116")
    simulator.pass_days(3)
    payout = only_payout(simulator, partner)
    assert (payout["status"], payout["failure_code"]) == ("failed", "no_account")
    back = simulator.get(f"/v1/balance_transactions/{payout['failure_balance_transaction']}", account=partner)
    assert (back["type"], back["amount"], back["reporting_category"]) == (
        "payout_failure",
        3_000,
        "payout_reversal",
    )
    assert simulator.available(partner) == 3_000
    assert simulator.told("payout") == ["payout.created", "payout.updated", "payout.failed"]


def test_a_paid_payout_can_fail_days_later(simulator: Simulator) -> None:
    partner = partner_with(simulator, 3_000, last4="1113")
    simulator.pass_days(3)
    assert only_payout(simulator, partner)["status"] == "paid"
    simulator.pass_days(3)
    payout = only_payout(simulator, partner)
    assert (payout["status"], payout["failure_code"]) == ("failed", "account_closed")
    assert simulator.available(partner) == 3_000
    assert simulator.told("payout.paid", "payout.failed") == ["payout.paid", "payout.failed"]


def test_after_a_failure_nothing_goes_out_until_the_bank_is_changed(simulator: Simulator) -> None:
    partner = partner_with(simulator, 3_000, last4="1116")
    simulator.pass_days(5)
    assert len(simulator.get("/v1/payouts", account=partner)["data"]) == 1
    manual = simulator.call("POST", "/v1/payouts", {"amount": 100, "currency": "usd"}, account=partner)
    assert manual.json()["error"]["code"] == "payouts_not_allowed"
    simulator.control("bank-accounts", {"account": partner, "currency": "usd", "last4": "6789"})
    simulator.pass_days(3)
    assert [one["status"] for one in simulator.get("/v1/payouts", account=partner)["data"]] == [
        "paid",
        "failed",
    ]


def test_by_control_a_payout_fails_at_any_stage(simulator: Simulator) -> None:
    partner = partner_with(simulator, 3_000)
    simulator.pass_days(3)
    payout = only_payout(simulator, partner)
    answer = {"id": payout["id"], "outcome": "failed", "failure_code": "could_not_process"}
    assert simulator.control("banks", answer)["status"] == "failed"
    assert simulator.http.post("/_simulator/banks", json=answer).status_code == 400


def test_a_manual_payout_goes_out_when_told_and_can_be_canceled(simulator: Simulator) -> None:
    partner = partner_with(simulator, 3_000)
    settings = {"payments[payouts][schedule][interval]": "manual"}
    simulator.post("/v1/balance_settings", settings, account=partner)
    simulator.pass_days(2)
    assert simulator.get("/v1/payouts", account=partner)["data"] == []
    body = {"amount": 1_200, "currency": "usd", "metadata[note]": "rent"}
    payout = simulator.post("/v1/payouts", body, account=partner)
    assert (payout["automatic"], payout["reconciliation_status"]) == (False, "not_applicable")
    assert simulator.post(f"/v1/payouts/{payout['id']}/cancel", account=partner)["status"] == "canceled"
    assert simulator.available(partner) == 3_000
    again = simulator.call("POST", f"/v1/payouts/{payout['id']}/cancel", account=partner)
    assert again.status_code == 400


def test_transactions_of_a_manual_payout_cannot_be_listed_by_it(simulator: Simulator) -> None:
    partner = partner_with(simulator, 3_000)
    payout = simulator.post("/v1/payouts", {"amount": 100, "currency": "usd"}, account=partner)
    answer = simulator.call(
        "GET", "/v1/balance_transactions", params={"payout": payout["id"]}, account=partner
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"amount": 3_001, "currency": "usd"}, "balance_insufficient"),
        ({"amount": 1, "currency": "eur"}, None),
        ({"amount": 1, "currency": "usd", "destination": "ba_unheard_of"}, "resource_missing"),
    ],
)
def test_a_payout_that_cannot_be_is_refused(simulator: Simulator, body: Json, code: str | None) -> None:
    answer = simulator.call("POST", "/v1/payouts", body, account=partner_with(simulator, 3_000))
    assert (answer.status_code, answer.json()["error"].get("code")) == (400, code)


def test_the_platform_pays_out_to_its_own_bank_only_when_told(simulator: Simulator) -> None:
    simulator.fund(5_000)
    simulator.pass_days(2)
    assert simulator.available() == 5_000
    payout = simulator.post("/v1/payouts", {"amount": 2_000, "currency": "usd"})
    simulator.pass_days(2)
    assert simulator.get(f"/v1/payouts/{payout['id']}")["status"] == "paid"
    assert simulator.transactions() == [("charge", 5_000, 0), ("payout", -2_000, 0)]


def test_a_payout_comes_back_even_if_its_bank_account_was_removed_meanwhile(simulator: Simulator) -> None:
    partner = partner_with(simulator, 3_000)
    path = f"/v1/accounts/{partner}/external_accounts"
    bank = {"bank_account[country]": "US", "bank_account[routing_number]": "110000000"}
    closed = simulator.post(path, bank | {"bank_account[account_number]": "000111111113"})["id"]
    body = {"amount": 3_000, "currency": "usd", "destination": closed}
    payout = simulator.post("/v1/payouts", body, account=partner)["id"]
    simulator.pass_days(2)
    assert simulator.call("DELETE", f"{path}/{closed}").status_code == 200
    simulator.pass_days(3)
    failed = simulator.get(f"/v1/payouts/{payout}", account=partner)
    assert (failed["status"], failed["failure_code"]) == ("failed", "could_not_process")
    assert simulator.available(partner) + simulator.books()["balances"]["payouts_in_transit"]["usd"] == 3_000


def test_accounts_do_not_see_each_others_money(simulator: Simulator) -> None:
    partner = partner_with(simulator, 1_000)
    simulator.pass_days(1)
    payout = only_payout(simulator, partner)
    assert simulator.get("/v1/payouts")["data"] == []
    assert simulator.call("GET", f"/v1/payouts/{payout['id']}").status_code == 404
    assert simulator.call("GET", "/v1/balance", account="acct_unheard_of").status_code == 403


def test_bank_accounts_are_added_chosen_and_removed(simulator: Simulator) -> None:
    partner = simulator.recipient()
    path = f"/v1/accounts/{partner}/external_accounts"
    (first,) = simulator.get(path)["data"]
    assert (first["last4"], first["default_for_currency"]) == ("6789", True)
    details = {"object": "bank_account", "country": "US", "currency": "usd", "routing_number": "110000000"}
    body = {f"external_account[{name}]": value for name, value in details.items()}
    second = simulator.post(path, body | {"external_account[account_number]": "000123456789"})
    assert second["default_for_currency"] is False
    assert simulator.call("DELETE", f"{path}/{first['id']}").status_code == 400
    assert simulator.post(f"{path}/{second['id']}", {"default_for_currency": "true"})["default_for_currency"]
    assert simulator.get(f"{path}/{first['id']}")["default_for_currency"] is False
    assert simulator.call("DELETE", f"{path}/{first['id']}").json()["deleted"] is True
    assert [one["id"] for one in simulator.get(path)["data"]] == [second["id"]]
    assert simulator.call("GET", f"{path}/{first['id']}").status_code == 404


def test_a_closed_account_has_no_bank_accounts_to_show_or_change(simulator: Simulator) -> None:
    partner = simulator.recipient()
    simulator.post(f"/v2/core/accounts/{partner}/close")
    answer = simulator.call("GET", f"/v1/accounts/{partner}/external_accounts")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "account_closed")
