"""The developers' page: a key is made by form, shown once, and changed from the list."""

import re

import pytest

from tests.doors import Browser, Network

PAGE = "/account/api-keys"
KEY = re.compile(r"pnk_(?:live|test)_[\w-]{43}")


@pytest.fixture
async def devi(network: Network) -> Browser:
    """The developer of a music shop, signed in."""
    await network.person("devi@groove.example", await network.brand("groove-street"), ["developer"])
    devi = await network.signed_in("devi@groove.example")
    devi.client.headers["accept"] = "text/html"
    return devi


async def submit(person: Browser, path: str, **fields: object) -> tuple[int, str]:
    token = person.client.headers["x-csrf-token"]
    answer = await person.client.post(path, data={"csrf_token": token, **fields})
    assert answer.headers.get("cache-control") == "no-store"
    return answer.status_code, answer.text


async def made(person: Browser, **fields: object) -> tuple[int, str]:
    new = {"name": "Till", "mode": "live", "scopes": ["programs:read", "links:read"], "lasts_days": "90"}
    return await submit(person, PAGE, **(new | fields))


async def test_a_fresh_key_is_shown_once_in_a_field_to_copy(devi: Browser) -> None:
    status, page = await made(devi)

    assert status == 201
    (key,) = set(KEY.findall(page))
    assert f'value="{key}" readonly' in page
    assert f'data-copy="{key}"' in page
    again = (await devi.get(PAGE)).text
    assert not KEY.search(again)
    assert f"{key[:14]}…" in again
    assert "links:read, programs:read" in again


@pytest.mark.parametrize("scopes", ["programs:read", ["programs:read"]])
async def test_one_right_is_enough(devi: Browser, scopes: object) -> None:
    assert (await made(devi, scopes=scopes))[0] == 201


async def test_the_form_shows_all_mistakes_at_once_and_keeps_what_was_typed(devi: Browser) -> None:
    status, page = await made(devi, name=" ", mode="sometimes", scopes=[], lasts_days="4000")

    assert status == 422
    assert page.count('class="error"') == 4
    status, page = await made(devi, name="<Till>", mode="test")
    assert status == 422
    assert "A test key never has links:read" in page
    assert 'value="&lt;Till&gt;"' in page
    assert 'value="links:read" checked' in page
    assert "No API keys yet" in (await devi.get(PAGE)).text


async def test_a_key_is_rotated_and_the_page_says_when_the_old_one_ends(devi: Browser) -> None:
    old = set(KEY.findall((await made(devi))[1])).pop()
    (path,) = re.findall(r'action="([^"#]+)/rotation', (await devi.get(PAGE)).text)

    status, page = await submit(devi, f"{path}/rotation", overlap_hours="24")

    assert status == 201
    (fresh,) = set(KEY.findall(page))
    assert fresh != old
    assert re.search(rf"<code>{old[:14]}…</code>, .*goes on beside it and ends on <time", page)
    shown = (await devi.get(PAGE)).text
    assert len(re.findall(r"/rotation#fresh", shown)) == 1, "only the key that follows can be rotated"
    assert re.search(r'class="badge wait">ending</span> \d', shown)


async def test_an_overlap_that_is_not_offered_is_refused(devi: Browser) -> None:
    await made(devi)
    (path,) = re.findall(r'action="([^"#]+)/rotation', (await devi.get(PAGE)).text)

    assert (await submit(devi, f"{path}/rotation", overlap_hours="9999"))[0] == 422


async def test_a_key_is_revoked_and_the_page_says_so(devi: Browser) -> None:
    await made(devi)
    (path,) = re.findall(r'action="([^"#]+)/end"', (await devi.get(PAGE)).text)

    assert (await submit(devi, f"{path}/end"))[0] == 303

    shown = (await devi.get(f"{PAGE}?told=revoked")).text
    assert "nothing takes it any more" in shown
    assert "revoked</span>" in shown
    assert "/end" not in shown


async def test_the_page_is_for_owners_and_developers_of_a_brand(network: Network, devi: Browser) -> None:
    brand_id = await network.owner.fetchval("SELECT id FROM brands")
    await network.person("mark@groove.example", brand_id, ["marketer"])
    await network.person("adam@encore.example", None, ["admin"])
    mark, adam = (
        await network.signed_in("mark@groove.example"),
        await network.signed_in("adam@encore.example"),
    )

    assert f'href="{PAGE}"' in (await devi.get("/")).text
    for person in (mark, adam):
        assert (await person.get(PAGE)).status_code == 403
    assert f'href="{PAGE}"' not in (await mark.get("/", headers={"accept": "text/html"})).text
