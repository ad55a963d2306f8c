import pytest

from partner_network.kernel import ids
from tests.doors import PASSWORD, Browser, Network

INVITATION = {"email": "new@groove.example", "role": "viewer"}
SIGN_IN = {"email": "olivia@groove.example", "password": PASSWORD}


@pytest.fixture
async def olivia(network: Network) -> Browser:
    """The owner of a music shop, signed in."""
    shop = await network.brand("groove-street")
    await network.person("olivia@groove.example", shop, ["owner"])
    return await network.signed_in("olivia@groove.example")


async def test_a_change_without_the_sessions_token_is_refused(network: Network, olivia: Browser) -> None:
    del olivia.client.headers["x-csrf-token"]

    answer = await olivia.post("/api/v1/invitations", INVITATION)

    assert answer.status_code == 403
    assert "present session" in answer.json()["detail"]
    assert await network.owner.fetchval("SELECT count(*) FROM invitations") == 0


async def test_the_token_of_another_session_is_refused(network: Network, olivia: Browser) -> None:
    other = await network.signed_in("olivia@groove.example")
    olivia.client.headers["x-csrf-token"] = other.client.headers["x-csrf-token"]

    assert (await olivia.post("/api/v1/invitations", INVITATION)).status_code == 403


async def test_a_form_carries_the_token_in_a_field(olivia: Browser) -> None:
    token = olivia.client.headers.pop("x-csrf-token")

    refused = await olivia.client.post("/sign-out", data={"csrf_token": "x" + token})
    done = await olivia.client.post("/sign-out", data={"csrf_token": token})

    assert refused.status_code == 403
    assert (done.status_code, done.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
async def test_another_site_cannot_sign_a_browser_in(
    network: Network, olivia: Browser, headers: dict[str, str]
) -> None:
    assert olivia  # so that there is somebody to sign in as
    browser = await network.browser()

    answer = await browser.client.post("/sign-in", data=SIGN_IN, headers=headers)

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_our_own_page_can_sign_a_browser_in(network: Network, olivia: Browser) -> None:
    assert olivia
    browser = await network.browser()
    own = {"sec-fetch-site": "same-origin", "origin": "http://127.0.0.1:8000"}

    assert (await browser.client.post("/sign-in", data=SIGN_IN, headers=own)).status_code == 303


async def test_a_machine_is_the_brand_of_its_key_and_needs_no_token(
    network: Network, olivia: Browser
) -> None:
    issued = await olivia.accepted(
        "/api/v1/api-keys", {"name": "shop", "scopes": ["conversions:write"], "mode": "live"}
    )
    machine = await network.browser()
    machine.client.headers["authorization"] = f"Bearer {issued['key']}"

    answer = await machine.post("/api/v1/conversions", {"conversions": []})

    assert issued["key"].startswith("pnk_live_")
    assert answer.status_code not in {401, 403}, answer.text


async def test_a_key_can_do_only_what_it_was_made_for(network: Network, olivia: Browser) -> None:
    issued = await olivia.accepted("/api/v1/api-keys", {"name": "reports", "scopes": ["reports:read"]})
    machine = await network.browser()
    machine.client.headers["authorization"] = f"Bearer {issued['key']}"

    refused = await machine.post("/api/v1/conversions", {"conversions": []})

    assert refused.status_code == 403
    assert "conversions:write" in refused.json()["detail"]
    assert (await machine.get("/api/v1/conversions")).status_code == 200


async def test_an_unknown_or_revoked_key_is_nobody_even_beside_a_good_session(
    network: Network, olivia: Browser
) -> None:
    issued = await olivia.accepted("/api/v1/api-keys", {"name": "reports", "scopes": ["reports:read"]})
    assert (await olivia.client.delete(f"/api/v1/api-keys/{issued['id']}")).status_code == 204

    for key in (issued["key"], "pnk_live_guessed", ""):
        answer = await olivia.get("/api/v1/conversions", headers={"authorization": f"Bearer {key}"})
        assert answer.status_code == 401
    listed = (await olivia.get("/api/v1/api-keys")).json()["items"]
    assert [(one["name"], one["revoked_at"] is None) for one in listed] == [("reports", False)]
    assert issued["key"] not in str(listed)
    assert issued["key"].encode() not in await network.owner.fetchval("SELECT key_hash FROM api_keys")


async def test_nobody_revokes_another_brands_key(network: Network, olivia: Browser) -> None:
    issued = await olivia.accepted("/api/v1/api-keys", {"name": "reports", "scopes": ["reports:read"]})
    await network.person("dan@drums.example", await network.brand("drum-school"), ["owner"])
    dan = await network.signed_in("dan@drums.example")

    assert (await dan.client.delete(f"/api/v1/api-keys/{issued['id']}")).status_code == 404
    assert await network.owner.fetchval("SELECT revoked_at FROM api_keys") is None


@pytest.mark.parametrize("role", ["marketer", "finance", "viewer"])
async def test_a_role_without_the_right_is_told_who_has_it(network: Network, role: str) -> None:
    await network.person("vera@groove.example", await network.brand("groove-street"), [role])
    vera = await network.signed_in("vera@groove.example")

    answer = await vera.post("/api/v1/api-keys", {"name": "shop", "scopes": ["reports:read"]})

    assert answer.status_code == 403
    assert answer.json()["detail"] == (
        "You may not manage API keys; ask a person who is developer of the brand or owner of the brand."
    )


async def test_a_machine_cannot_go_through_a_persons_doors(network: Network, olivia: Browser) -> None:
    issued = await olivia.accepted("/api/v1/api-keys", {"name": "reports", "scopes": ["reports:read"]})
    machine = await network.browser()
    machine.client.headers["authorization"] = f"Bearer {issued['key']}"

    refused = await machine.get("/api/v1/members")
    assert refused.status_code == 403
    assert refused.json()["detail"] == "No API key may read members; a person signs in for that."
    assert (await machine.get("/api/v1/sessions/current")).status_code == 403


async def test_a_person_sees_the_people_of_their_own_brand_alone(network: Network, olivia: Browser) -> None:
    await network.person("dan@drums.example", await network.brand("drum-school"), ["owner"])

    people = (await olivia.get("/api/v1/members")).json()

    assert [(one["email"], one["roles"]) for one in people] == [("olivia@groove.example", ["owner"])]
    assert ids.parse("mbr", people[0]["id"])
