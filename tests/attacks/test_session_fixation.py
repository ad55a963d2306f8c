import pytest

from tests.doors import PASSWORD, Browser, Network

SESSION, WAITING = "partner_network", "partner_network_sign_in"
PLANTED = "chosen-by-the-attacker-and-long-enough-to-be-a-token"


async def sees(network: Network, cookie: str) -> int:
    attacker = await network.browser()
    attacker.client.cookies.set(SESSION, cookie, domain="127.0.0.1")
    return (await attacker.get("/api/v1/sessions/current")).status_code


@pytest.fixture
async def pat(network: Network) -> Browser:
    """Somebody who belongs to two brands, before signing in."""
    for slug in ("groove-street", "drum-school"):
        await network.person("pat@both.example", await network.brand(slug), ["viewer"])
    return await network.browser()


async def test_what_an_attacker_planted_is_never_taken_for_a_session(network: Network, pat: Browser) -> None:
    for name in (SESSION, WAITING):
        pat.client.cookies.set(name, PLANTED, domain="127.0.0.1")

    await pat.client.post("/sign-in", data={"email": "pat@both.example", "password": PASSWORD})

    assert (await pat.get("/api/v1/sessions/current")).status_code == 200
    assert pat.client.cookies.get(SESSION) != PLANTED
    assert await sees(network, PLANTED) == 401


async def test_a_session_of_the_attackers_own_that_was_planted_does_not_become_the_victims(
    network: Network, pat: Browser
) -> None:
    await network.person("eve@else.example", await network.brand("someone-else"), ["owner"])
    eve = await network.signed_in("eve@else.example")
    eves = eve.client.cookies[SESSION]
    pat.client.cookies.set(SESSION, eves, domain="127.0.0.1")
    pat.client.headers["x-csrf-token"] = eve.client.headers["x-csrf-token"]

    assert (await pat.sign_in("pat@both.example")).status_code == 201

    assert await sees(network, eves) == 401


async def test_whoever_had_the_token_before_a_change_of_rights_has_nothing_after_it(
    network: Network, pat: Browser
) -> None:
    signed_in = (await pat.sign_in("pat@both.example")).json()
    former = pat.client.cookies[SESSION]

    other = signed_in["places"][1]["brand"]
    assert (await pat.client.put("/api/v1/sessions/current", json={"brand": other})).status_code == 200

    assert await sees(network, former) == 401
