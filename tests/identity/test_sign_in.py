from tests.doors import PASSWORD, Network


async def test_the_right_password_opens_a_session_for_the_persons_brand(network: Network) -> None:
    shop = await network.brand("groove-street")
    await network.person("olivia@groove.example", shop, ["owner", "finance"])
    browser = await network.browser()

    answer = await browser.sign_in("Olivia@groove.example ")

    assert answer.status_code == 201, answer.text
    assert answer.json()["member"]["roles"] == ["finance", "owner"]
    assert (await browser.get("/api/v1/sessions/current")).json() == answer.json()


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
