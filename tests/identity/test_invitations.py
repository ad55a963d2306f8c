from pathlib import Path

import pytest

from partner_network.kernel import ids
from tests.conftest import FreshDatabase
from tests.doors import PASSWORD, Browser, Network, serving

ACCEPT = "/api/v1/invitations/acceptance"


@pytest.fixture
async def olivia(network: Network) -> Browser:
    """The owner of a music shop, signed in."""
    shop = await network.brand("groove-street")
    await network.person("olivia@groove.example", shop, ["owner"])
    return await network.signed_in("olivia@groove.example")


async def token_for(
    network: Network, inviter: Browser, email: str = "ned@groove.example", role: str = "marketer"
) -> str:
    await inviter.accepted("/api/v1/invitations", {"email": email, "role": role})
    return await network.token_in_letter("invitation", email)


async def test_an_invited_person_joins_the_inviters_brand_and_signs_in(
    network: Network, olivia: Browser
) -> None:
    token = await token_for(network, olivia)
    ned = await network.browser()

    await ned.accepted(ACCEPT, {"token": token, "name": "Ned", "password": "a password of Ned's"})

    signed_in = (await ned.sign_in("ned@groove.example", "a password of Ned's")).json()
    mine = (await olivia.get("/api/v1/sessions/current")).json()
    assert signed_in["member"]["roles"] == ["marketer"]
    assert signed_in["member"]["brand"] == mine["member"]["brand"]


async def test_the_inviter_is_told_whom_and_until_when_but_never_the_link(
    network: Network, olivia: Browser
) -> None:
    answer = await olivia.accepted("/api/v1/invitations", {"email": "ned@groove.example", "role": "viewer"})

    [letter] = await network.letters("invitation")
    token = await network.token_in_letter("invitation", "ned@groove.example")
    assert set(answer) == {"id", "email", "expires_at"}
    assert (letter.to, letter.subject) == ("ned@groove.example", "Olivia invites you to Groove-Street")
    assert f"http://127.0.0.1:8000/invitations/{token}\n" in letter.text
    assert letter.text.endswith("\nEncore\n")


async def test_only_a_sandbox_tells_the_inviter_the_link(database: FreshDatabase, tmp_path: Path) -> None:
    async with serving(database, tmp_path, sandbox=True) as network:
        await network.person("ada@network.example", None, ["admin"])
        ada = await network.signed_in("ada@network.example")

        answer = await ada.accepted("/api/v1/invitations", {"email": "fay@x.example", "role": "finance"})

        assert answer["link"] == f"http://127.0.0.1:8000/invitations/{answer['token']}"


async def test_an_address_that_no_letter_reaches_is_refused_and_nobody_is_invited(
    network: Network, olivia: Browser
) -> None:
    for email in ("ned@groove.example\r\nbcc:all@groove.example", "nöd@groove.example"):
        await olivia.accepted("/api/v1/invitations", {"email": email, "role": "viewer"}, status=422)

    assert await network.owner.fetchval("SELECT count(*) FROM invitations") == 0


async def test_an_invitation_is_taken_up_once(network: Network, olivia: Browser) -> None:
    token = await token_for(network, olivia)
    ned = await network.browser()
    wanted = {"token": token, "name": "Ned", "password": PASSWORD}

    await ned.accepted(ACCEPT, wanted)

    await ned.accepted(ACCEPT, wanted, status=404)


async def test_an_expired_invitation_is_worth_nothing(network: Network, olivia: Browser) -> None:
    token = await token_for(network, olivia)
    await network.owner.execute("UPDATE invitations SET expires_at = now() - interval '1 second'")
    ned = await network.browser()

    await ned.accepted(ACCEPT, {"token": token, "name": "Ned", "password": PASSWORD}, status=404)

    assert (await ned.get(f"/invitations/{token}")).status_code == 404


async def test_who_has_an_account_proves_it_with_its_password(network: Network, olivia: Browser) -> None:
    drums = await network.brand("drum-school")
    await network.person("dan@drums.example", drums, ["owner"])
    token = await token_for(network, olivia, "dan@drums.example")
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
    token = await token_for(network, olivia)
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

    await mia.accepted("/api/v1/invitations", {"email": "dan@drums.example", "role": "owner", "brand": brand})

    dan, token = await network.browser(), await network.token_in_letter("invitation", "dan@drums.example")
    accepted = await dan.accepted(ACCEPT, {"token": token, "name": "Dan", "password": PASSWORD})
    assert accepted["brand"] == brand


async def test_the_invitations_page_lets_a_person_join_and_leaves_them_signed_in(
    network: Network, olivia: Browser
) -> None:
    token = await token_for(network, olivia)
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
    token = await token_for(network, olivia)

    rows = await network.owner.fetch("SELECT * FROM invitations")

    assert len(rows) == 1
    assert token not in str([dict(row) for row in rows])
