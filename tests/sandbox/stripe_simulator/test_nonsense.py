import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partner_network.sandbox.stripe_simulator.routes import ROUTES
from tests.sandbox.stripe_simulator.client import KEY, Simulator, recipient

FIELDS = (
    "account", "amount", "applied_configurations", "capabilities", "configuration", "confirm", "country",
    "created", "created[gte]", "currency", "customer", "defaults", "destination", "expand", "expand[0]",
    "identity", "include", "include[0]", "limit", "metadata", "metadata[a]", "metadata[a][b]", "off_session",
    "payment_method", "recipient", "requested", "responsibilities", "source", "starting_after",
    "stripe_balance", "stripe_transfers", "type", "use_case",
)  # fmt: skip
TEXTS = st.sampled_from(
    ["", "true", "usd", "us", "5000", "pm_card_visa", "configuration.recipient", "data.x"]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=12,
)
NONSENSE = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
HEADERS = {"Authorization": f"Bearer {KEY}"}


@NONSENSE
@given(
    route=st.sampled_from(sorted(ROUTES)), form=st.dictionaries(st.sampled_from(FIELDS), TEXTS | st.text())
)
def test_no_form_breaks_the_simulator(simulator: Simulator, route: str, form: dict[str, str]) -> None:
    method, path = route.replace("{id}", "some_id").split()
    query, body = (form, None) if method == "GET" else (None, form)
    assert simulator.http.request(method, path, headers=HEADERS, params=query, data=body).status_code < 500


@NONSENSE
@given(changes=st.dictionaries(st.sampled_from(sorted(recipient(""))), VALUES), junk=VALUES)
def test_no_json_breaks_the_simulator(simulator: Simulator, changes: dict[str, Any], junk: object) -> None:
    for body in (recipient("Vinyl Weekly") | changes, junk):
        made = simulator.http.post("/v2/core/accounts", content=json.dumps(body), headers=HEADERS)
        assert made.status_code < 500
        if made.is_success:
            path = f"/v2/core/accounts/{made.json()['id']}"
            assert simulator.http.post(path, content=json.dumps(changes), headers=HEADERS).status_code < 500
            assert simulator.http.post(f"{path}/close", content="{}", headers=HEADERS).status_code < 500


def test_bytes_that_are_no_text_do_not_break_the_simulator(simulator: Simulator) -> None:
    for path in ("/v1/customers", "/v2/core/accounts"):
        assert simulator.http.post(path, content=b"name=\xff\xfe", headers=HEADERS).status_code < 500
