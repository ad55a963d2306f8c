import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from partner_network import schedule
from partner_network.gateways.mailer.folder import FolderSender
from partner_network.identity import passwords
from partner_network.identity.web import reset
from partner_network.schedule import Gateways
from tests import doors
from tests.doors import PASSWORD, Browser, Network

HTML = {"accept": "text/html"}
ASK = "/api/v1/password-resets"
SET = "/api/v1/password-resets/completion"
NEW = "a wholly new password"


@pytest.fixture
async def olivia(network: Network) -> Browser:
    """The owner of a music shop, signed in."""
    shop = await network.brand("groove-street")
    await network.person("olivia@groove.example", shop, ["owner"])
    return await network.signed_in("olivia@groove.example")


async def work(network: Network, folder: Path) -> None:
    """Do what the worker would do about the people who asked, with no more rights than it has."""
    settings = doors.settings(network.database, folder)
    nothing = cast("Any", None)
    handlers = schedule.handlers(settings, Gateways(nothing, nothing, nothing, nothing, FolderSender(folder)))
    rows = await network.owner.fetch(
        "DELETE FROM pgqueuer WHERE entrypoint = 'identity.offer_reset' RETURNING payload"
    )
    async with network.as_worker():
        for row in rows:
            await handlers["identity.offer_reset"](row["payload"])


async def link_for(network: Network, folder: Path, email: str = "olivia@groove.example") -> str:
    await (await network.browser()).accepted(ASK, {"email": email}, status=202)
    await work(network, folder)
    return await network.token_in_letter("password reset", email)


async def set_by(network: Network, token: str, password: str = NEW) -> httpx.Response:
    return await (await network.browser()).post(SET, {"token": token, "password": password})


async def can_sign_in(network: Network, password: str) -> bool:
    return (await (await network.browser()).sign_in("olivia@groove.example", password)).is_success


async def test_a_link_sets_a_new_password_and_ends_every_session(
    network: Network, olivia: Browser, tmp_path: Path
) -> None:
    token = await link_for(network, tmp_path)

    assert (await set_by(network, token)).status_code == 204

    assert await can_sign_in(network, NEW)
    assert not await can_sign_in(network, PASSWORD)
    assert (await olivia.get("/api/v1/sessions/current")).status_code == 401
    [told] = await network.letters("password changed")
    assert (told.to, "was changed on" in told.text) == ("olivia@groove.example", True)


async def test_an_unknown_address_gets_the_same_answer_and_the_same_work(
    network: Network, olivia: Browser, tmp_path: Path
) -> None:
    assert olivia
    browser = await network.browser()

    known = await browser.post(ASK, {"email": "olivia@groove.example"})
    unknown = await browser.post(ASK, {"email": "nobody@groove.example"})
    jobs = await network.owner.fetch(
        "SELECT entrypoint, payload FROM pgqueuer WHERE entrypoint LIKE 'identity.%'"
    )
    pages = [
        (await browser.client.post("/forgotten-password", data={"email": email})).text.replace(email, "")
        for email in ("olivia@groove.example", "nobody@groove.example")
    ]
    await work(network, tmp_path)

    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    assert known.json()["detail"] == reset.ANSWER
    assert pages[0] == pages[1]
    assert [row["entrypoint"] for row in jobs] == ["identity.offer_reset"] * 2
    assert b"groove" not in b"".join(row["payload"] for row in jobs)
    assert {letter.to for letter in await network.letters("password reset")} == {"olivia@groove.example"}


async def test_a_link_works_once(network: Network, olivia: Browser, tmp_path: Path) -> None:
    assert olivia
    token = await link_for(network, tmp_path)
    await set_by(network, token)

    again = await set_by(network, token, "yet another password")

    assert (again.status_code, again.json()["detail"]) == (
        404,
        "This link is used up or has expired; ask for a new one.",
    )
    assert await can_sign_in(network, NEW)


async def test_of_two_who_hold_a_link_one_sets_the_password(
    network: Network, olivia: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert olivia
    token = await link_for(network, tmp_path)
    both_have_looked = asyncio.Barrier(2)
    hash_of = passwords.hash_of

    async def together(password: str, *, email: str = "") -> str:
        await both_have_looked.wait()
        return await hash_of(password, email=email)

    monkeypatch.setattr(passwords, "hash_of", together)
    answers = await asyncio.gather(set_by(network, token), set_by(network, token, "yet another password"))

    assert sorted(answer.status_code for answer in answers) == [204, 404]


async def test_a_link_is_good_for_an_hour(network: Network, olivia: Browser, tmp_path: Path) -> None:
    assert olivia
    token = await link_for(network, tmp_path)
    lasts = await network.owner.fetchval("SELECT expires_at - created_at FROM password_resets")
    await network.owner.execute("UPDATE password_resets SET expires_at = now()")

    late = await set_by(network, token)
    page = await (await network.browser()).get(f"/reset-password/{token}", headers=HTML)
    guessed = await set_by(network, "guessed")

    assert lasts == timedelta(hours=1)
    assert late.json() == guessed.json()
    assert (page.status_code, "used up or has expired" in page.text) == (404, True)
    assert await can_sign_in(network, PASSWORD)


async def test_one_new_password_ends_every_other_link(
    network: Network, olivia: Browser, tmp_path: Path
) -> None:
    assert olivia
    first = await link_for(network, tmp_path)
    second = await link_for(network, tmp_path)
    await set_by(network, second)

    assert (await set_by(network, first, "yet another password")).status_code == 404


async def test_nobody_fills_a_mailbox_with_links(network: Network, olivia: Browser, tmp_path: Path) -> None:
    assert olivia
    for _ in range(5):
        await link_for(network, tmp_path)

    assert len(await network.letters("password reset")) == 3


async def test_a_password_that_is_too_easy_uses_no_link_up(
    network: Network, olivia: Browser, tmp_path: Path
) -> None:
    assert olivia
    token = await link_for(network, tmp_path)

    for easy in ("short", "aaaaaaaaaaaaaaaa", "Olivia@groove.example"):
        refused = await set_by(network, token, easy)
        assert (refused.status_code, list(refused.json()["fields"])) == (422, ["password"])

    assert (await set_by(network, token)).status_code == 204


async def test_a_new_password_takes_no_second_factor_away(
    network: Network, olivia: Browser, tmp_path: Path
) -> None:
    assert olivia
    await network.owner.execute(
        """INSERT INTO second_factors (id, member_id, kind, name, sealed_key, created_at, confirmed_at)
           SELECT gen_random_uuid(), id, 'totp', 'phone', 'x', now(), now() FROM members"""
    )
    await set_by(network, await link_for(network, tmp_path))

    assert not await can_sign_in(network, NEW)
    assert await network.owner.fetchval("SELECT count(*) FROM second_factors WHERE removed_at IS NULL") == 1


async def test_a_sign_in_that_waits_for_its_second_factor_ends_with_the_old_password(
    network: Network, olivia: Browser, tmp_path: Path
) -> None:
    assert olivia
    await network.owner.execute(
        """INSERT INTO pending_sign_ins (token_hash, member_id, created_at, expires_at)
           SELECT 'x', id, now(), now() + interval '5 minutes' FROM members"""
    )
    await set_by(network, await link_for(network, tmp_path))

    assert await network.owner.fetchval("SELECT count(*) FROM pending_sign_ins") == 0


async def test_the_database_holds_no_token_that_sets_a_password(
    network: Network, olivia: Browser, tmp_path: Path
) -> None:
    assert olivia
    token = await link_for(network, tmp_path)

    held = str([dict(row) for row in await network.owner.fetch("SELECT * FROM password_resets, letters")])

    assert token not in held


async def test_the_pages_lead_from_sign_in_to_the_new_password(
    network: Network, olivia: Browser, tmp_path: Path
) -> None:
    assert olivia
    browser = await network.browser()
    assert 'href="/forgotten-password"' in (await browser.get("/sign-in", headers=HTML)).text
    asked = await browser.client.post("/forgotten-password", data={"email": "olivia@groove.example"})
    await work(network, tmp_path)
    token = await network.token_in_letter("password reset", "olivia@groove.example")

    page = await browser.get(f"/reset-password/{token}", headers=HTML)
    short = await browser.client.post(f"/reset-password/{token}", data={"password": "short"})
    done = await browser.client.post(f"/reset-password/{token}", data={"password": NEW})

    assert reset.ANSWER in asked.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert (short.status_code, "12 to 200 characters" in short.text) == (422, True)
    assert (done.status_code, done.headers["location"]) == (303, "/reset-password")
    assert await can_sign_in(network, NEW)


async def test_who_is_signed_in_changes_the_password_with_the_old_one(
    network: Network, olivia: Browser
) -> None:
    elsewhere = await network.signed_in("olivia@groove.example")

    wrong = await olivia.client.put("/api/v1/password", json={"old": "not the password", "new": NEW})
    changed = await olivia.client.put("/api/v1/password", json={"old": PASSWORD, "new": NEW})

    assert (wrong.status_code, list(wrong.json()["fields"])) == (403, ["old"])
    assert changed.status_code == 204
    assert (await olivia.get("/api/v1/sessions/current")).status_code == 200
    assert (await elsewhere.get("/api/v1/sessions/current")).status_code == 401
    assert len(await network.letters("password changed")) == 1
    assert await can_sign_in(network, NEW)


async def test_the_page_of_the_password_says_beside_each_field_what_is_wrong(olivia: Browser) -> None:
    answers = [
        await olivia.client.post("/account/password", data=data)
        for data in (
            {},
            {"old_password": "not the password", "new_password": NEW},
            {"old_password": PASSWORD, "new_password": "short"},
            {"old_password": PASSWORD, "new_password": NEW},
        )
    ]

    assert [one.status_code for one in answers] == [422, 403, 422, 303]
    assert answers[0].text.count("Fill this in.") == 4  # on top, and beside each
    assert "not your present password" in answers[1].text
    assert "12 to 200 characters" in answers[2].text
    page = await olivia.get(answers[3].headers["location"], headers=HTML)
    assert "Your new password is set." in page.text
