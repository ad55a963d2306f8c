from partner_network import app as web_app
from partner_network.identity.web import shapes
from tests.doors import Network

JSON, FORM = {"content-type": "application/json"}, {"content-type": "application/x-www-form-urlencoded"}

UNREADABLE = {
    "a deep list": b'{"email": ' + b"[" * 20_000 + b"]" * 20_000 + b', "password": "x"}',
    "a deep object": b'{"a": ' * 5_000 + b"1" + b"}" * 5_000,
    "a list without end": b"[" * 500_000,
    "a NUL": b'{"email": "a\\u0000b@c.example", "password": "x"}',
    "half a letter": b'{"email": "\\ud800", "password": "x"}',
    "a long number": b'{"email": 1' + b"0" * 100_000 + b', "password": "x"}',
    "NaN": b'{"email": NaN, "password": "x"}',
    "no text": b"\xff\xfe",
    "null": b"null",
}


async def test_json_that_nobody_can_read_is_refused_and_is_no_mistake_of_ours(network: Network) -> None:
    browser = await network.browser()

    for what, body in UNREADABLE.items():
        answer = await browser.client.post("/api/v1/sessions", content=body, headers=JSON)
        assert answer.status_code in {400, 422}, f"{what}: {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_that_is_too_large_is_refused_and_a_batch_of_facts_may_be_larger(
    network: Network,
) -> None:
    browser = await network.browser()
    large = b" " * (web_app.BODY_BYTES_MAX + 1)

    refused = await browser.client.post("/api/v1/sessions", content=large, headers=JSON)
    batch = await browser.client.post("/api/v1/conversions", content=large, headers=JSON)

    assert (refused.status_code, batch.status_code) == (413, 401)


async def test_a_form_of_a_million_fields_is_not_read(network: Network) -> None:
    browser = await network.browser()
    large = b"email=" + b"&email=" * (shapes.FORM_BYTES_MAX // 7)

    refused = await browser.client.post("/sign-in", content=large, headers=FORM)

    assert refused.status_code == 413


async def test_a_form_that_does_not_say_how_long_it_is_is_not_read(network: Network) -> None:
    async def parts() -> object:
        yield b"email=a"

    refused = await (await network.browser()).client.post("/sign-in", content=parts(), headers=FORM)  # pyright: ignore[reportArgumentType] - it is one, by being written so

    assert refused.status_code == 411


async def test_an_address_with_a_nul_in_it_is_nobodys(network: Network) -> None:
    browser = await network.browser()

    for path in ("/sign-in%00", "/assets/x%00.css", "/files/%00?filename=a&expires=1&signature=x"):
        assert (await browser.get(path)).status_code == 404, path


async def test_a_nul_in_a_form_is_refused_like_one_in_json(network: Network) -> None:
    answer = await (await network.browser()).client.post(
        "/sign-in", content=b"email=a%00@b.example&password=x", headers=FORM
    )

    assert answer.status_code == 400
