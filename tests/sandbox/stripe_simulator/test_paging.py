"""Every list walks by cursor, both ways, and says whether there is more."""

from collections.abc import Callable

import pytest

from partner_network.sandbox.stripe_simulator import lists
from tests.sandbox.stripe_simulator.client import Simulator
from tests.sandbox.stripe_simulator.description import Json


def _methods(simulator: Simulator) -> None:
    simulator.post("/v1/payment_methods", {"type": "card", "card[token]": "tok_visa"})


def _transfers(simulator: Simulator) -> None:
    simulator.fund(500)
    simulator.transfer(100, simulator.recipient())


def _refunds(simulator: Simulator) -> None:
    simulator.post("/v1/refunds", {"payment_intent": simulator.fund(500)["id"]})


def _payouts(simulator: Simulator) -> None:
    simulator.fund(500)
    simulator.post("/v1/payouts", {"amount": 500, "currency": "usd"})


def _topups(simulator: Simulator) -> None:
    simulator.post("/v1/topups", {"amount": 500, "currency": "usd"})


def _endpoints(simulator: Simulator) -> None:
    body = {"url": "http://127.0.0.1:9/", "enabled_events[0]": "payout.paid"}
    simulator.post("/v1/webhook_endpoints", body)


def _disputes(simulator: Simulator) -> None:
    simulator.fund(500, card="pm_card_createDispute")


MAKE: dict[str, Callable[[Simulator], object]] = {
    "/v1/balance_transactions": lambda simulator: simulator.fund(500),
    "/v1/charges": lambda simulator: simulator.fund(500),
    "/v1/customers": lambda simulator: simulator.customer(),
    "/v1/disputes": _disputes,
    "/v1/events": lambda simulator: simulator.customer(),
    "/v1/invoice_payments": lambda simulator: simulator.invoice(500),
    "/v1/invoiceitems": lambda simulator: simulator.invoice(500),
    "/v1/invoices": lambda simulator: simulator.invoice(500),
    "/v1/payment_intents": lambda simulator: simulator.fund(500),
    "/v1/payment_methods": _methods,
    "/v1/payouts": _payouts,
    "/v1/refunds": _refunds,
    "/v1/topups": _topups,
    "/v1/transfers": _transfers,
    "/v1/webhook_endpoints": _endpoints,
}


def test_every_list_is_walked_here() -> None:
    assert sorted(MAKE) == sorted(collection.url for collection in lists.COLLECTIONS)


def ids(page: Json) -> list[str]:
    return [item["id"] for item in page["data"]]


@pytest.mark.parametrize("path", sorted(MAKE))
def test_a_list_walks_both_ways_without_a_gap(simulator: Simulator, path: str) -> None:
    for _ in range(3):
        MAKE[path](simulator)
    everything = ids(simulator.get(path, {"limit": 100}))
    assert len(everything) >= 3
    forwards: list[str] = []
    page = simulator.get(path, {"limit": 1})
    forwards += ids(page)
    while page["has_more"]:
        page = simulator.get(path, {"limit": 1, "starting_after": forwards[-1]})
        forwards += ids(page)
    assert forwards == everything
    backwards = ids(simulator.get(path, {"limit": 2, "ending_before": everything[-1]}))
    assert backwards == everything[-3:-1]


@pytest.mark.parametrize("path", sorted(MAKE))
def test_each_item_of_a_list_is_read_alone_as_it_stands_there(simulator: Simulator, path: str) -> None:
    MAKE[path](simulator)
    for item in simulator.get(path)["data"]:
        assert simulator.get(f"{path}/{item['id']}") == item


@pytest.mark.parametrize("path", sorted(MAKE))
@pytest.mark.parametrize(
    "params", [{"limit": "101"}, {"limit": "0"}, {"starting_after": "x"}, {"nothing": "x"}]
)
def test_a_page_that_cannot_be_is_refused(simulator: Simulator, path: str, params: dict[str, str]) -> None:
    assert simulator.call("GET", path, params=params).status_code == 400
