from pathlib import Path
from typing import Any

import pytest
from litestar import get

from partner_network.app import ControllerRouterHandler
from partner_network.identity import passwords
from partner_network.identity.rules import limits
from partner_network.identity.web.limits import LIMITED_AS, LIMITED_AT_DOOR
from partner_network.identity.web.requests import WITHOUT_SESSION
from tests.attacks.routes import doors
from tests.doors import PASSWORD, Browser, Network
from tests.identity.test_reset import link_for

OWNERS, ATTACKERS = "198.51.100.7", "203.0.113.9"
EMAIL = "olivia@groove.example"
DEVICE = "known_device"


@get("/api/v1/uploaded", opt={LIMITED_AS: "uploads by person"})
async def upload() -> None:
    """Stand in for something that is counted apart."""


@pytest.fixture(autouse=True)
def more_routes() -> tuple[ControllerRouterHandler, ...]:
    return (upload,)


@pytest.fixture
async def shop(network: Network) -> Network:
    """The owner of a music shop, not signed in."""
    await network.person(EMAIL, await network.brand("groove-street"), ["owner", "developer"])
    return network


async def guesses(network: Network, address: str, times: int, email: str = EMAIL) -> list[int]:
    browser = await network.browser(address)
    return [(await browser.sign_in(email, "not the password")).status_code for _ in range(times)]


async def by_form(browser: Browser, password: str) -> Any:
    return await browser.client.post("/sign-in", data={"email": EMAIL, "password": password})


async def test_guessing_at_an_account_is_answered_429_with_how_long_to_wait(shop: Network) -> None:
    assert await guesses(shop, ATTACKERS, 11) == [403] * 10 + [429]

    browser = await shop.browser(ATTACKERS)
    program, person = await browser.sign_in(EMAIL, PASSWORD), await by_form(browser, PASSWORD)

    assert program.status_code == person.status_code == 429
    assert 0 < int(program.headers["retry-after"]) <= 90
    assert 0 < int(person.headers["retry-after"]) <= 90
    assert program.headers["content-type"] == "application/problem+json"
    assert "too many attempts; wait" in person.text
    assert f'value="{EMAIL}"' in person.text
    assert await shop.owner.fetchval("SELECT count(*) FROM sessions") == 0


async def test_an_account_that_does_not_exist_is_counted_and_answered_the_same(shop: Network) -> None:
    known, unknown = await guesses(shop, ATTACKERS, 12), await guesses(shop, ATTACKERS, 12, "x@y.example")

    assert known == unknown


async def test_the_owner_signs_in_from_elsewhere_while_somebody_guesses(shop: Network) -> None:
    await guesses(shop, ATTACKERS, 20)

    assert (await (await shop.browser(OWNERS)).sign_in(EMAIL)).status_code == 201


@pytest.mark.parametrize("by", ["form", "program"])
async def test_a_device_that_signed_in_once_gets_in_while_the_whole_world_guesses(
    shop: Network, by: str
) -> None:
    laptop = await shop.browser(OWNERS)
    assert (
        await by_form(laptop, PASSWORD) if by == "form" else await laptop.sign_in(EMAIL)
    ).status_code < 400
    known = laptop.client.cookies[DEVICE]
    for network in range(6):
        await guesses(shop, f"203.0.{network}.9", 10)

    unknown = await (await shop.browser(OWNERS)).sign_in(EMAIL)
    laptop.client.cookies.clear()
    laptop.client.cookies.set(DEVICE, known, domain="127.0.0.1")

    assert unknown.status_code == 429
    assert (await laptop.sign_in(EMAIL)).status_code == 201


async def test_a_device_that_is_made_up_or_anothers_opens_nothing(shop: Network) -> None:
    await shop.person("eve@network.example", None, ["manager"])
    eve = await shop.browser(ATTACKERS)
    assert (await eve.sign_in("eve@network.example")).status_code == 201
    device = eve.client.cookies[DEVICE]
    await guesses(shop, ATTACKERS, 10)

    for shown in (device, "her-laptop", "her-laptop.", f"x{device}", device.swapcase(), "." + "A" * 44):
        eve.client.cookies.clear()
        eve.client.headers["cookie"] = f"{DEVICE}={shown}"
        assert (await eve.sign_in(EMAIL)).status_code == 429, shown


async def test_the_cookie_of_a_device_names_nobody_and_no_script_reads_it(shop: Network) -> None:
    answer = await by_form(await shop.browser(), PASSWORD)

    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith(DEVICE)]
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()
    assert "olivia" not in cookie


async def test_a_wrong_password_leaves_no_device_known(shop: Network) -> None:
    answer = await by_form(await shop.browser(), "not the password")

    assert "set-cookie" not in answer.headers


async def test_the_work_of_checking_is_done_for_accounts_that_do_not_exist_too(
    shop: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    verify = passwords._hasher.verify  # noqa: SLF001 - what takes the time is what is counted  # pyright: ignore[reportPrivateUsage] - the same

    def counting(password: str, stored: str) -> bool:
        checked.append(stored.split("$")[3])
        return verify(password, stored)

    monkeypatch.setattr(passwords._hasher, "verify", counting)  # noqa: SLF001 - the same  # pyright: ignore[reportPrivateUsage] - the same
    browser = await shop.browser()

    known = await browser.sign_in(EMAIL, "not the password")
    unknown = await browser.sign_in("nobody@groove.example", "not the password")

    assert len(checked) == 2
    assert checked[0] == checked[1]  # the costs of the hash
    told = [
        (one.status_code, one.content, sorted(set(one.headers) - {"x-request-id"}))
        for one in (known, unknown)
    ]
    assert told[0] == told[1]


async def test_programs_are_told_how_much_is_left(shop: Network) -> None:
    olivia = await shop.signed_in(EMAIL)

    first = await olivia.get("/api/v1/members")
    second = await olivia.get("/api/v1/members")
    page = await olivia.get("/sign-in")

    assert first.headers["ratelimit-limit"] == str(limits.REQUESTS["reads by person"].count)
    assert int(second.headers["ratelimit-remaining"]) < limits.REQUESTS["reads by person"].count
    assert int(first.headers["ratelimit-reset"]) <= 1
    assert "ratelimit-limit" not in page.headers


async def test_who_asks_too_often_is_refused_and_told_when_to_go_on(
    shop: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        limits, "REQUESTS", {**limits.REQUESTS, "reads by person": limits.Limit(3, limits.HOUR)}
    )
    olivia = await shop.signed_in(EMAIL)

    answers = [await olivia.get("/api/v1/members") for _ in range(4)]
    page = await olivia.get("/sign-in", headers={"accept": "text/html"})

    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    refused = answers[3]
    assert refused.json()["type"].endswith(":too-many-requests")
    assert refused.headers["retry-after"] == "1200"
    assert (refused.headers["ratelimit-limit"], refused.headers["ratelimit-remaining"]) == ("3", "0")
    assert (page.status_code, "go on in 20 minutes" in page.text) == (429, True)


async def test_each_person_key_and_address_is_counted_apart_and_changes_apart_from_reads(
    shop: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.person("dan@drums.example", await shop.brand("drum-school"), ["owner"])
    olivia, dan = await shop.signed_in(EMAIL), await shop.signed_in("dan@drums.example")
    new = {"name": "shop", "scopes": ["reports:read"]}
    machine = await shop.browser()
    machine.client.headers["authorization"] = (
        f"Bearer {(await olivia.accepted('/api/v1/api-keys', new))['key']}"
    )
    one = limits.Limit(1, limits.HOUR)
    monkeypatch.setattr(limits, "REQUESTS", dict.fromkeys(limits.REQUESTS, one))
    await shop.owner.execute("DELETE FROM rate_limits")
    at_home, elsewhere = await shop.browser(OWNERS), await shop.browser(ATTACKERS)

    first = [
        await olivia.get("/api/v1/members"),
        await olivia.post("/api/v1/api-keys", new),
        await olivia.get("/api/v1/uploaded"),
        await dan.get("/api/v1/members"),
        await machine.get("/api/v1/conversions"),
        await at_home.get("/sign-in"),
        await elsewhere.get("/sign-in"),
    ]
    again = await olivia.get("/api/v1/members")

    assert [answer.status_code for answer in first] == [200, 201, 200, 200, 200, 200, 200]
    assert again.status_code == 429


async def test_health_pictures_and_the_links_of_partners_are_never_refused(
    shop: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REQUESTS", dict.fromkeys(limits.REQUESTS, limits.Limit(1, limits.HOUR)))
    visitor = await shop.browser()

    for path in ("/health/live", "/l/nonsense"):
        statuses = {(await visitor.get(path)).status_code for _ in range(4)}
        assert 429 not in statuses
    assert await shop.owner.fetchval("SELECT count(*) FROM rate_limits") == 0


async def test_whoever_reads_the_accounts_letters_gets_in_from_a_new_device_while_the_world_guesses(
    shop: Network, tmp_path: Path
) -> None:
    for network in range(6):
        await guesses(shop, f"203.0.{network}.9", 10)
    laptop = await shop.browser(OWNERS)
    assert (await laptop.sign_in(EMAIL)).status_code == 429

    token = await link_for(shop, tmp_path, EMAIL)
    new = await laptop.client.post(f"/reset-password/{token}", data={"password": "a wholly new password"})

    assert new.status_code == 303, new.text
    assert (await laptop.sign_in(EMAIL, "a wholly new password")).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/api/v1/password", {"old": "guessed", "new": "a wholly new password"}),
        ("POST", "/api/v1/account-closings", {"password": "guessed"}),
    ],
)
async def test_a_stolen_session_guesses_no_faster_at_the_password(
    shop: Network, method: str, path: str, body: dict[str, str]
) -> None:
    thief = await shop.signed_in(EMAIL)

    answers = [(await thief.client.request(method, path, json=body)).status_code for _ in range(11)]

    assert answers == [403] * 10 + [429]
    assert (await (await shop.browser(OWNERS)).sign_in(EMAIL)).status_code == 201


def test_only_what_is_named_here_is_not_counted_as_a_request(network: Network) -> None:
    uncounted = {door.path for door in doors(network.app) if door.opt.get(WITHOUT_SESSION)}
    at_door = {door.path for door in doors(network.app) if door.opt.get(LIMITED_AT_DOOR)}

    assert uncounted - {"/assets/{file_path:path}"} == {
        "/files/{key:path}", "/health/live", "/health/ready", "/metrics", "/stripe/webhooks",
        "/unsubscribe/{token:str}",
    }  # fmt: skip
    assert at_door == {"/api/v1/sessions", "/sign-in"}
