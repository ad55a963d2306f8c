"""Passkeys by a software authenticator, through the doors: made, asked, copied, stolen, replayed."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from partner_network.identity.rules import passkeys
from partner_network.identity.rules.passkeys import NewPasskey, Site, WrongPasskeyError
from tests import doors
from tests.doors import PASSWORD, Browser, Network
from tests.identity import authenticators
from tests.identity.authenticators import Watch
from tests.identity.software_passkey import PRESENT, VERIFIED, SoftwarePasskey

OLIVIA = "olivia@groove.example"
HERE, HOST = "http://localhost:8000", "localhost"
SITE = Site("network.example", "https://network.example", "Encore")
CHALLENGE = bytes(range(32))
NEEDED = "urn:partner-network:problem:second-factor-needed"


@pytest.fixture(autouse=True)
def _at_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve the app under a name: no browser makes a passkey for a bare address."""
    monkeypatch.setattr(doors, "BASE_URL", HERE)


@pytest.fixture
async def olivia(network: Network, watch: Watch) -> Browser:
    """The owner of a music shop, signed in by a password alone; the watch stands still."""
    assert watch.now
    shop = await network.brand("groove-street")
    await network.person(OLIVIA, shop, ["owner"])
    return await network.signed_in(OLIVIA, has_given_factor=False)


def device() -> SoftwarePasskey:
    return SoftwarePasskey(origin=HERE, host=HOST)


async def asked(browser: Browser, use: str) -> Any:
    return (await browser.accepted("/api/v1/passkey-challenges", {"use": use}))["options"]


async def adds(browser: Browser, key: SoftwarePasskey) -> httpx.Response:
    credential = key.make(await asked(browser, "registration"))
    answer = await browser.post("/api/v1/passkeys", {"name": "This device", "passkey": credential})
    if answer.is_success:
        browser.client.headers["x-csrf-token"] = answer.json()["session"]["csrf_token"]
    return answer


async def gives_password(network: Network) -> Browser:
    browser = await network.browser()
    form = {"email": OLIVIA, "password": PASSWORD, "next": "/links"}
    assert (await browser.client.post("/sign-in", data=form)).status_code == 303
    return browser


async def gives(browser: Browser, credential: dict[str, Any]) -> httpx.Response:
    form = {"passkey": json.dumps(credential), "next": "/links"}
    return await browser.client.post("/second-factor", data=form)


async def is_signed_in(browser: Browser) -> bool:
    return (await browser.get("/api/v1/sessions/current")).status_code == 200


async def test_a_passkey_is_made_and_then_finishes_a_sign_in(network: Network, olivia: Browser) -> None:
    key = device()

    made = await adds(olivia, key)
    browser = await gives_password(network)
    answer = await gives(browser, key.answer(await asked(browser, "authentication")))

    assert made.status_code == 201, made.text
    assert len(made.json()["recovery_codes"]) == 10
    assert (answer.status_code, answer.headers["location"]) == (303, "/links")
    assert await is_signed_in(browser)
    (factor,) = (await olivia.get("/api/v1/second-factors")).json()["second_factors"]
    assert (factor["kind"], factor["name"], factor["last_used_at"] is not None) == (
        "passkey",
        "This device",
        True,
    )


async def test_the_page_takes_what_its_script_got_from_the_device(olivia: Browser) -> None:
    credential = device().make(await asked(olivia, "registration"))
    form = {
        "name": "This device",
        "passkey": json.dumps(credential),
        "next": "/agreements",
        "csrf_token": olivia.client.headers["x-csrf-token"],
    }

    page = await olivia.client.post("/account/second-factors/passkeys", data=form)

    assert page.status_code == 200
    assert page.text.count("<li><code>") == 10
    assert 'href="/agreements"' in page.text


async def test_a_passkey_strengthens_a_session_that_is_there(network: Network, olivia: Browser) -> None:
    elsewhere, key = await network.signed_in(OLIVIA, has_given_factor=False), device()
    await adds(olivia, key)
    credential = key.answer(await asked(elsewhere, "authentication"))

    answer = await elsewhere.post("/api/v1/sessions/current/second-factor", {"passkey": credential})

    elsewhere.client.headers["x-csrf-token"] = answer.json()["csrf_token"]
    assert (await elsewhere.post("/api/v1/recovery-codes")).status_code == 201


async def test_a_challenge_is_good_once(network: Network, olivia: Browser) -> None:
    key = device()
    await adds(olivia, key)
    browser, thief = await gives_password(network), await gives_password(network)
    options = await asked(browser, "authentication")
    credential = key.answer(options)

    assert (await gives(browser, credential)).status_code == 303
    assert (await gives(thief, credential)).status_code == 403
    key.count += 1
    assert (await gives(thief, key.answer(options))).status_code == 403
    assert not await is_signed_in(thief)


async def test_a_challenge_is_used_up_by_a_wrong_answer_too(network: Network, olivia: Browser) -> None:
    key = device()
    await adds(olivia, key)
    browser = await gives_password(network)
    options = await asked(browser, "authentication")

    assert (await gives(browser, device().answer(options))).status_code == 403
    assert (await gives(browser, key.answer(options))).status_code == 403
    assert (await gives(browser, key.answer(await asked(browser, "authentication")))).status_code == 303


async def test_a_challenge_lasts_five_minutes(olivia: Browser, watch: Watch) -> None:
    key = device()
    await adds(olivia, key)
    credential = key.answer(await asked(olivia, "authentication"))

    watch.go_on(timedelta(minutes=5))
    answer = await olivia.post("/api/v1/sessions/current/second-factor", {"passkey": credential})

    assert (answer.status_code, answer.json()["detail"]) == (403, passkeys.NOT_RIGHT)


async def test_a_challenge_is_for_the_browser_that_asked_for_it(network: Network, olivia: Browser) -> None:
    key = device()
    await adds(olivia, key)
    browser, thief = await gives_password(network), await gives_password(network)

    credential = key.answer(await asked(browser, "authentication"))

    assert (await gives(thief, credential)).status_code == 403


async def test_a_count_that_goes_back_betrays_a_copied_passkey(network: Network, olivia: Browser) -> None:
    key = device()
    key.count = 5
    await adds(olivia, key)
    first, second = await gives_password(network), await gives_password(network)

    assert (await gives(first, key.answer(await asked(first, "authentication")))).status_code == 303
    key.count = 5
    assert (await gives(second, key.answer(await asked(second, "authentication")))).status_code == 403


async def test_one_persons_passkey_is_nothing_at_anothers_sign_in(network: Network, olivia: Browser) -> None:
    await network.person("mia@network.example", None, ["manager"])
    mia, hers = await network.signed_in("mia@network.example", has_given_factor=False), device()
    await adds(mia, hers)
    await adds(olivia, device())
    browser = await gives_password(network)

    answer = await gives(browser, hers.answer(await asked(browser, "authentication")))

    assert answer.status_code == 403
    assert passkeys.NOT_RIGHT in answer.text


async def test_a_passkey_is_taken_once(network: Network, olivia: Browser) -> None:
    await network.person("mia@network.example", None, ["manager"])
    mia, key = await network.signed_in("mia@network.example", has_given_factor=False), device()
    await adds(olivia, key)

    answer = await adds(mia, key)

    assert (answer.status_code, "in use already" in answer.text) == (409, True)


async def test_no_passkey_is_added_where_the_factor_that_is_there_was_not_given(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    thief, key = await network.signed_in(OLIVIA, has_given_factor=False), device()
    credential = key.make(await asked(thief, "registration"))
    await authenticators.enrol(olivia, watch)

    again = await thief.post("/api/v1/passkey-challenges", {"use": "registration"})
    added = await thief.post("/api/v1/passkeys", {"name": "Mine", "passkey": credential})

    assert [again.json()["type"], added.json()["type"]] == [NEEDED] * 2


async def test_a_removed_passkey_opens_nothing_and_can_be_made_anew(
    network: Network, olivia: Browser, watch: Watch
) -> None:
    await authenticators.enrol(olivia, watch)
    key = device()
    factor_of = {one["kind"]: one["id"] for one in await _factors(olivia, adding=key)}
    browser = await gives_password(network)
    options = await asked(browser, "authentication")

    await olivia.client.delete(f"/api/v1/second-factors/{factor_of['passkey']}")

    assert (await gives(browser, key.answer(options))).status_code == 403
    assert (await adds(olivia, key)).status_code == 201


async def _factors(browser: Browser, *, adding: SoftwarePasskey) -> Any:
    assert (await adds(browser, adding)).status_code == 201
    return (await browser.get("/api/v1/second-factors")).json()["second_factors"]


async def test_nobody_is_asked_before_the_password(network: Network) -> None:
    stranger = await network.browser()

    for use in ("authentication", "registration"):
        assert (await stranger.post("/api/v1/passkey-challenges", {"use": use})).status_code == 401


@pytest.mark.parametrize(
    "sent", ["{}", "[]", "no json", '{"rawId": 5}', '{"rawId": "a"}', '{"rawId": "é"}', "x" * 20_001]
)
async def test_what_is_no_passkey_is_refused_as_one_that_is_wrong(
    network: Network, olivia: Browser, sent: str
) -> None:
    await adds(olivia, device())
    browser = await gives_password(network)
    await asked(browser, "authentication")

    answer = await browser.client.post("/second-factor", data={"passkey": sent, "next": "/"})

    assert (answer.status_code, passkeys.NOT_RIGHT in answer.text) == (403, True)


async def test_at_a_bare_address_no_passkey_is_offered(
    olivia: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(*_: str) -> None:
        return None

    monkeypatch.setattr(passkeys, "site_of", nowhere)

    page = await olivia.get("/account/second-factors", headers={"accept": "text/html"})
    answer = await olivia.post("/api/v1/passkey-challenges", {"use": "registration"})

    assert "Add a passkey" not in page.text
    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://network.example", "network.example"),
        ("https://network.example:8443", "network.example"),
        ("http://localhost:8000", "localhost"),
        ("http://network.example", None),
        ("https://192.0.2.7", None),
        ("http://127.0.0.1:8000", None),
        ("https://[2001:db8::1]", None),
    ],
)
def test_passkeys_are_good_for_a_name_reached_safely(base_url: str, host: str | None) -> None:
    site = passkeys.site_of(base_url, "Encore")

    assert (site and site.host) == host
    assert site is None or site.origin == base_url


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://network.example.evil.example"},
        {"origin": "http://network.example"},
        {"host": "evil.example"},
        {"flags": PRESENT},
        {"flags": VERIFIED},
    ],
    ids=["another site", "without encryption", "another host", "nobody verified", "nobody there"],
)
def test_a_passkey_that_another_site_or_nobody_in_person_used_is_refused(change: dict[str, Any]) -> None:
    key = SoftwarePasskey(origin=SITE.origin, host=SITE.host)
    options = passkeys.request_options(SITE, CHALLENGE, [key.credential_id])
    made = passkeys.made(SITE, CHALLENGE, key.make(options))
    assert passkeys.answered(SITE, CHALLENGE, key.answer(options), made) == 1

    for name, value in change.items():
        setattr(key, name, value)

    with pytest.raises(WrongPasskeyError):
        passkeys.answered(SITE, CHALLENGE, key.answer(options), made)
    with pytest.raises(WrongPasskeyError):
        passkeys.made(SITE, CHALLENGE, key.make(options))


def test_another_keys_signature_is_refused() -> None:
    key, other = (SoftwarePasskey(origin=SITE.origin, host=SITE.host) for _ in range(2))
    options = passkeys.request_options(SITE, CHALLENGE, [key.credential_id])
    made = passkeys.made(SITE, CHALLENGE, key.make(options))

    with pytest.raises(WrongPasskeyError):
        passkeys.answered(SITE, CHALLENGE, other.answer(options), made)


@pytest.mark.parametrize("part", ["attestationObject", "clientDataJSON"])
def test_garbage_from_a_device_is_refused_and_never_crashes(part: str) -> None:
    key = SoftwarePasskey(origin=SITE.origin, host=SITE.host)
    good = key.make(passkeys.request_options(SITE, CHALLENGE, []))
    written: str = good["response"][part]

    for at in range(0, len(written), 3):
        for letter in "A_9":
            broken = f"{written[:at]}{letter}{written[at + 1 :]}"
            changed = {**good, "response": {**good["response"], part: broken}}
            try:
                found = passkeys.made(SITE, CHALLENGE, changed)
            except WrongPasskeyError:
                continue
            assert isinstance(
                found, NewPasskey
            )  # the change fell on what no signature covers: its own id, say
