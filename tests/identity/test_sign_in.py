from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules import credentials
from partner_network.kernel import ids
from tests.conftest import FreshDatabase
from tests.doors import PASSWORD, Browser, Network, serving

COOKIE = "partner_network"


@pytest.fixture
async def olivia(network: Network) -> Browser:
    """The owner of a music shop, signed in."""
    shop = await network.brand("groove-street")
    await network.person("olivia@groove.example", shop, ["owner", "finance"])
    return await network.signed_in("olivia@groove.example")


async def is_signed_in(browser: Browser) -> bool:
    return (await browser.get("/api/v1/sessions/current")).status_code == 200


async def test_the_right_password_opens_a_session_for_the_persons_brand(network: Network) -> None:
    shop = await network.brand("groove-street")
    await network.person("olivia@groove.example", shop, ["owner", "finance"])
    browser = await network.browser()

    answer = await browser.sign_in("Olivia@groove.example ")

    assert answer.status_code == 201, answer.text
    assert answer.json()["member"]["brand"] == ids.shown("bnd", shop)
    assert answer.json()["member"]["roles"] == ["finance", "owner"]
    assert (await browser.get("/api/v1/sessions/current")).json() == answer.json()


async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(network: Network) -> None:
    await network.person("mia@network.example", None, ["manager"])
    browser = await network.browser()

    wrong = await browser.sign_in("mia@network.example", "not the password")
    unknown = await browser.sign_in("nobody@network.example", "not the password")

    assert wrong.status_code == unknown.status_code == 403
    assert wrong.json() == unknown.json()
    assert await network.owner.fetchval("SELECT count(*) FROM sessions") == 0


async def test_a_session_token_planted_before_sign_in_is_worth_nothing_after_it(network: Network) -> None:
    await network.person("mia@network.example", None, ["manager"])
    planted = "planted-by-an-attacker"
    victim = await network.browser()
    victim.client.cookies.set(COOKIE, planted, domain="127.0.0.1")

    assert (await victim.sign_in("mia@network.example")).status_code == 201

    attacker = await network.browser()
    attacker.client.cookies.set(COOKIE, planted, domain="127.0.0.1")
    assert not await is_signed_in(attacker)
    stored = await network.owner.fetchval("SELECT token_hash FROM sessions")
    assert stored != credentials.hash_of(planted)


async def test_signing_in_again_ends_the_browsers_former_session(network: Network, olivia: Browser) -> None:
    former = olivia.client.cookies[COOKIE]

    await olivia.sign_in("olivia@groove.example")

    assert olivia.client.cookies[COOKIE] != former
    olivia.client.cookies.clear()
    olivia.client.cookies.set(COOKIE, former, domain="127.0.0.1")
    assert not await is_signed_in(olivia)
    assert await network.owner.fetchval("SELECT count(*) FROM sessions") == 1


async def test_the_database_holds_no_token_that_opens_a_session(network: Network, olivia: Browser) -> None:
    token = olivia.client.cookies[COOKIE]

    rows = await network.owner.fetch("SELECT * FROM sessions")

    assert [row["token_hash"] for row in rows] == [credentials.hash_of(token)]
    assert token not in str([dict(row) for row in rows])


async def test_no_script_and_no_other_sites_form_gets_the_session_cookie(network: Network) -> None:
    await network.person("mia@network.example", None, ["manager"])

    answer = await (await network.browser()).sign_in("mia@network.example")

    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie


@pytest.mark.parametrize(
    "change",
    [
        "expires_at = now() - interval '1 second'",
        "last_seen_at = now() - interval '2 hours 1 second'",
    ],
    ids=["twelve hours after sign-in", "two hours without a request"],
)
async def test_a_session_ends(network: Network, olivia: Browser, change: str) -> None:
    assert await is_signed_in(olivia)

    await network.owner.execute(f"UPDATE sessions SET {change}")

    assert not await is_signed_in(olivia)


async def test_a_session_lasts_twelve_hours_at_most(network: Network, olivia: Browser) -> None:
    assert await is_signed_in(olivia)
    lasts = await network.owner.fetchval("SELECT expires_at - created_at FROM sessions")
    assert lasts == timedelta(hours=12)


async def test_a_session_lives_in_the_walls_time_whatever_the_sandbox_simulates(
    database: FreshDatabase, tmp_path: Path
) -> None:
    async with serving(database, tmp_path, sandbox=True) as network:
        await network.person("mia@network.example", None, ["manager"])
        async with connections.transaction() as connection:
            await clock.set_simulated(connection, datetime(2031, 1, 1, tzinfo=UTC), running=False)
        mia = await network.signed_in("mia@network.example")
        brand = await mia.accepted(
            "/api/v1/brands",
            {
                "slug": "drum-school",
                "name": "Drum School",
                "legal_name": "Drum School LLC",
                "address": "2 Snare Lane",
                "country": "US",
            },
        )

        assert brand["created_at"] == "2031-01-01T00:00:00+00:00"
        assert await is_signed_in(mia)
        ends_in = await network.owner.fetchval("SELECT expires_at - now() FROM sessions")
        assert timedelta(hours=11) < ends_in <= timedelta(hours=12)


async def test_a_request_keeps_a_session_awake(network: Network, olivia: Browser) -> None:
    await network.owner.execute("UPDATE sessions SET last_seen_at = now() - interval '1 hour'")

    await is_signed_in(olivia)

    idle = await network.owner.fetchval("SELECT now() - last_seen_at FROM sessions")
    assert idle < timedelta(minutes=5)


async def test_signing_out_ends_the_session_itself_not_only_its_cookie(olivia: Browser) -> None:
    token = olivia.client.cookies[COOKIE]

    answer = await olivia.client.delete("/api/v1/sessions/current")

    assert answer.status_code == 204
    olivia.client.cookies.set(COOKIE, token, domain="127.0.0.1")
    assert not await is_signed_in(olivia)


async def test_who_loses_the_last_role_is_out_at_once(network: Network, olivia: Browser) -> None:
    await network.owner.execute("DELETE FROM memberships")

    assert not await is_signed_in(olivia)


async def test_a_person_of_several_brands_goes_on_for_the_one_they_choose(network: Network) -> None:
    first, second = await network.brand("groove-street"), await network.brand("drum-school")
    await network.person("pat@both.example", first, ["viewer"])
    await network.person("pat@both.example", second, ["owner"])
    pat = await network.browser()
    signed_in = (await pat.sign_in("pat@both.example")).json()
    former = pat.client.cookies[COOKIE]

    chosen = await pat.client.put("/api/v1/sessions/current", json={"brand": ids.shown("bnd", second)})

    assert [place["name"] for place in signed_in["places"]] == ["Groove-Street", "Drum-School"]
    assert signed_in["member"]["roles"] == ["viewer"]
    assert (chosen.status_code, chosen.json()["member"]["roles"]) == (200, ["owner"])
    assert pat.client.cookies[COOKIE] != former


async def test_nobody_goes_on_for_a_brand_that_is_not_theirs(network: Network, olivia: Browser) -> None:
    other = await network.brand("drum-school")

    for brand in (ids.shown("bnd", other), None):
        answer = await olivia.client.put("/api/v1/sessions/current", json={"brand": brand})
        assert answer.status_code == 404


async def test_the_form_signs_in_and_goes_where_the_person_was_going(network: Network) -> None:
    await network.person("mia@network.example", None, ["manager"])
    browser = await network.browser()

    page = await browser.get("/sign-in", params={"next": "/statements?page=2"})
    answer = await browser.client.post(
        "/sign-in",
        data={"email": "mia@network.example", "password": PASSWORD, "next": "/statements?page=2"},
    )

    assert 'value="/statements?page=2"' in page.text
    assert (answer.status_code, answer.headers["location"]) == (303, "/statements?page=2")


async def test_the_form_says_beside_each_field_what_is_missing(network: Network) -> None:
    browser = await network.browser()

    empty = await browser.client.post("/sign-in", data={"email": "", "password": ""})
    wrong = await browser.client.post("/sign-in", data={"email": "x@y.example", "password": "no"})

    assert empty.status_code == 422
    assert empty.text.count("Fill this in.") == 4  # on top, and beside each
    assert wrong.status_code == 403
    assert "is not right" in wrong.text
    assert 'value="x@y.example"' in wrong.text


async def test_the_form_asks_a_person_of_several_brands_for_whom_they_go_on(network: Network) -> None:
    first, second = await network.brand("groove-street"), await network.brand("drum-school")
    await network.person("pat@both.example", first, ["viewer"])
    await network.person("pat@both.example", second, ["owner"])
    pat = await network.browser()

    answer = await pat.client.post(
        "/sign-in", data={"email": "pat@both.example", "password": PASSWORD, "next": "/links"}
    )
    page = await pat.get(answer.headers["location"])
    csrf = (await pat.get("/api/v1/sessions/current")).json()["csrf_token"]
    chosen = await pat.client.post(
        "/brand-choice",
        data={"brand": ids.shown("bnd", second), "next": "/links", "csrf_token": csrf},
    )

    assert "Drum-School" in page.text
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/links")
    assert (await pat.get("/api/v1/sessions/current")).json()["member"]["roles"] == ["owner"]


async def test_a_page_behind_an_ended_session_leads_to_the_sign_in_and_then_back(network: Network) -> None:
    browser = await network.browser()

    page = await browser.get("/brand-choice?next=/links", headers={"accept": "text/html"})
    program = await browser.get("/api/v1/sessions/current")

    assert page.status_code == 303
    assert page.headers["location"] == "/sign-in?next=%2Fbrand-choice%3Fnext%3D%2Flinks"
    assert program.status_code == 401
    assert program.headers["content-type"] == "application/problem+json"
    assert "www-authenticate" in program.headers


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\nb"],
)
async def test_sign_in_never_leads_to_another_site(wanted: str) -> None:
    assert credentials.local_path(wanted) == "/"


async def test_a_device_never_seen_before_is_let_in_and_told_of(network: Network) -> None:
    await network.person("pat@needle.test", await network.brand("needle"), ["marketer"])
    await network.signed_in("pat@needle.test")
    elsewhere = await network.browser("198.51.100.7")

    chrome = (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"
    )
    answer = await elsewhere.client.post(
        "/sign-in",
        data={"email": "pat@needle.test", "password": PASSWORD, "next": "/"},
        headers={"user-agent": chrome},
    )

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    told = await network.owner.fetch("SELECT payload FROM pgqueuer WHERE entrypoint = 'notifications.tell'")
    assert any(b"Chrome on Linux" in job["payload"] for job in told)
