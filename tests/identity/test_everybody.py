"""The page on which an admin of the network resets somebody's second factors, or erases a person."""

from uuid import UUID

from partner_network.kernel import ids
from tests.doors import Browser, Network

PAGE = "/account/people/everybody"
HTML = {"accept": "text/html"}


async def _admin(network: Network) -> Browser:
    await network.person("ada@network.test", None, ["admin"])
    return await network.signed_in("ada@network.test")


async def _pat(network: Network) -> UUID:
    brand = await network.brand("needle")
    await network.person("olga@needle.test", brand, ["owner"])
    pat = await network.person("pat@needle.test", brand, ["finance"])
    await network.owner.execute(
        """INSERT INTO second_factors (id, member_id, kind, name, sealed_key, created_at, confirmed_at)
           VALUES (gen_random_uuid(), $1, 'totp', 'Telephone', 'x', now(), now())""",
        pat,
    )
    return pat


async def _send(browser: Browser, person: UUID, deed: str, **fields: str) -> tuple[int, str]:
    sent = {"csrf_token": browser.client.headers["x-csrf-token"], **fields}
    path = f"/account/people/{ids.shown('mbr', person)}/{deed}"
    answer = await browser.client.post(path, data=sent, headers=HTML)
    if answer.status_code == 303:
        answer = await browser.get(answer.headers["location"], headers=HTML)
    return answer.status_code, answer.text


async def test_an_admin_finds_people_of_every_brand_by_name_address_or_brand(network: Network) -> None:
    pat, admin = await _pat(network), await _admin(network)

    for sought in ("pat", "@needle", "NEEDLE"):
        assert ids.shown("mbr", pat) in (await admin.get(f"{PAGE}?q={sought}", headers=HTML)).text
    assert ids.shown("mbr", pat) not in (await admin.get(f"{PAGE}?q=%25pat", headers=HTML)).text
    page = (await admin.get(f"{PAGE}?lang=de", headers=HTML)).text
    assert "Needle: Finanzen" in page
    assert "Zweite Faktoren von Pat zurücksetzen?" in page


async def test_a_reset_takes_all_factors_and_says_so(network: Network) -> None:
    pat, admin = await _pat(network), await _admin(network)

    status, page = await _send(admin, pat, "second-factors-reset")

    assert status == 200
    assert "The second factors are removed" in page
    assert await network.owner.fetchval("SELECT removed_at FROM second_factors") is not None


async def test_an_erasure_wants_a_tick_and_then_takes_the_name(network: Network) -> None:
    pat, admin = await _pat(network), await _admin(network)

    unsure, page = await _send(admin, pat, "erasure")
    assert (unsure, "Tick the box" in page) == (422, True)
    done, page = await _send(admin, pat, "erasure", is_sure="yes")

    assert (done, "The person is erased." in page) == (200, True)
    assert "pat@needle.test" not in page
    name = await network.owner.fetchval("SELECT name FROM members WHERE id = $1", pat)
    assert name.startswith("Former member")


async def test_whoever_alone_owns_a_brand_is_not_erased_and_the_page_says_why(network: Network) -> None:
    await _pat(network)
    admin = await _admin(network)
    olga = await network.owner.fetchval("SELECT id FROM members WHERE email = 'olga@needle.test'")

    status, page = await _send(admin, olga, "erasure", is_sure="yes")

    assert status == 409
    assert "Needle" in page
    assert await network.owner.fetchval("SELECT name FROM members WHERE id = $1", olga) == "Olga"


async def test_the_page_takes_an_admin_who_gave_a_second_factor(network: Network) -> None:
    pat = await _pat(network)
    await network.person("ada@network.test", None, ["admin"])
    await network.person("mara@network.test", None, ["manager"])
    hasty = await network.signed_in("ada@network.test", has_given_factor=False)
    manager = await network.signed_in("mara@network.test")

    assert (await hasty.get(PAGE, headers=HTML)).headers["location"].startswith("/second-factor")
    assert (await manager.get(PAGE, headers=HTML)).status_code == 403
    assert (await _send(manager, pat, "second-factors-reset"))[0] == 403
