import pytest

from partner_network.identity.rules import devices
from partner_network.kernel import ids
from tests.doors import Browser, Network

HTML = {"accept": "text/html"}
SESSIONS = "/api/v1/sessions"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/141.0.0.0 Safari/537.36"
)


@pytest.fixture
async def olivia(network: Network) -> Browser:
    """The owner of a music shop, signed in with Firefox."""
    await network.person("olivia@groove.example", await network.brand("groove-street"), ["owner"])
    return await signed_in_with(network, FIREFOX)


async def signed_in_with(network: Network, user_agent: str) -> Browser:
    browser = await network.browser()
    browser.client.headers["user-agent"] = user_agent
    assert (await browser.sign_in("olivia@groove.example")).status_code == 201
    return browser


async def is_signed_in(browser: Browser) -> bool:
    return (await browser.get("/api/v1/sessions/current")).status_code == 200


async def test_a_person_sees_where_they_are_signed_in_but_no_whole_address(
    network: Network, olivia: Browser
) -> None:
    await signed_in_with(network, CHROME)

    listed = (await olivia.get(SESSIONS)).json()

    assert {(one["device"], one["network"], one["place"], one["is_this_one"]) for one in listed} == {
        ("Firefox on Linux", "127.0.0.0/24", "Groove-Street", True),
        ("Chrome on Windows", "127.0.0.0/24", "Groove-Street", False),
    }


async def test_a_person_ends_one_session_and_keeps_the_others(network: Network, olivia: Browser) -> None:
    other, third = await signed_in_with(network, CHROME), await signed_in_with(network, CHROME)
    ended = next(one["id"] for one in (await other.get(SESSIONS)).json() if one["is_this_one"])

    answer = await olivia.client.delete(f"{SESSIONS}/{ended}")
    again = await olivia.client.delete(f"{SESSIONS}/{ended}")

    assert (answer.status_code, again.status_code) == (204, 204)
    assert [await is_signed_in(one) for one in (olivia, other, third)] == [True, False, True]


async def test_a_person_ends_all_sessions_but_the_present_one(network: Network, olivia: Browser) -> None:
    others = [await signed_in_with(network, CHROME) for _ in range(2)]

    assert (await olivia.client.delete(SESSIONS)).status_code == 204

    assert [await is_signed_in(one) for one in (olivia, *others)] == [True, False, False]


async def test_nobody_ends_or_sees_another_persons_session(network: Network, olivia: Browser) -> None:
    brand = await network.owner.fetchval("SELECT id FROM brands")
    await network.person("oscar@groove.example", brand, ["owner"])
    oscar = await network.signed_in("oscar@groove.example")
    hers = (await olivia.get(SESSIONS)).json()[0]["id"]

    await oscar.client.delete(f"{SESSIONS}/{hers}")
    assert hers not in (await oscar.get(SESSIONS)).text
    assert (await oscar.client.delete(SESSIONS)).status_code == 204
    assert await is_signed_in(olivia)


async def test_a_session_for_another_brand_is_in_the_list_too(network: Network, olivia: Browser) -> None:
    await network.person("olivia@groove.example", await network.brand("drum-school"), ["viewer"])
    other = await signed_in_with(network, CHROME)
    brand = await network.owner.fetchval("SELECT id FROM brands WHERE slug = 'drum-school'")
    await other.client.put("/api/v1/sessions/current", json={"brand": ids.shown("bnd", brand)})

    places = {one["place"]: one["device"] for one in (await olivia.get(SESSIONS)).json()}

    assert places == {"Groove-Street": "Firefox on Linux", "Drum-School": "Chrome on Windows"}


async def test_an_ended_session_is_in_no_list(network: Network, olivia: Browser) -> None:
    await signed_in_with(network, CHROME)
    await network.owner.execute(
        "UPDATE sessions SET last_seen_at = now() - interval '3 hours' WHERE user_agent LIKE '%Chrome%'"
    )

    assert [one["device"] for one in (await olivia.get(SESSIONS)).json()] == ["Firefox on Linux"]


async def test_the_page_marks_this_session_and_ends_the_others(network: Network, olivia: Browser) -> None:
    other = await signed_in_with(network, CHROME)

    page = (await olivia.get("/account/sessions", headers=HTML)).text
    ended = await olivia.client.post("/account/sessions/others/revocation", data={})

    assert page.count("this one") == 1
    assert "Chrome on Windows" in page
    assert "127.0.0.0/24" in page
    assert ended.status_code == 303
    assert not await is_signed_in(other)


async def test_ending_the_present_session_on_the_page_leads_to_the_sign_in(olivia: Browser) -> None:
    mine = (await olivia.get(SESSIONS)).json()[0]["id"]

    ended = await olivia.client.post(f"/account/sessions/{mine}/revocation", data={})
    page = await olivia.get(ended.headers["location"], headers=HTML)

    assert (page.status_code, page.headers["location"].partition("?")[0]) == (303, "/sign-in")


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (CHROME, "Chrome on Windows"),
        (CHROME + " Edg/141.0.0.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1", "Safari on iPhone"),
        ("curl/8.5.0", "curl"),
        ("", "Unknown device"),
        (None, "Unknown device"),
    ],
)
def test_a_device_is_named_as_people_call_it(user_agent: str | None, words: str) -> None:
    assert devices.in_words(user_agent) == words


def test_of_a_device_only_the_network_and_a_printable_name_are_kept() -> None:
    kept = devices.device_of("203.0.113.77", "Fire\x00fox\n" + "x" * 500)

    assert kept.network_prefix == "203.0.113.0/24"
    assert kept.user_agent is not None
    assert kept.user_agent.startswith("Firefoxxx")
    assert len(kept.user_agent) == 300
    assert devices.device_of("2001:db8:1:2::3", None) == devices.Device("2001:db8:1::/48", None)
