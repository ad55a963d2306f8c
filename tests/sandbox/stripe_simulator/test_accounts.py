import pytest

from tests.sandbox.stripe_simulator.client import Simulator, recipient
from tests.sandbox.stripe_simulator.description import Json

SHOW = {"include[0]": "configuration.recipient"}


def transfers_of(account: Json) -> Json:
    """Read the capability that decides whether money may go there."""
    return account["configuration"]["recipient"]["capabilities"]["stripe_balance"]["stripe_transfers"]


def test_a_new_recipient_may_not_receive_before_onboarding(simulator: Simulator) -> None:
    account = simulator.post("/v2/core/accounts", recipient("Vinyl Weekly"))
    assert transfers_of(account)["status"] == "restricted"
    assert account["applied_configurations"] == ["recipient"]
    due = simulator.get(f"/v2/core/accounts/{account['id']}", {"include[0]": "requirements"})
    assert due["requirements"]["entries"][0]["minimum_deadline"] == {"status": "past_due"}


def test_what_is_not_included_is_null(simulator: Simulator) -> None:
    account_id = simulator.recipient()
    plain = simulator.get(f"/v2/core/accounts/{account_id}")
    assert [plain[name] for name in ("configuration", "defaults", "identity", "requirements")] == [None] * 4
    shown = simulator.get(f"/v2/core/accounts/{account_id}", {"include[0]": "identity"})
    assert shown["identity"]["country"] == "us"
    assert (
        simulator.call(
            "GET", f"/v2/core/accounts/{account_id}", params={"include[0]": "everything"}
        ).status_code
        == 400
    )


def test_the_hosted_page_activates_the_account_and_goes_back(simulator: Simulator) -> None:
    account_id = simulator.recipient(onboarded=False)
    page = simulator.onboarding_page(account_id)
    shown = simulator.http.get(page)
    assert shown.headers["content-type"].startswith("text/html")
    assert "Complete onboarding" in shown.text
    done = simulator.http.post(page)
    assert (done.status_code, done.headers["location"]) == (303, "http://127.0.0.1/back")
    assert transfers_of(simulator.get(f"/v2/core/accounts/{account_id}", SHOW))["status"] == "active"


def test_a_spent_link_leads_to_the_refresh_address(simulator: Simulator) -> None:
    page = simulator.onboarding_page(simulator.recipient(onboarded=False))
    simulator.http.post(page)
    for answer in (simulator.http.get(page), simulator.http.post(page)):
        assert (answer.status_code, answer.headers["location"]) == (303, "http://127.0.0.1/again")


@pytest.mark.parametrize(
    "onboarding", [None, {}, {"refresh_url": 7}, {"refresh_url": "http://127.0.0.1/", "return_url": []}]
)
def test_a_link_without_addresses_is_refused(simulator: Simulator, onboarding: Json | None) -> None:
    use_case = {"type": "account_onboarding", "account_onboarding": onboarding}
    body = {"account": simulator.recipient(), "use_case": use_case}
    assert simulator.call("POST", "/v2/core/account_links", body).status_code == 400


def test_the_page_of_a_link_opens_once_and_within_minutes(simulator: Simulator) -> None:
    account_id = simulator.recipient(onboarded=False)
    page = simulator.onboarding_page(account_id)
    assert simulator.http.get(page).status_code == 200
    again = simulator.http.get(page)
    assert (again.status_code, again.headers["location"]) == (303, "http://127.0.0.1/again")
    late = simulator.onboarding_page(account_id)
    simulator.control("clock", {"advance_s": 301})
    for answer in (simulator.http.get(late), simulator.http.post(late)):
        assert (answer.status_code, answer.headers["location"]) == (303, "http://127.0.0.1/again")
    assert transfers_of(simulator.get(f"/v2/core/accounts/{account_id}", SHOW))["status"] == "restricted"


def test_who_leaves_without_finishing_comes_back_as_restricted_as_before(simulator: Simulator) -> None:
    account_id = simulator.recipient(onboarded=False)
    page = simulator.onboarding_page(account_id)
    assert f'action="{page.rpartition("/")[2]}/abandonment"' in simulator.http.get(page).text
    left = simulator.http.post(f"{page}/abandonment")
    assert (left.status_code, left.headers["location"]) == (303, "http://127.0.0.1/back")
    assert transfers_of(simulator.get(f"/v2/core/accounts/{account_id}", SHOW))["status"] == "restricted"
    simulator.http.post(simulator.onboarding_page(account_id))
    assert transfers_of(simulator.get(f"/v2/core/accounts/{account_id}", SHOW))["status"] == "active"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("pending", "requirements_pending_verification"),
        ("restricted", "requirements_past_due"),
        ("unsupported", "unsupported_country"),
        ("rejected", "rejected_other"),
    ],
)
def test_an_account_that_loses_its_capability_receives_nothing(
    simulator: Simulator, status: str, code: str
) -> None:
    simulator.fund(5_000)
    account_id = simulator.recipient()
    simulator.control("reviews", {"account": account_id, "status": status})
    lost = transfers_of(simulator.get(f"/v2/core/accounts/{account_id}", SHOW))
    assert (lost["status"], lost["status_details"][0]["code"]) == (status, code)
    refused = simulator.transfer(100, account_id).json()["error"]
    assert refused["code"] == "insufficient_capabilities_for_transfer"
    simulator.control("reviews", {"account": account_id, "status": "active"})
    assert simulator.transfer(100, account_id).status_code == 200


@pytest.mark.parametrize(("country", "status"), [("de", 200), ("GB", 200), ("ru", 400), ("kp", 400)])
def test_a_country_that_stripe_cannot_reach_is_refused_at_once(
    simulator: Simulator, country: str, status: int
) -> None:
    body = recipient("Vinyl Weekly") | {"identity": {"country": country, "entity_type": "company"}}
    answer = simulator.call("POST", "/v2/core/accounts", body)
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["error"]["code"] == "capability_not_available_in_country"


def test_an_account_is_closed_once_and_gets_no_link_then(simulator: Simulator) -> None:
    account_id = simulator.recipient()
    simulator.post(f"/v2/core/accounts/{account_id}/close")
    again = simulator.call("POST", f"/v2/core/accounts/{account_id}/close")
    assert (again.status_code, again.json()["error"]["code"]) == (400, "account_closed")
    use_case = {"type": "account_onboarding", "account_onboarding": {"refresh_url": "http://127.0.0.1/"}}
    link = simulator.call("POST", "/v2/core/account_links", {"account": account_id, "use_case": use_case})
    assert link.json()["error"]["code"] == "account_closed"
    assert simulator.call("GET", "/v1/balance", account=account_id).status_code == 403


def test_accounts_are_listed_open_or_closed(simulator: Simulator) -> None:
    first, second, third = (simulator.recipient() for _ in range(3))
    simulator.post(f"/v2/core/accounts/{second}/close")
    page = simulator.get("/v2/core/accounts", {"limit": 1})
    assert [account["id"] for account in page["data"]] == [third]
    rest = simulator.get("/v2/core/accounts", {"limit": 1, "page": 1})
    assert ([account["id"] for account in rest["data"]], rest["next_page_url"]) == ([first], None)
    closed = simulator.get("/v2/core/accounts", {"closed": "true"})
    assert [account["id"] for account in closed["data"]] == [second]


def test_an_invented_link_leads_nowhere(simulator: Simulator) -> None:
    for method in ("GET", "POST"):
        assert simulator.http.request(method, "/setup/s/setup_invented").status_code == 404


def test_the_hosted_page_shows_a_name_as_text(simulator: Simulator) -> None:
    account_id = simulator.recipient(onboarded=False, name="<script>alert(1)</script>")
    shown = simulator.http.get(simulator.onboarding_page(account_id)).text
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_onboarding_is_told_as_an_event_about_the_account(simulator: Simulator) -> None:
    account_id = simulator.recipient()
    (event,) = simulator.get("/v1/events", {"type": "account.updated"})["data"]
    assert (event["account"], event["data"]["object"]["id"]) == (account_id, account_id)
    assert event["data"]["object"]["capabilities"] == {"transfers": "active"}
    assert event["data"]["previous_attributes"] == {"capabilities": {"transfers": "inactive"}}


def test_an_account_is_updated_in_place(simulator: Simulator) -> None:
    account_id = simulator.recipient()
    simulator.post(
        f"/v2/core/accounts/{account_id}", {"display_name": "Vinyl Daily", "metadata": {"brand": "7"}}
    )
    account = simulator.get(f"/v2/core/accounts/{account_id}", SHOW)
    assert (account["display_name"], account["metadata"]) == ("Vinyl Daily", {"brand": "7"})
    assert transfers_of(account)["status"] == "active"


def test_a_closed_account_is_shown_closed_and_takes_no_update(simulator: Simulator) -> None:
    account_id = simulator.recipient()
    assert simulator.post(f"/v2/core/accounts/{account_id}/close")["closed"] is True
    assert simulator.get(f"/v2/core/accounts/{account_id}")["closed"] is True
    update = simulator.call("POST", f"/v2/core/accounts/{account_id}", {"display_name": "Again"})
    assert update.status_code == 400


def test_an_unknown_account_is_not_found(simulator: Simulator) -> None:
    answer = simulator.call("GET", "/v2/core/accounts/acct_unheard_of")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_what_is_not_played_is_refused_plainly(simulator: Simulator) -> None:
    merchant = recipient("Vinyl Weekly") | {"configuration": {"merchant": {}}}
    token = recipient("Vinyl Weekly") | {"account_token": "accttok_1"}
    for body in (merchant, token):
        answer = simulator.call("POST", "/v2/core/accounts", body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_fields")
