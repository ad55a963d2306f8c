import copy
from collections.abc import Callable

import pytest

from tests.sandbox.stripe_simulator.client import Simulator
from tests.sandbox.stripe_simulator.description import Description, Json

OUTGROWN = {
    "account_session",
    "invoice",
}  # the description has since made one of their missing fields required
OURS = ("transfer", "balance", "balance_transaction", "charge", "customer", "event", "payment_intent")


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
        del broken[field]
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
    simulator.transfer(1_000, simulator.recipient())
    first: Callable[[str], Json] = lambda path: simulator.get(path)["data"][0]  # noqa: E731  # read once, here
    ours = {
        "transfer": first("/v1/transfers"),
        "balance": simulator.get("/v1/balance"),
        "balance_transaction": first("/v1/balance_transactions"),
        "charge": first("/v1/charges"),
        "customer": first("/v1/customers"),
        "event": first("/v1/events"),
        "payment_intent": first("/v1/payment_intents"),
    }
    missing = {kind: set(description.examples[kind]) - set(body) for kind, body in ours.items()}
    # Stripe stopped to show a charge's refunds unless asked.
    assert {kind: fields for kind, fields in missing.items() if fields} == {"charge": {"refunds"}}
