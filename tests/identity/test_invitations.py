import pytest

from partner_network.kernel import ids
from tests.doors import PASSWORD, Browser, Network

ACCEPT = "/api/v1/invitations/acceptance"


@pytest.fixture
async def olivia(network: Network) -> Browser:
    """The owner of a music shop, signed in."""
    shop = await network.brand("groove-street")
    await network.person("olivia@groove.example", shop, ["owner"])
    return await network.signed_in("olivia@groove.example")


async def token_for(inviter: Browser, email: str = "ned@groove.example", role: str = "marketer") -> str:
    return (await inviter.accepted("/api/v1/invitations", {"email": email, "role": role}))["token"]


async def test_an_invited_person_joins_the_inviters_brand_and_signs_in(
    network: Network, olivia: Browser
) -> None:
    token = await token_for(olivia)
    ned = await network.browser()

    await ned.accepted(ACCEPT, {"token": token, "name": "Ned", "password": "a password of Ned's"})

    signed_in = (await ned.sign_in("ned@groove.example", "a password of Ned's")).json()
    mine = (await olivia.get("/api/v1/sessions/current")).json()
    assert signed_in["member"]["roles"] == ["marketer"]
    assert signed_in["member"]["brand"] == mine["member"]["brand"]


async def test_an_invitation_is_taken_up_once(network: Network, olivia: Browser) -> None:
    token = await token_for(olivia)
    ned = await network.browser()
    wanted = {"token": token, "name": "Ned", "password": PASSWORD}

    await ned.accepted(ACCEPT, wanted)

    await ned.accepted(ACCEPT, wanted, status=404)


async def test_an_expired_invitation_is_worth_nothing(network: Network, olivia: Browser) -> None:
    token = await token_for(olivia)
    await network.owner.execute("UPDATE invitations SET expires_at = now() - interval '1 second'")
    ned = await network.browser()

    await ned.accepted(ACCEPT, {"token": token, "name": "Ned", "password": PASSWORD}, status=404)

    assert (await ned.get(f"/invitations/{token}")).status_code == 404


async def test_who_has_an_account_proves_it_with_its_password(network: Network, olivia: Browser) -> None:
    drums = await network.brand("drum-school")
    await network.person("dan@drums.example", drums, ["owner"])
    token = await token_for(olivia, "dan@drums.example")
    browser = await network.browser()

    await browser.accepted(ACCEPT, {"token": token, "password": "another password"}, status=403)
    await browser.accepted(ACCEPT, {"token": token, "password": PASSWORD})

    places = (await browser.sign_in("dan@drums.example")).json()["places"]
    assert [place["name"] for place in places] == ["Drum-School", "Groove-Street"]


@pytest.mark.parametrize(
    ("acceptance", "field"),
    [({"name": "Ned", "password": "short"}, "password"), ({"name": " ", "password": PASSWORD}, "name")],
)
async def test_an_acceptance_that_lacks_something_names_it_and_uses_nothing_up(
    network: Network, olivia: Browser, acceptance: dict[str, str], field: str
) -> None:
    token = await token_for(olivia)
    ned = await network.browser()

    refused = await ned.accepted(ACCEPT, {"token": token, **acceptance}, status=422)

    assert list(refused["fields"]) == [field]
    await ned.accepted(ACCEPT, {"token": token, "name": "Ned", "password": PASSWORD})


async def test_an_owner_invites_to_no_other_brand_and_not_to_the_network(
    network: Network, olivia: Browser
) -> None:
    other = ids.shown("bnd", await network.brand("drum-school"))

    await olivia.accepted(
        "/api/v1/invitations", {"email": "a@b.example", "role": "owner", "brand": other}, status=404
    )
    await olivia.accepted("/api/v1/invitations", {"email": "a@b.example", "role": "admin"}, status=422)


async def test_only_an_admin_invites_to_the_network_itself(network: Network) -> None:
    await network.person("mia@network.example", None, ["manager"])
    await network.person("ada@network.example", None, ["admin"])
    mia, ada = await network.signed_in("mia@network.example"), await network.signed_in("ada@network.example")
    wanted = {"email": "fay@network.example", "role": "finance"}

    await mia.accepted("/api/v1/invitations", wanted, status=403)
    await ada.accepted("/api/v1/invitations", wanted)


async def test_the_operator_invites_the_first_owner_of_a_brand(network: Network) -> None:
    await network.person("mia@network.example", None, ["manager"])
    mia = await network.signed_in("mia@network.example")
    brand = ids.shown("bnd", await network.brand("drum-school"))

    invited = await mia.accepted(
        "/api/v1/invitations", {"email": "dan@drums.example", "role": "owner", "brand": brand}
    )

    dan = await network.browser()
    accepted = await dan.accepted(ACCEPT, {"token": invited["token"], "name": "Dan", "password": PASSWORD})
    assert accepted["brand"] == brand


async def test_the_invitations_page_lets_a_person_join_and_leaves_them_signed_in(
    network: Network, olivia: Browser
) -> None:
    token = await token_for(olivia)
    ned = await network.browser()

    page = await ned.get(f"/invitations/{token}")
    short = await ned.client.post(f"/invitations/{token}", data={"name": "Ned", "password": "short"})
    joined = await ned.client.post(f"/invitations/{token}", data={"name": "Ned", "password": PASSWORD})

    assert "Olivia invites you" in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert (short.status_code, "12 to 200 characters" in short.text) == (422, True)
    assert (joined.status_code, joined.headers["location"]) == (303, "/")
    assert (await ned.get("/api/v1/sessions/current")).json()["member"]["name"] == "Ned"


async def test_the_database_holds_no_token_that_opens_an_invitation(
    network: Network, olivia: Browser
) -> None:
    token = await token_for(olivia)

    rows = await network.owner.fetch("SELECT * FROM invitations")

    assert len(rows) == 1
    assert token not in str([dict(row) for row in rows])
