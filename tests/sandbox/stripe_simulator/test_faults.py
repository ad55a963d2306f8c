import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.sandbox.stripe_simulator.client import Simulator, recipient

ROUTE = "POST /v1/transfers"


def test_a_line_cut_before_the_work_leaves_nothing_done(simulator: Simulator) -> None:
    simulator.fund(5_000)
    partner = simulator.recipient()
    simulator.control("faults", {"route": ROUTE, "kind": "drop_before"})
    with pytest.raises(httpx.RemoteProtocolError):
        simulator.transfer(1_000, partner, key="pay_1.1")
    assert simulator.books()["transferred"] == {}
    assert simulator.transfer(1_000, partner, key="pay_1.1").headers.get("idempotent-replayed") is None


def test_a_line_cut_after_the_work_leaves_it_done_once(simulator: Simulator) -> None:
    simulator.fund(5_000)
    partner = simulator.recipient()
    simulator.control("faults", {"route": ROUTE, "kind": "drop_after"})
    with pytest.raises(httpx.RemoteProtocolError):
        simulator.transfer(1_000, partner, key="pay_1.1")
    assert simulator.books()["transferred"] == {partner: {"usd": 1_000}}
    assert simulator.transfer(1_000, partner, key="pay_1.1").headers["idempotent-replayed"] == "true"
    assert simulator.books()["transferred"] == {partner: {"usd": 1_000}}


def test_a_500_is_stored_and_replayed(simulator: Simulator) -> None:
    simulator.fund(5_000)
    partner = simulator.recipient()
    simulator.control("faults", {"route": ROUTE, "kind": "500"})
    first, second = (simulator.transfer(1_000, partner, key="pay_1.1") for _ in range(2))
    assert (first.status_code, first.headers.get("idempotent-replayed")) == (500, None)
    assert (second.status_code, second.headers.get("idempotent-replayed")) == (500, "true")
    assert simulator.books()["transferred"] == {}


def test_version_2_tries_anew_after_a_500(simulator: Simulator) -> None:
    simulator.control("faults", {"route": "POST /v2/core/accounts", "kind": "500"})
    answers = [simulator.call("POST", "/v2/core/accounts", recipient("Vinyl"), key="one") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [500, 200]


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("409", 409, "idempotency_key_in_use"), ("429", 429, "rate_limit"), ("403", 403, "account_invalid")],
)
def test_what_never_began_leaves_its_key_unused(
    simulator: Simulator, kind: str, status: int, code: str
) -> None:
    simulator.fund(5_000)
    partner = simulator.recipient()
    simulator.control("faults", {"route": ROUTE, "kind": kind, "times": 2})
    for _ in range(2):
        answer = simulator.transfer(1_000, partner, key="pay_1.1")
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert simulator.transfer(1_000, partner, key="pay_1.1").status_code == 200


def test_a_500_before_anything_began_leaves_its_key_unused(simulator: Simulator) -> None:
    simulator.fund(5_000)
    partner = simulator.recipient()
    simulator.control("faults", {"route": ROUTE, "kind": "500_unstored"})
    first, second = (simulator.transfer(1_000, partner, key="pay_1.1") for _ in range(2))
    assert (first.status_code, second.status_code) == (500, 200)
    assert second.headers.get("idempotent-replayed") is None


def test_a_500_can_hide_that_the_work_was_done(simulator: Simulator) -> None:
    simulator.fund(5_000)
    partner = simulator.recipient()
    simulator.control("faults", {"route": ROUTE, "kind": "500_after"})
    assert simulator.transfer(1_000, partner, key="pay_1.1").status_code == 500
    assert simulator.books()["transferred"] == {partner: {"usd": 1_000}}
    again = simulator.transfer(1_000, partner, key="pay_1.1")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
    assert simulator.books()["transferred"] == {partner: {"usd": 1_000}}


@pytest.mark.parametrize(("kind", "done"), [("timeout_before", {}), ("timeout_after", {"usd": 1_000})])
def test_an_answer_that_never_comes_says_nothing_of_the_work(
    simulator: Simulator, kind: str, done: dict[str, int]
) -> None:
    simulator.fund(5_000)
    partner = simulator.recipient()
    simulator.control("faults", {"route": ROUTE, "kind": kind})
    patient = simulator.http.timeout
    simulator.http.timeout = httpx.Timeout(0.3)
    with pytest.raises(httpx.ReadTimeout):
        simulator.transfer(1_000, partner, key="pay_1.1")
    simulator.http.timeout = patient
    assert simulator.books()["transferred"].get(partner, {}) == done
    simulator.transfer(1_000, partner, key="pay_1.1")
    assert simulator.books()["transferred"] == {partner: {"usd": 1_000}}


def test_a_key_whose_first_request_still_runs_is_in_use(simulator: Simulator) -> None:
    simulator.fund(5_000)
    partner = simulator.recipient()
    simulator.control("faults", {"route": ROUTE, "kind": "slow", "seconds": 1.5})
    with ThreadPoolExecutor() as threads:
        first = threads.submit(simulator.transfer, 1_000, partner, key="pay_1.1")
        time.sleep(0.5)
        second = simulator.transfer(1_000, partner, key="pay_1.1")
        assert (second.status_code, second.json()["error"]["code"]) == (409, "idempotency_key_in_use")
        assert first.result().status_code == 200
    third = simulator.transfer(1_000, partner, key="pay_1.1")
    assert third.headers["idempotent-replayed"] == "true"
    assert simulator.books()["transferred"] == {partner: {"usd": 1_000}}


def test_a_fault_strikes_its_own_route_alone(simulator: Simulator) -> None:
    simulator.control("faults", {"route": ROUTE, "kind": "429"})
    assert simulator.call("GET", "/v1/transfers").status_code == 200
    assert simulator.call("GET", "/v1/balance").status_code == 200


@pytest.mark.parametrize(
    "fault",
    [{"route": "POST /v1/nothing", "kind": "500"}, {"route": ROUTE, "kind": "plague"}, {"route": ROUTE}],
)
def test_an_unknown_fault_is_refused(simulator: Simulator, fault: dict[str, str]) -> None:
    assert simulator.http.post("/_simulator/faults", json=fault).status_code == 400
