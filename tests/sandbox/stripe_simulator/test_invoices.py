"""Invoices as Stripe plays them: states, the hosted page, delayed money, what nobody can do."""

from pathlib import Path

import pytest

from tests.sandbox.stripe_simulator.client import Simulator, drafted, playing
from tests.sandbox.stripe_simulator.description import Description, Json

EURO = ("card", "customer_balance", "sepa_debit")


def paying(simulator: Simulator, invoice: Json) -> Json:
    """Read the one payment of an invoice with its intent."""
    (payment,) = simulator.get("/v1/invoice_payments", {"invoice": invoice["id"]})["data"]
    return payment | {"intent": simulator.get(f"/v1/payment_intents/{payment['payment']['payment_intent']}")}


def read(simulator: Simulator, invoice: Json) -> Json:
    return simulator.get(f"/v1/invoices/{invoice['id']}")


def test_an_invoice_that_is_sent_asks_for_its_items_and_can_be_paid_on_its_page(simulator: Simulator) -> None:
    invoice = simulator.invoice(1_500)
    assert (invoice["status"], invoice["total"], invoice["amount_remaining"]) == ("open", 1_500, 1_500)
    assert invoice["due_date"] - invoice["status_transitions"]["finalized_at"] == 14 * 86_400
    assert [line["amount"] for line in simulator.get(f"/v1/invoices/{invoice['id']}/lines")["data"]] == [
        1_500
    ]
    assert paying(simulator, invoice)["intent"]["status"] == "requires_payment_method"
    assert "1500 USD" in simulator.http.get(invoice["hosted_invoice_url"]).text

    assert simulator.pay_invoice(invoice, "pm_card_bypassPending") == 303

    paid = read(simulator, invoice)
    assert (paid["status"], paid["amount_paid"], paid["amount_remaining"]) == ("paid", 1_500, 0)
    payment = paying(simulator, invoice)
    assert (payment["status"], payment["amount_paid"]) == ("paid", 1_500)
    assert (payment["intent"]["status"], payment["intent"]["amount_received"]) == ("succeeded", 1_500)
    assert simulator.available() == 1_500
    assert simulator.told("invoice") == [
        "invoice.created", "invoiceitem.created", "invoice.finalized", "invoice.sent", "invoice_payment.paid",
        "invoice.paid", "invoice.payment_succeeded",
    ]  # fmt: skip
    assert simulator.pay_invoice(invoice, "pm_card_bypassPending") == 400
    assert simulator.books()["differences"] == []


def test_a_declined_card_leaves_the_invoice_open_for_another(simulator: Simulator) -> None:
    invoice = simulator.invoice(1_500)
    assert simulator.pay_invoice(invoice, "pm_card_chargeDeclined") == 402
    assert read(simulator, invoice)["status"] == "open"
    assert simulator.told("invoice.payment_failed") == ["invoice.payment_failed"]
    assert simulator.pay_invoice(invoice, "pm_card_visa") == 303
    assert read(simulator, invoice)["attempt_count"] == 2
    assert simulator.available() == 0  # until the card has settled
    simulator.control("settle")
    assert simulator.available() == 1_500


def test_a_debit_is_decided_days_later_and_one_that_fails_may_be_tried_again(simulator: Simulator) -> None:
    invoice = simulator.invoice(1_500, currency="eur", kinds=EURO)
    simulator.pay_invoice(invoice, "sepa_3001")
    assert (read(simulator, invoice)["status"], paying(simulator, invoice)["intent"]["status"]) == (
        "open",
        "processing",
    )
    refused = simulator.call("POST", f"/v1/invoices/{invoice['id']}/void")
    assert refused.status_code == 400
    simulator.pass_days(6)
    assert paying(simulator, invoice)["intent"]["last_payment_error"]["decline_code"]
    simulator.pay_invoice(invoice, "sepa_3000")
    simulator.pass_days(6)
    assert read(simulator, invoice)["status"] == "paid"
    assert simulator.available(currency="eur") == 1_500
    assert simulator.books()["differences"] == []


def test_a_bank_transfer_pays_what_it_covers_and_the_rest_stays_the_customers(simulator: Simulator) -> None:
    customer = simulator.customer()
    invoice = simulator.invoice(1_500, customer=customer, currency="eur", kinds=EURO)
    simulator.control("bank-transfers", {"customer": customer, "amount": 1_000, "currency": "eur"})
    assert read(simulator, invoice)["status"] == "open"
    assert simulator.available(currency="eur") == 0
    simulator.control("bank-transfers", {"customer": customer, "amount": 2_100, "currency": "eur"})
    assert read(simulator, invoice)["status"] == "paid"
    assert simulator.available(currency="eur") == 1_500
    # 3,100 came, 1,500 paid: 1,600 is left, which pays the next invoice as soon as it is finalized
    assert simulator.books()["balances"][f"cash_balance {customer}"] == {"eur": 1_600}
    again = simulator.invoice(1_600, customer=customer, currency="eur", kinds=EURO)
    assert again["status"] == "paid"
    assert simulator.available(currency="eur") == 3_100
    assert simulator.books()["balances"][f"cash_balance {customer}"] == {"eur": 0}
    assert simulator.books()["differences"] == []


def test_what_is_void_is_never_paid_and_an_uncollectible_one_still_may_be(simulator: Simulator) -> None:
    customer = simulator.customer()
    void, bad = (simulator.invoice(700, customer=customer) for _ in range(2))
    simulator.post(f"/v1/invoices/{void['id']}/void")
    simulator.post(f"/v1/invoices/{bad['id']}/mark_uncollectible")
    assert paying(simulator, void)["intent"]["status"] == "canceled"
    assert simulator.pay_invoice(void, "pm_card_visa") == 400
    assert simulator.pay_invoice(bad, "pm_card_bypassPending") == 303
    assert [read(simulator, one)["status"] for one in (void, bad)] == ["void", "paid"]
    numbers = [one["number"].rpartition("-")[2] for one in (void, bad)]
    assert numbers == ["0001", "0002"]
    assert simulator.call("POST", f"/v1/invoices/{void['id']}/void").status_code == 400
    assert simulator.books()["differences"] == []


def test_an_invoice_that_names_no_way_takes_all_that_its_currency_allows(simulator: Simulator) -> None:
    invoice = simulator.invoice(700, currency="eur", kinds=())
    page = simulator.http.get(invoice["hosted_invoice_url"]).text
    assert "pm_card_visa" in page
    assert "sepa_3000" in page
    assert "bank account of this customer" in page
    assert "pm_usBankAccount_success" not in page
    assert simulator.pay_invoice(invoice, "pm_usBankAccount_success") == 400


def test_a_draft_may_be_deleted_and_takes_its_items_along(simulator: Simulator) -> None:
    customer = simulator.customer()
    draft = simulator.draft(customer)
    item = {"customer": customer, "invoice": draft["id"], "amount": 5, "currency": "usd"}
    simulator.post("/v1/invoiceitems", item)
    assert simulator.call("DELETE", f"/v1/invoices/{draft['id']}").json()["deleted"]
    assert simulator.call("GET", f"/v1/invoices/{draft['id']}").status_code == 404
    assert simulator.get("/v1/invoiceitems")["data"] == []
    sent = simulator.invoice(5, customer=customer)
    assert simulator.call("DELETE", f"/v1/invoices/{sent['id']}").status_code == 400


def test_an_invoice_is_made_once_however_often_it_is_asked_for_under_its_key(simulator: Simulator) -> None:
    body = drafted(simulator.customer())
    first, again = (simulator.post("/v1/invoices", body, key="funding-1-invoice") for _ in range(2))
    assert first == again
    assert len(simulator.get("/v1/invoices")["data"]) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"customer": "cus_nobody"},
        {"collection_method": "charge_automatically"},
        {"auto_advance": "true"},
        {"payment_settings[payment_method_types][0]": "pix"},
        {"days_until_due": "-1"},
    ],
)
def test_what_the_simulator_does_not_play_it_refuses(simulator: Simulator, change: Json) -> None:
    body = drafted(simulator.customer()) | change
    assert simulator.call("POST", "/v1/invoices", body).status_code == 400


def test_items_must_fit_their_invoice(simulator: Simulator) -> None:
    customer = simulator.customer()
    draft = simulator.draft(customer)
    item = {"customer": customer, "invoice": draft["id"], "amount": 5, "currency": "usd"}
    for wrong in ({"currency": "eur"}, {"customer": simulator.customer()}, {"invoice": "in_none"}):
        assert simulator.call("POST", "/v1/invoiceitems", item | wrong).status_code == 400
    assert simulator.call("POST", f"/v1/invoices/{draft['id']}/finalize").status_code == 400


def test_the_day_it_was_due_passes_and_is_told(simulator: Simulator) -> None:
    simulator.invoice(700)
    paid = simulator.invoice(700)
    simulator.pay_invoice(paid, "pm_card_visa")
    simulator.pass_days(15)
    assert simulator.told("invoice.overdue") == ["invoice.overdue"]


def test_stripes_fee_comes_off_and_a_returned_debit_takes_the_money_back(
    tmp_path: Path, description: Description
) -> None:
    with playing(tmp_path / "state.sqlite", description, fee_ppm=8_000) as simulator:
        invoice = simulator.invoice(10_000, currency="eur", kinds=EURO)
        simulator.pay_invoice(invoice, "sepa_3002")
        simulator.pass_days(6)
        # 10,000 less 0.8 % and then less itself and 10.00 for the return
        assert simulator.transactions() == [("payment", 10_000, 80), ("adjustment", -10_000, 1_000)]
        assert read(simulator, invoice)["status"] == "paid"
        assert simulator.books()["differences"] == []
