import copy
from collections.abc import Callable

import pytest

from tests.sandbox.stripe_simulator.client import Simulator
from tests.sandbox.stripe_simulator.description import Description, Json

OUTGROWN = {
    "account_session",
    "invoice",
}  # the description has since made one of their missing fields required
OURS = (
    "balance", "balance_settings", "balance_transaction", "bank_account", "charge", "customer", "dispute",
    "event", "invoice", "invoice_payment", "invoiceitem", "payment_intent", "payment_method", "payout",
    "refund", "topup", "transfer", "transfer_reversal", "webhook_endpoint",
)  # fmt: skip
# Stripe shows these no longer, or only when asked.
NOT_SHOWN = {
    "charge": {"refunds"},
    "payment_method": {"card"},
}


def test_stripes_own_examples_obey_its_description(description: Description) -> None:
    faults = {
        name: description.faults_in(example, f"#/components/schemas/{example['object']}")
        for name, example in description.examples.items()
        if not name.startswith("deleted_")
    }
    assert {name for name, found in faults.items() if found} == OUTGROWN


@pytest.mark.parametrize("kind", OURS)
def test_an_example_that_lacks_a_required_field_is_caught(description: Description, kind: str) -> None:
    for field in description.spec["components"]["schemas"][kind]["required"]:
        broken = copy.deepcopy(description.examples[kind])
        broken.pop(field, None)
        assert description.faults_in(broken, f"#/components/schemas/{kind}")


@pytest.mark.parametrize("kind", OURS)
def test_an_example_with_a_number_as_its_kind_is_caught(description: Description, kind: str) -> None:
    broken = description.examples[kind] | {"object": 7}
    assert description.faults_in(broken, f"#/components/schemas/{kind}")


def test_the_simulators_objects_have_every_field_of_stripes_examples(
    description: Description, simulator: Simulator
) -> None:
    simulator.customer()
    simulator.fund(5_000)
    simulator.fund(500, card="pm_card_createDispute")
    simulator.bank_debit("DE89370400440532013000")
    simulator.invoice(700)
    simulator.post("/v1/refunds", {"payment_intent": simulator.fund(500)["id"]})
    simulator.post("/v1/topups", {"amount": 500, "currency": "usd", "source": "src_ach_success"})
    partner = simulator.recipient()
    transfer = simulator.transfer(1_000, partner).json()
    reversals = f"/v1/transfers/{transfer['id']}/reversals"
    simulator.post(reversals, {"amount": 100})
    simulator.post("/v1/payouts", {"amount": 100, "currency": "usd"})
    simulator.post(
        "/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/", "enabled_events[0]": "payout.paid"}
    )
    first: Callable[[str], Json] = lambda path: simulator.get(path)["data"][0]  # noqa: E731  # read once, here
    elsewhere = {
        "balance": simulator.get("/v1/balance"),
        "balance_settings": simulator.get("/v1/balance_settings"),
        "bank_account": first(f"/v1/accounts/{partner}/external_accounts"),
        "transfer_reversal": first(reversals),
    }
    ours = {kind: elsewhere[kind] if kind in elsewhere else first(f"/v1/{kind}s") for kind in OURS}
    missing = {kind: set(description.examples[kind]) - set(body) for kind, body in ours.items()}
    assert {kind: fields for kind, fields in missing.items() if fields} == NOT_SHOWN
