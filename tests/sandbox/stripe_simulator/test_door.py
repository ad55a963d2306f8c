import socket

import pytest

from tests.sandbox.stripe_simulator.client import Simulator, payment


@pytest.mark.parametrize(
    "authorization",
    [None, "Bearer", "Bearer sk_live_1234", "Bearer rk_live_1234", "Basic sk_test_1", "Bearer x"],
)
def test_only_a_secret_test_key_opens_the_door(simulator: Simulator, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = simulator.http.get("/v1/balance", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_refused_key_is_not_repeated_in_full(simulator: Simulator) -> None:
    headers = {"Authorization": "Bearer sk_live_verysecret"}
    assert "verysecret" not in simulator.http.get("/v1/balance", headers=headers).text


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/nothing"), ("POST", "/v1/balance"), ("GET", "/")])
def test_an_address_it_does_not_play_is_refused(simulator: Simulator, method: str, path: str) -> None:
    answer = simulator.http.request(method, path, headers={"Authorization": "Bearer sk_test_1"})
    assert answer.status_code == 404
    assert f"({method}: {path})" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"source_type": "card"}, "parameter_unknown", "source_type"),
        ({"currency": None}, "parameter_missing", "currency"),
        ({"amount": None}, "parameter_missing", "amount"),
        ({"amount": "12.5"}, "parameter_invalid_integer", "amount"),
        ({"amount": "0"}, "parameter_invalid_integer", "amount"),
        ({"amount": "49"}, "amount_too_small", "amount"),
        ({"amount": "100000000"}, "parameter_invalid_integer", "amount"),
        ({"currency": "zzz"}, None, "currency"),
        ({"description": ""}, "parameter_invalid_empty", "description"),
        ({"confirm": "perhaps"}, None, "confirm"),
        ({"confirm": None}, None, "confirm"),
        ({"off_session": "false"}, None, "off_session"),
        ({"payment_method": "pm_unheard_of"}, "resource_missing", "payment_method"),
        ({"customer": "cus_unheard_of"}, "resource_missing", "customer"),
        ({"expand": "latest_charge"}, None, "expand"),
    ],
)
def test_a_wrong_parameter_is_named_and_nothing_happens(
    simulator: Simulator, changes: dict[str, str | None], code: str | None, param: str
) -> None:
    body = {name: value for name, value in (payment(5_000) | changes).items() if value is not None}
    answer = simulator.call("POST", "/v1/payment_intents", body)
    error = answer.json()["error"]
    assert (answer.status_code, error.get("code"), error["param"]) == (400, code, param)
    assert simulator.get("/v1/charges")["data"] == []


def test_every_answer_names_its_request_and_version(simulator: Simulator) -> None:
    answer = simulator.call("GET", "/v1/balance")
    assert answer.headers["request-id"].startswith("req_")
    assert answer.headers["stripe-version"] == "2026-10-28.endive"


def test_a_body_of_v2_that_is_no_json_object_is_refused(simulator: Simulator) -> None:
    headers = {"Authorization": "Bearer sk_test_1"}
    answer = simulator.http.post("/v2/core/accounts", content="[1]", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_fields")


def test_it_listens_on_one_loopback_address_alone(simulator: Simulator) -> None:
    port = int(simulator.address.rpartition(":")[2])
    with socket.socket() as here, socket.socket() as elsewhere:
        assert here.connect_ex(("127.0.0.1", port)) == 0
        assert elsewhere.connect_ex(("127.0.0.2", port)) != 0
