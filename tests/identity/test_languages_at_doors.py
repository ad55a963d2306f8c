"""In which language the doors answer: whose choice counts, how it is kept, and that it leads nowhere else."""

from datetime import UTC, datetime

import pytest

from partner_network.kernel import ids
from partner_network.languages import formats, spoken, zones
from tests.doors import Browser, Network

HTML = {"accept": "text/html"}
GERMAN = {**HTML, "accept-language": "de-AT,de;q=0.9"}
ENGLISH = {**HTML, "accept-language": "en-GB"}
FROM_HERE = {"origin": "http://127.0.0.1:8000"}


async def _language(browser: Browser, path: str = "/sign-in", headers: dict[str, str] = HTML) -> str:
    return (await browser.get(path, headers=headers)).headers["content-language"]


async def _choose(browser: Browser, language: str, next_path: str = "/sign-in") -> str:
    answer = await browser.client.post(
        "/language",
        data={
            "language": language,
            "next": next_path,
            "csrf_token": browser.client.headers.get("x-csrf-token", ""),
        },
        headers={**HTML, **FROM_HERE},
    )
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_the_address_comes_before_the_cookie_and_the_cookie_before_what_the_browser_likes(
    network: Network,
) -> None:
    browser = await network.browser()
    assert await _language(browser) == "en"
    assert await _language(browser, headers=GERMAN) == "de"

    await _choose(browser, "en")

    assert await _language(browser, headers=GERMAN) == "en"
    assert await _language(browser, "/sign-in?lang=de") == "de"
    assert await _language(browser, "/sign-in?lang=fr", headers=GERMAN) == "en"


async def test_what_the_signed_in_person_chose_comes_before_cookie_and_browser(network: Network) -> None:
    await network.person("pat@needle.test", await network.brand("needle"), ["owner"])
    browser = await network.signed_in("pat@needle.test")
    await _choose(browser, "de", "/account/sessions")
    other = await network.signed_in("pat@needle.test")

    assert await network.owner.fetchval("SELECT language FROM members") == "de"
    assert await _language(other, "/account/sessions", ENGLISH) == "de"
    assert await _language(other, "/account/sessions?lang=en", ENGLISH) == "en"


async def test_a_page_looked_at_in_another_language_changes_nothing(network: Network) -> None:
    await network.person("pat@needle.test", await network.brand("needle"), ["owner"])
    browser = await network.signed_in("pat@needle.test")

    page = await browser.get("/account/preferences?lang=de&language=de", headers=HTML)

    assert page.headers["content-language"] == "de"
    assert "partner_network_language" not in page.headers.get("set-cookie", "")
    assert await network.owner.fetchval("SELECT language FROM members") is None
    assert (await browser.get("/language?language=de", headers=HTML)).status_code in {404, 405}
    assert await _language(browser, "/account/preferences") == "en"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
async def test_the_choice_of_a_language_leads_to_no_other_site(network: Network, elsewhere: str) -> None:
    assert await _choose(await network.browser(), "de", elsewhere) == "/"


async def test_another_site_chooses_no_language_for_anybody(network: Network) -> None:
    await network.person("pat@needle.test", await network.brand("needle"), ["owner"])
    guest, person = await network.browser(), await network.signed_in("pat@needle.test")
    elsewhere = {**HTML, "origin": "https://evil.example", "sec-fetch-site": "cross-site"}

    of_guest = await guest.client.post("/language", data={"language": "de"}, headers=elsewhere)
    del person.client.headers["x-csrf-token"]
    of_person = await person.client.post("/language", data={"language": "de"}, headers=HTML)

    assert (of_guest.status_code, of_person.status_code) == (403, 403)
    assert await network.owner.fetchval("SELECT language FROM members") is None


async def test_every_page_offers_the_other_language_and_leads_back_without_the_asked_one(
    network: Network,
) -> None:
    page = await (await network.browser()).get("/sign-in?next=%2Flinks&lang=de", headers=HTML)

    assert 'action="/language"' in page.text
    assert 'name="next" value="/sign-in?next=%2Flinks"' in page.text
    assert '<html lang="de"' in page.text


async def test_answers_say_their_language_and_that_others_get_another(network: Network) -> None:
    page = await (await network.browser()).get("/sign-in", headers=GERMAN)

    assert page.headers["content-language"] == "de"
    assert page.headers["vary"] == "Accept-Language, Cookie"


async def test_refusals_are_told_in_the_language_of_the_page_or_of_the_program(network: Network) -> None:
    browser = await network.browser()
    page = await browser.get("/nowhere", headers=GERMAN)
    told = await browser.get("/api/v1/nowhere", headers={"accept-language": "de"})
    nobody = await browser.get("/api/v1/members", headers={"accept-language": "de"})
    wrong = await browser.post("/api/v1/sessions", json={"email": 1}, headers={"accept-language": "de"})
    key = await browser.get(
        "/api/v1/links", headers={"authorization": "Bearer pnk_no", "accept-language": "de"}
    )

    assert "Nicht gefunden" in page.text
    assert [one.headers["content-language"] for one in (told, nobody, wrong, key)] == ["de"] * 4
    assert [one.json()["title"] for one in (told, nobody, wrong)] == [
        "Nicht gefunden", "Nicht angemeldet", "Eingabe nicht verwendbar",
    ]  # fmt: skip
    assert wrong.json()["fields"]["password"] == "ist erforderlich"
    assert key.json()["detail"].startswith("Dieser API-Schlüssel ist unbekannt")


async def test_programs_that_ask_for_no_language_are_answered_in_english(network: Network) -> None:
    answer = await (await network.browser()).get("/api/v1/nowhere")

    assert answer.headers["content-language"] == "en"
    assert answer.json()["title"] == "Not Found"


async def test_a_person_is_told_the_time_by_their_own_clock(network: Network) -> None:
    await network.person("pat@needle.test", await network.brand("needle"), ["owner"])
    browser = await network.signed_in("pat@needle.test")
    assert "UTC</time>" in (await browser.get("/account/sessions", headers=HTML)).text

    kept = await browser.client.put(
        "/api/v1/preferences", json={"name": "Pat", "language": "de", "time_zone": "Asia/Tokyo"}
    )

    assert kept.status_code == 200
    assert kept.json() == {"name": "Pat", "language": "de", "time_zone": "Asia/Tokyo"}
    assert " JST</time>" in (await browser.get("/account/sessions", headers=HTML)).text


async def test_preferences_name_all_mistakes_at_once_and_keep_what_was_typed(network: Network) -> None:
    await network.person("pat@needle.test", await network.brand("needle"), ["owner"])
    browser = await network.signed_in("pat@needle.test")
    typed = {"name": "x" * 130, "language": "fr", "time_zone": "Europe/Nowhere"}
    csrf = {"csrf_token": browser.client.headers["x-csrf-token"]}

    page = await browser.client.post("/account/preferences", data={**typed, **csrf}, headers=HTML)
    told = await browser.client.put("/api/v1/preferences", json=typed)

    assert page.status_code == 422
    assert "x" * 130 in page.text
    assert told.json()["fields"].keys() == {"name", "language", "time_zone"}
    for mistake in told.json()["fields"].values():
        assert mistake in page.text


def test_an_instant_has_the_name_of_its_zone_or_its_distance_from_utc() -> None:
    noon = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    with spoken.speaking("de"), zones.being_in("Europe/Berlin"):
        assert formats.instant(noon) == "2. Juli 2026, 00:30 MESZ"
    with zones.being_in("Europe/Berlin"):
        assert formats.instant(noon) == "2 July 2026, 00:30 CEST"
    with zones.being_in("America/Sao_Paulo"):
        assert formats.instant(noon) == "1 July 2026, 19:30 UTC-03:00"
    with zones.being_in("UTC"):
        zones.go_to("Nowhere/Real")
        assert formats.instant(noon) == "1 July 2026, 22:30 UTC"


async def test_a_brand_speaks_to_its_customers_in_the_language_that_its_owner_chose(network: Network) -> None:
    brand = await network.brand("needle")
    await network.person("olga@needle.test", brand, ["owner"])
    await network.person("mark@needle.test", brand, ["marketer"])
    owner, marketer = await network.signed_in("olga@needle.test"), await network.signed_in("mark@needle.test")
    shown = ids.shown("bnd", brand)
    path, german = f"/api/v1/brands/{shown}/customer-language", {"customer_language": "de"}

    assert (await marketer.client.put(path, json=german)).status_code == 403
    assert (await owner.client.put(path, json={"customer_language": "fr"})).status_code == 422
    assert (await owner.client.put(path, json=german)).json()["customer_language"] == "de"

    visitor = await network.browser()
    page = f"/privacy/opt-out?brand={shown}"
    assert await _language(visitor, page, ENGLISH) == "de"
    assert await _language(visitor, f"{page}&lang=en") == "en"
    assert await _language(visitor, "/privacy/opt-out?brand=bnd_nobody", ENGLISH) == "en"
    after = await network.owner.fetchval(
        "SELECT after::text FROM audit_records WHERE object_kind = 'brand' ORDER BY id DESC LIMIT 1"
    )
    assert after == '{"customer_language": "de"}'


async def test_the_owner_chooses_the_language_of_customers_on_the_page_of_people(network: Network) -> None:
    await network.person("olga@needle.test", await network.brand("needle"), ["owner"])
    owner = await network.signed_in("olga@needle.test")
    sent = {"csrf_token": owner.client.headers["x-csrf-token"], "customer_language": "de"}

    answer = await owner.client.post("/account/people/customer-language", data=sent, headers=HTML)

    assert answer.headers["location"] == "/account/people?done=language"
    assert await network.owner.fetchval("SELECT customer_language FROM brands") == "de"
