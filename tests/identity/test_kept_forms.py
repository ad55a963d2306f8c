import re
from html import unescape
from uuid import UUID

import httpx
import pytest

from partner_network.identity.actions import kept_forms
from partner_network.identity.rules import kept_forms as rules
from partner_network.kernel import ids
from tests.doors import PASSWORD, Browser, Network

OURS = {"accept": "text/html", "sec-fetch-site": "same-origin"}
INVITE = "/account/people/invitations"
TYPED = {"email": "new@groove.example", "role": "viewer"}


@pytest.fixture
async def shop(network: Network) -> UUID:
    """A music shop with two owners."""
    shop = await network.brand("groove-street")
    await network.person("olivia@groove.example", shop, ["owner"])
    await network.person("oscar@groove.example", shop, ["owner"])
    return shop


@pytest.fixture
async def olivia(network: Network, shop: UUID) -> Browser:
    """The owner of a music shop, signed in with a browser that sends forms and no headers."""
    assert shop
    browser = await network.signed_in("olivia@groove.example")
    del browser.client.headers["x-csrf-token"]
    return browser


async def csrf_of(browser: Browser) -> str:
    return (await browser.get("/api/v1/sessions/current")).json()["csrf_token"]


async def send(
    browser: Browser,
    data: dict[str, str],
    *,
    path: str = INVITE,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    return await browser.client.post(path, data=data, headers=OURS if headers is None else headers)


async def expire(network: Network) -> None:
    await network.owner.execute("UPDATE sessions SET expires_at = now()")


async def sign_in_by_form(browser: Browser, answer: httpx.Response, email: str) -> httpx.Response:
    target = httpx.URL(answer.headers["location"])
    assert target.path == "/sign-in"
    data = {"email": email, "password": PASSWORD, "next": target.params["next"]}
    return await browser.client.post("/sign-in", data=data)


def fields_of(page: str, action: str) -> dict[str, str]:
    form = re.search(rf'<form method="post" action="{action}".*?</form>', page, re.DOTALL)
    assert form is not None, page
    return {
        unescape(name): unescape(value)
        for name, value in re.findall(r'name="([^"]*)" value="([^"]*)"', form[0])
    }


async def kept(network: Network) -> int:
    return await network.owner.fetchval("SELECT count(*) FROM kept_forms")


async def test_a_form_sent_with_an_expired_session_is_offered_after_sign_in_and_done_by_a_press(
    network: Network, olivia: Browser
) -> None:
    token = await csrf_of(olivia)
    await expire(network)

    refused = await send(olivia, TYPED | {"csrf_token": token})
    signed_in = await sign_in_by_form(olivia, refused, "olivia@groove.example")
    page = await olivia.get(signed_in.headers["location"], headers=OURS)
    invited_before = await network.owner.fetchval("SELECT count(*) FROM invitations")
    led_on = await send(olivia, fields_of(page.text, "/kept-form"), path="/kept-form")
    done = await send(olivia, fields_of(page.text, "/kept-form"), path=led_on.headers["location"])

    assert signed_in.headers["location"] == "/kept-form"
    assert list(fields_of(page.text, "/kept-form")) == ["csrf_token", "email", "role"]
    assert "new@groove.example" in page.text
    assert invited_before == 0
    assert (led_on.status_code, led_on.headers["location"]) == (307, INVITE)
    assert (done.status_code, done.headers["location"]) == (303, "/account/people?done=invited")
    assert await network.owner.fetchval("SELECT email FROM invitations") == "new@groove.example"


async def test_a_kept_form_goes_once(network: Network, olivia: Browser) -> None:
    token = await csrf_of(olivia)
    await expire(network)
    refused = await send(olivia, TYPED | {"csrf_token": token})
    await sign_in_by_form(olivia, refused, "olivia@groove.example")
    kept_cookie = olivia.client.cookies["partner_network_form"]
    fields = fields_of((await olivia.get("/kept-form", headers=OURS)).text, "/kept-form")

    first = await send(olivia, fields, path="/kept-form")
    olivia.client.cookies.set("partner_network_form", kept_cookie, domain="127.0.0.1")
    second = await send(olivia, fields, path="/kept-form")

    assert (first.status_code, second.status_code) == (307, 409)
    assert await kept(network) == 0


async def test_a_kept_form_needs_the_present_sessions_token_to_go(network: Network, olivia: Browser) -> None:
    token = await csrf_of(olivia)
    await expire(network)
    await sign_in_by_form(olivia, await send(olivia, TYPED | {"csrf_token": token}), "olivia@groove.example")

    forged = await send(olivia, TYPED, path="/kept-form", headers={"accept": "text/html"})

    assert forged.status_code == 403
    assert await kept(network) == 1


async def test_another_persons_kept_form_is_dropped_unread(network: Network, olivia: Browser) -> None:
    token = await csrf_of(olivia)
    await expire(network)
    refused = await send(olivia, TYPED | {"csrf_token": token})

    await sign_in_by_form(olivia, refused, "oscar@groove.example")
    page = await olivia.get("/kept-form", headers=OURS)

    assert (page.status_code, page.headers["location"]) == (303, "/")
    assert await kept(network) == 0


async def test_nobody_lets_another_persons_kept_form_go(network: Network, olivia: Browser) -> None:
    token = await csrf_of(olivia)
    await expire(network)
    refused = await send(olivia, TYPED | {"csrf_token": token})
    await sign_in_by_form(olivia, refused, "oscar@groove.example")

    answer = await send(olivia, TYPED | {"csrf_token": await csrf_of(olivia)}, path="/kept-form")

    assert answer.status_code == 409


async def test_the_form_names_its_sender_when_the_cookie_is_gone(network: Network, olivia: Browser) -> None:
    token = await csrf_of(olivia)
    await expire(network)
    olivia.client.cookies.clear()

    await send(olivia, TYPED | {"csrf_token": token})

    sender = await network.owner.fetchval("SELECT member_id FROM kept_forms")
    assert sender == await network.owner.fetchval(
        "SELECT id FROM members WHERE email = 'olivia@groove.example'"
    )


async def test_a_form_of_a_former_session_is_offered_in_the_present_one(
    network: Network, olivia: Browser
) -> None:
    former = await csrf_of(olivia)
    olivia.client.headers["x-csrf-token"] = former
    assert (await olivia.sign_in("olivia@groove.example")).status_code == 201
    del olivia.client.headers["x-csrf-token"]

    answer = await send(olivia, TYPED | {"csrf_token": former})
    page = await olivia.get(answer.headers["location"], headers=OURS)

    assert (answer.status_code, answer.headers["location"]) == (303, "/kept-form")
    assert "new@groove.example" in page.text
    assert await network.owner.fetchval("SELECT count(*) FROM invitations") == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8000"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {},
    ],
)
async def test_what_our_own_pages_did_not_surely_send_is_never_kept(
    network: Network, olivia: Browser, headers: dict[str, str]
) -> None:
    token = await csrf_of(olivia)
    await send(olivia, TYPED | {"csrf_token": "x" + token}, headers={"accept": "text/html", **headers})
    await expire(network)
    answer = await send(olivia, TYPED | {"csrf_token": token}, headers={"accept": "text/html", **headers})

    assert "partner_network_form" not in answer.headers.get("set-cookie", "")
    assert await kept(network) == 0


async def test_a_browser_without_fetch_metadata_vouches_by_the_origin(
    network: Network, olivia: Browser
) -> None:
    token = await csrf_of(olivia)
    await expire(network)

    vouched = {"accept": "text/html", "origin": "http://127.0.0.1:8000"}
    await send(olivia, TYPED | {"csrf_token": token}, headers=vouched)

    assert await kept(network) == 1


async def test_programs_and_other_methods_are_kept_for_nobody(network: Network, olivia: Browser) -> None:
    await expire(network)

    program = await olivia.post("/api/v1/invitations", TYPED, headers=OURS)
    deleted = await olivia.client.delete(f"/api/v1/invitations/{UUID(int=1)}", headers=OURS)

    assert (program.status_code, deleted.status_code) == (401, 401)
    assert await kept(network) == 0


async def test_the_database_holds_nothing_readable_of_a_kept_form(network: Network, olivia: Browser) -> None:
    token = await csrf_of(olivia)
    await expire(network)
    await send(olivia, TYPED | {"csrf_token": token})

    row = await network.owner.fetchrow("SELECT * FROM kept_forms")

    assert "groove.example" not in str(row)
    assert b"groove.example" not in b"".join(one for one in row or () if isinstance(one, bytes))


async def test_a_kept_form_waits_for_half_an_hour(network: Network, olivia: Browser) -> None:
    token = await csrf_of(olivia)
    await expire(network)
    refused = await send(olivia, TYPED | {"csrf_token": token})
    lasts = await network.owner.fetchval("SELECT expires_at - created_at FROM kept_forms")
    await network.owner.execute("UPDATE kept_forms SET expires_at = now()")

    await sign_in_by_form(olivia, refused, "olivia@groove.example")

    assert lasts == rules.KEPT_FOR
    assert (await olivia.get("/kept-form", headers=OURS)).headers["location"] == "/"


async def test_what_was_filled_in_for_one_brand_is_not_sent_for_another(
    network: Network, shop: UUID, olivia: Browser
) -> None:
    drums = await network.brand("drum-school")
    await network.person("olivia@groove.example", drums, ["owner"])
    await network.owner.execute("UPDATE sessions SET brand_id = $1", drums)
    token = await csrf_of(olivia)
    await expire(network)
    refused = await send(olivia, TYPED | {"csrf_token": token})
    await sign_in_by_form(olivia, refused, "olivia@groove.example")  # for the shop, the older of the two

    page = (await olivia.get("/kept-form", headers=OURS)).text
    switched = await send(olivia, fields_of(page, "/brand-choice"), path="/brand-choice")
    again = (await olivia.get(switched.headers["location"], headers=OURS)).text

    assert "You filled this in for Drum-School, and are here for Groove-Street now." in page
    assert 'action="/kept-form"' not in page
    assert fields_of(page, "/brand-choice")["brand"] == ids.shown("bnd", drums)
    assert "Send it for Drum-School" in again
    assert shop != drums


async def test_whoever_does_not_want_it_drops_it(network: Network, olivia: Browser) -> None:
    token = await csrf_of(olivia)
    await expire(network)
    refused = await send(olivia, TYPED | {"csrf_token": token})
    await sign_in_by_form(olivia, refused, "olivia@groove.example")

    dropped = await send(olivia, {"csrf_token": await csrf_of(olivia)}, path="/kept-form/dismissal")

    assert dropped.status_code == 303
    assert await kept(network) == 0


async def test_only_so_many_forms_wait_at_once(
    network: Network, olivia: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "LIVE_MAX", 2)
    await expire(network)
    for _ in range(3):
        answer = await send(olivia, TYPED)
        assert answer.status_code == 303

    assert await kept(network) == 2


async def test_a_kept_form_that_cannot_be_stored_hides_no_refusal(
    network: Network, olivia: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise OSError("no database")

    monkeypatch.setattr(kept_forms, "keep", broken)
    await expire(network)

    answer = await send(olivia, TYPED)

    assert (answer.status_code, httpx.URL(answer.headers["location"]).path) == (303, "/sign-in")


def test_passwords_codes_files_and_tokens_are_never_kept() -> None:
    sent = [
        ("csrf_token", "a"),
        ("old_password", "b"),
        ("Passwort", "c"),
        ("code", "123456"),
        ("recovery_code", "d"),
        ("token", "e"),
        ("file", object()),
        ("name", "A link"),
        ("role", "viewer"),
        ("role", "owner"),
    ]

    form = rules.form_of("/links?page=2", sent, is_multipart=True)

    assert form is not None
    assert form.fields == (("name", "A link"), ("role", "viewer"), ("role", "owner"))
    assert form.has_lost


def test_a_button_without_fields_is_kept_and_a_form_of_secrets_alone_is_not() -> None:
    pressed = rules.form_of("/admin/statements/1/approval", [("csrf_token", "a")], is_multipart=False)

    assert pressed == rules.KeptForm("/admin/statements/1/approval", False, (), False)
    assert rules.form_of("/account/password", [("new_password", "a")], is_multipart=False) is None


@pytest.mark.parametrize("path", ["/sign-out", "/kept-form", "//evil.example/x", "/\\evil.example"])
def test_what_must_not_be_done_later_is_not_kept(path: str) -> None:
    assert rules.form_of(path, [("a", "b")], is_multipart=False) is None


def test_a_form_of_more_than_64_kb_is_not_kept() -> None:
    assert rules.form_of("/links", [("a", "x" * 65_000)], is_multipart=False) is not None
    assert rules.form_of("/links", [("a", "x" * 65_536)], is_multipart=False) is None
