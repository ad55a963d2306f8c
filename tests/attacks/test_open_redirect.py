from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from tests.agreements.cast import Cast
from tests.doors import BASE_URL, PASSWORD, Browser, Network

EVIL = [
    "https://evil.example/", "//evil.example/", "///evil.example/", "/\\evil.example/", "\\\\evil.example/",
    "/\\/evil.example", "https:evil.example", "https:/evil.example", "javascript:alert(1)",
    "/\t/evil.example", "/\n/evil.example", " //evil.example", "\x00//evil.example", "http://127.0.0.1:8000@evil.example/",
    "/%0d%0alocation:%20https://evil.example", "/.//evil.example", "/\r\nset-cookie: stolen=1",
    "//127.0.0.1:8000.evil.example", "\u2215\u2215evil.example", "/\u3002\u3002//evil.example",
]  # fmt: skip

ELSEWHERE = [
    "https://evil.example/", "https://groove.example.evil.example/", "https://groove.example@evil.example/",
    "//evil.example/", "javascript:alert(1)", "https://evil.example\\.groove.example/",
    "https://evil.example#.groove.example", "https://evil.example/?groove.example", "http://groove.example/",
]  # fmt: skip


def lands_on(answer: Any) -> str:
    assert "set-cookie: stolen" not in str(answer.headers)
    return urlsplit(urljoin(f"{BASE_URL}/", answer.headers["location"].replace("\\", "/"))).netloc


@pytest.fixture
async def pat(network: Network) -> Browser:
    """Somebody who belongs to two brands, and is asked for which after signing in."""
    for slug in ("groove-street", "drum-school"):
        await network.person("pat@both.example", await network.brand(slug), ["viewer"])
    return await network.browser()


async def test_no_way_through_the_sign_in_ends_on_another_site(network: Network, pat: Browser) -> None:
    await network.person("mia@network.example", None, ["manager"])
    mia = await network.browser()
    for wanted in EVIL:
        form = {"email": "mia@network.example", "password": PASSWORD, "next": wanted}
        for browser in (mia, pat):
            browser.client.cookies.clear()
        signed_in = await mia.client.post("/sign-in", data=form)
        asked = await pat.client.post("/sign-in", data=form | {"email": "pat@both.example"})
        session = (await pat.get("/api/v1/sessions/current")).json()
        choice = {"next": wanted, "csrf_token": session["csrf_token"], "brand": session["member"]["brand"]}
        chosen = await pat.client.post("/brand-choice", data=choice)
        strengthened = await mia.get("/second-factor", params={"next": wanted})

        for answer in (signed_in, asked, chosen, strengthened):
            assert answer.status_code == 303, answer.text
            assert lands_on(answer) == "127.0.0.1:8000", wanted


async def test_the_page_one_came_from_on_another_site_is_not_the_one_to_go_back_to(network: Network) -> None:
    browser = await network.browser()
    page = {"accept": "text/html", "sec-fetch-site": "same-origin"}

    for referer in ("https://evil.example//evil.example/x", "https://evil.example/\\evil.example"):
        answer = await browser.client.post("/sign-out", headers={**page, "referer": referer})
        back = await browser.get(answer.headers["location"])
        assert lands_on(answer) == "127.0.0.1:8000"
        assert 'name="next" value="/"' in back.text


async def test_a_tracked_link_leads_to_hosts_of_its_program_alone(cast: Cast) -> None:
    await cast.signed()
    for destination in ELSEWHERE:
        wanted = {"partnership": cast.partnership, "name": "x", "destination_url": destination}
        assert (await cast.partner.post("/api/v1/links", wanted)).status_code == 422, destination


async def test_nothing_that_a_visitor_adds_to_a_link_changes_where_it_leads(cast: Cast) -> None:
    await cast.signed()
    link = await cast.partner.accepted(
        "/api/v1/links",
        {"partnership": cast.partnership, "name": "x", "destination_url": "https://groove.example/club"},
    )
    visitor = await cast.network.browser()
    visitor.client.headers.update({"user-agent": "Mozilla/5.0 (X11) Firefox/140.0", "host": "evil.example"})

    for added in (
        "?next=https://evil.example",
        "?url=//evil.example",
        "//evil.example",
        "?clk=https://evil.example",
    ):
        answer = await visitor.get(f"{link['url']}{added}", headers={"x-forwarded-host": "evil.example"})
        if answer.status_code == 302:
            assert urlsplit(answer.headers["location"]).netloc == "groove.example"
        else:
            assert answer.status_code == 404
