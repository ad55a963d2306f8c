from tests.doors import PASSWORD, Network

HTML = {"accept": "text/html"}


async def test_the_page_says_who_invites_to_which_brand(network: Network) -> None:
    path = await _invited(network, "ned@needle.test")
    page = await (await network.browser()).get(path, headers=HTML)
    assert "Mia invites you" in page.text
    assert "You join Needle as marketer under ned@needle.test." in page.text


async def test_the_page_names_all_that_is_wrong_at_once_and_keeps_the_name(network: Network) -> None:
    path = await _invited(network, "ned@needle.test")
    browser = await network.browser()
    both = await browser.client.post(path, data={"name": " ", "password": "short"}, headers=HTML)
    assert both.status_code == 422
    assert both.text.count('class="error"') == 2
    one = await browser.client.post(path, data={"name": "Ned", "password": "short"}, headers=HTML)
    assert one.text.count('class="error"') == 1
    assert 'value="Ned"' in one.text


async def test_who_has_an_account_is_asked_for_nothing_but_its_password(network: Network) -> None:
    path = await _invited(network, "ned@needle.test")
    await network.person("ned@needle.test", await network.brand("other"), ["viewer"])
    browser = await network.browser()
    page = await browser.get(path, headers=HTML)
    assert 'name="name"' not in page.text
    answer = await browser.client.post(path, data={"password": PASSWORD}, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def _invited(network: Network, email: str) -> str:
    await network.person("mia@network.test", None, ["manager"])
    brand = await network.brand("needle")
    await network.person("olga@needle.test", brand, ["owner"])
    manager = await network.signed_in("mia@network.test")
    brands = (await manager.get("/api/v1/brands")).json()["items"]
    await manager.accepted(
        "/api/v1/invitations", {"email": email, "role": "marketer", "brand": brands[0]["id"]}
    )
    return f"/invitations/{await network.token_in_letter('invitation', email)}"
